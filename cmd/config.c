#include "cmd/config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "cmd/options.h"
#include "cmd/units.h"
#include "cmd/url.h"

/* As documentation writes them; git gives them in lower case. */
static const char *const top_keys[] = { "dir",     "layout", "pattern",
					"dialect", "target", "base",
					"scratch", "hooks",  NULL };
static const char *const target_keys[] = {
	"url",           "protected",     "branch",      "lockTimeout",
	"snapshotLimit", "snapshotStore", "foreignKeys", "prove",
	"journalSchema", "reconcile",     NULL
};

bool config_target_name_ok(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
			return false;
	return n && n <= 64 && isalnum((unsigned char)name[0]) &&
	       isalnum((unsigned char)name[n - 1]) && !strstr(name, "..") &&
	       !ends_with(name, ".lock");
}

/* "migrate.a.b.url": the target "a.b" and the key "url". */
static char *split_key(const char *full, const char **key)
{
	const char *first = strchr(full, '.'), *last = strrchr(full, '.');

	*key = last + 1;
	if (first == last)
		return NULL;
	return xstrndup(first + 1, (size_t)(last - first - 1));
}

const char *config_get(const struct config *c, const char *target,
		       const char *key)
{
	char *full = xasprintf("migrate.%s%s%s", target ? target : "",
			       target ? "." : "", key);
	const char *v = map_get(&c->values, full);

	free(full);
	return v;
}

static const char *list_at(const void *payload, size_t i)
{
	return ((const char *const *)payload)[i];
}

static bool list_has(const char *const *list, const char *text)
{
	for (; *list; list++)
		if (!strcasecmp(*list, text))
			return true;
	return false;
}

struct config_target *config_target(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_targets; i++)
		if (streq(c->targets[i].name, name))
			return &c->targets[i];
	return NULL;
}

static struct err *collect(void *payload, const char *key, const char *value)
{
	struct config *c = payload;

	map_put(&c->values, key,
		arena_strdup(&c->arena, value ? value : "true"));
	return NULL;
}

struct reading {
	struct config *c;
	void (*warn)(void *payload, const char *text);
	void *payload;
};

static struct err *is_versioned(struct config *c, const char *full, bool *out)
{
	char *value = NULL;
	struct err *err;

	*out = false;
	err = c->store->ops->config(c->store, full, &value, out);
	free(value);
	return err;
}

static struct err *unknown_key(struct reading *r, const char *full,
			       const char *key, const char *const *known)
{
	const char *near = opt_nearest(key, list_at, known);
	bool versioned;
	struct err *err = is_versioned(r->c, full, &versioned);
	char *text;

	if (err || !versioned)
		return err;
	text = xasprintf(".gitmigrate: unknown key '%s'%s%s%s", full,
			 near ? " (did you mean '" : "", near ? near : "",
			 near ? "'?)" : "");
	r->warn(r->payload, text);
	free(text);
	return NULL;
}

static struct err *check_url(struct config *c, const char *full,
			     const char *name, const char *url)
{
	bool versioned;
	struct err *err;

	if (!url_has_password(url))
		return NULL;
	err = is_versioned(c, full, &versioned);
	if (err || !versioned)
		return err;
	return err_hintf(err_new(ERR_INPUT,
				 ".gitmigrate: the url of target '%s' holds a "
				 "password",
				 name),
			 "keep it out of versioned files: git config "
			 "migrate.%s.url URL",
			 name);
}

static struct err *read_target_key(struct reading *r, const char *full,
				   const char *name, const char *key)
{
	struct config *c = r->c;
	struct config_target *t;
	const char *value = map_get(&c->values, full);
	size_t cap = c->n_targets;

	if (!list_has(target_keys, key))
		return unknown_key(r, full, key, target_keys);
	if (!config_target_name_ok(name))
		return err_hint(err_new(ERR_INPUT,
					"configuration: '%s' cannot be the "
					"name of a target",
					name),
				"use letters, digits, '.', '_' and '-'");
	t = config_target(c, name);
	if (!t) {
		c->targets = xreallocarray(c->targets, cap + 1, sizeof(*t));
		t = &c->targets[c->n_targets++];
		*t = (struct config_target){ .name = arena_strdup(&c->arena,
								  name) };
	}
	if (streq(key, "protected") && !units_bool(value, &t->is_protected))
		return err_new(ERR_INPUT, "%s: '%s' is not a boolean", full,
			       value);
	if (!streq(key, "url"))
		return NULL;
	t->url = value;
	return check_url(c, full, name, value);
}

struct err *config_read(struct config *c, struct store *store,
			void (*warn)(void *payload, const char *text),
			void *payload)
{
	struct reading r = { c, warn, payload };
	struct err *err;

	memset(c, 0, sizeof(*c));
	c->store = store;
	err = store->ops->config_each(store, collect, c);
	if (err)
		return err;
	map_each (&c->values, e) {
		const char *key;
		char *name = split_key(e->key, &key);

		if (name)
			err = read_target_key(&r, e->key, name, key);
		else if (!list_has(top_keys, key))
			err = unknown_key(&r, e->key, key, top_keys);
		free(name);
		if (err)
			return err;
	}
	return NULL;
}

void config_release(struct config *c)
{
	map_release(&c->values);
	free(c->targets);
	arena_release(&c->arena);
	memset(c, 0, sizeof(*c));
}

const char *config_default_target(const struct config *c)
{
	const char *name = config_get(c, NULL, "target");

	if (name)
		return name;
	return c->n_targets == 1 ? c->targets[0].name : NULL;
}
