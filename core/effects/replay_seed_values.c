#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "effects/replay_seed.h"

void seed_table_release(struct seed_table *t)
{
	free(t->columns);
	free(t->keys);
	free(t->liked);
	arena_release(&t->arena);
}

struct seed_column *seed_add_column(struct seed_table *t, const char *name)
{
	struct seed_column *c;

	VEC_GROW(t->columns, t->n, t->cap);
	c = &t->columns[t->n++];
	memset(c, 0, sizeof(*c));
	c->name = arena_strdup(&t->arena, name);
	return c;
}

struct seed_column *seed_column(const struct seed_table *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcasecmp(t->columns[i].name, name) == 0)
			return &t->columns[i];
	return NULL;
}

static const char **append(struct arena *a, const char **list, size_t n,
			   const char *item)
{
	const char **longer = arena_array(a, n + 1, sizeof(*longer));

	if (n)
		memcpy(longer, list, n * sizeof(*longer));
	longer[n] = arena_strdup(a, item);
	return longer;
}

void seed_add_key(struct seed_table *t, int id, const char *parent,
		  const char *from, const char *to)
{
	struct seed_key *k;

	if (!t->n_keys || t->keys[t->n_keys - 1].id != id) {
		VEC_GROW(t->keys, t->n_keys, t->cap_keys);
		k = &t->keys[t->n_keys++];
		memset(k, 0, sizeof(*k));
		k->id = id;
		k->parent = arena_strdup(&t->arena, parent);
	}
	k = &t->keys[t->n_keys - 1];
	k->from = append(&t->arena, k->from, k->n, from);
	k->to = append(&t->arena, k->to, k->n, to);
	k->n++;
}

void seed_add_liked(struct seed_table *t, const char *literal, size_t len)
{
	VEC_GROW(t->liked, t->n_liked, t->cap_liked);
	t->liked[t->n_liked++] = arena_strndup(&t->arena, literal, len);
}

void seed_set(struct seed_table *t, const char *column, const char *value)
{
	struct seed_column *c = seed_column(t, column);

	if (c)
		c->value = arena_strdup(&t->arena, value);
}

void seed_add_values(struct buf *sql, const struct seed_table *t)
{
	if (!t->n) {
		buf_addstr(sql, " DEFAULT VALUES");
		return;
	}
	for (size_t i = 0; i < t->n; i++) {
		buf_addstr(sql, i ? ", " : " (");
		sql_quote_name(sql, t->columns[i].name);
	}
	for (size_t i = 0; i < t->n; i++)
		buf_addf(sql, "%s%s", i ? ", " : ") VALUES (",
			 t->columns[i].value);
	buf_addstr(sql, ")");
}

void seed_pick_init(struct seed_pick *p, const char *table, unsigned seed,
		    unsigned row)
{
	memset(p, 0, sizeof(*p));
	p->seed = seed;
	p->row = row;
	p->random.state = replay_hash(table, strlen(table)) + seed +
			  row * (uint64_t)1000003;
}

bool seed_is_null(const struct seed_column *c, struct seed_pick *p)
{
	uint64_t coin = replay_random_next(&p->random);

	/* nothing but NULL has worked: more of them */
	if (c->not_null)
		return false;
	if (p->attempt > SEED_ATTEMPTS / 2)
		return coin % 2;
	return !(p->seed % 2) && p->row == 2 && !p->attempt && coin % 2;
}

static bool is_number(enum seed_type t)
{
	return t == SEED_INT || t == SEED_REAL;
}

static bool is_text(enum seed_type t)
{
	return t == SEED_TEXT || t == SEED_OTHER;
}

/* A number from a rule is often a bound: its neighbours are tried, too. */
static void add_near(struct buf *out, const char *number, uint64_t random)
{
	long long n = strtoll(number, NULL, 10);

	buf_addint(out, n + (long long)(random % 3) - 1);
}

static bool add_liked(struct buf *out, const struct seed_table *t,
		      const struct seed_column *c, struct seed_pick *p)
{
	uint64_t random = replay_random_next(&p->random);
	const char *liked;

	if (!t->n_liked)
		return false;
	liked = t->liked[random % t->n_liked];
	if (liked[0] == '\'') {
		if (is_number(c->type))
			return false;
		buf_addstr(out, liked);
		return true;
	}
	if (is_number(c->type)) {
		add_near(out, liked, random >> 32);
		return true;
	}
	/* a number in a rule about a text may be its length */
	if (is_text(c->type) && strtoll(liked, NULL, 10) > 0 &&
	    strtoll(liked, NULL, 10) < 200) {
		buf_addf(out, "'%0*u'", (int)strtoll(liked, NULL, 10),
			 p->row + 1);
		return true;
	}
	return false;
}

static bool add_odd(struct buf *out, const struct seed_column *c,
		    struct seed_pick *p)
{
	static const char *const texts[] = {
		"'a'",
		"'A'",
		"''",
		"'{}'",
		"'[]'",
		"'1'",
		"'#0'",
		"'/'",
		"'2026-01-01'",
		"'en'",
		"'x@example.org'",
	};
	static const char *const numbers[] = { "0",  "-1",  "10",
					       "50", "100", "1000" };
	uint64_t random = replay_random_next(&p->random);

	if (is_number(c->type))
		buf_addstr(out, numbers[random % ARRAY_LEN(numbers)]);
	else if (is_text(c->type))
		buf_addstr(out, texts[random % ARRAY_LEN(texts)]);
	else
		return false;
	return true;
}

bool seed_add_other(struct buf *out, const struct seed_table *t,
		    const struct seed_column *c, struct seed_pick *p)
{
	uint64_t coin = replay_random_next(&p->random);

	if (!p->attempt || coin % 4 == 0)
		return false;
	if (coin % 4 == 1)
		return add_odd(out, c, p);
	return add_liked(out, t, c, p);
}

/* "name 1", without what would need quoting. */
static void add_named(struct buf *out, const char *name, unsigned n)
{
	buf_addch(out, '\'');
	for (; *name; name++)
		if (*name != '\'' && *name != '\\')
			buf_addch(out, *name);
	buf_addf(out, " %u'", n);
}

void seed_literal(struct buf *out, const struct seed_column *c,
		  const struct seed_pick *p)
{
	unsigned n = p->row + 1 + p->attempt / 8;

	switch (c->type) {
	case SEED_INT:
		buf_addf(out, "%u", n);
		break;
	case SEED_REAL:
		buf_addf(out, "%u.5", n);
		break;
	case SEED_BOOL:
		buf_addstr(out, n % 2 ? "true" : "false");
		break;
	case SEED_DATE:
		buf_addf(out, "'2026-01-%02u'", n % 28 + 1);
		break;
	case SEED_TIME:
		buf_addf(out, "'2026-01-%02u 12:00:00'", n % 28 + 1);
		break;
	case SEED_UUID:
		buf_addf(out, "'00000000-0000-4000-8000-%012u'", n);
		break;
	case SEED_JSON:
		buf_addf(out, "'{\"n\": %u}'", n);
		break;
	case SEED_BYTES:
		buf_addf(out, "'\\x%02x'", n);
		break;
	case SEED_TEXT:
	case SEED_OTHER:
		if (c->max && c->max < strlen(c->name) + 12)
			buf_addf(out, "'%0*u'", c->max < 4 ? (int)c->max : 4,
				 n);
		else
			add_named(out, c->name, n);
	}
}
