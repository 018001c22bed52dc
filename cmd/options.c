#include "cmd/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/util.h"
#include "cmd/units.h"

/* What one option on the command line is called, as the person wrote it. */
struct given {
	const struct opt *opt;
	char *base;        /* the struct its value goes to */
	const char *shown; /* "--to" or "-n" */
	bool negated;
};

const char *opt_nearest(const char *text,
			const char *(*at)(const void *payload, size_t i),
			const void *payload)
{
	const char *best = NULL, *name;
	unsigned least = 3;

	if (strlen(text) < 3)
		least = 2;
	for (size_t i = 0; (name = at(payload, i)); i++) {
		unsigned d = text_distance(text, name);

		if (strlen(text) >= 3 && starts_with(name, text))
			d = 1;
		if (d < least) {
			least = d;
			best = name;
		}
	}
	return best;
}

/* The name is the option's, or with "no-" put before or taken away. */
static bool is_called(const struct opt *o, const char *name, size_t len,
		      bool negated)
{
	const char *n = o->name;

	if (!n || (negated && o->kind != OPT_FLAG))
		return false;
	if (negated && len > 3 && starts_with(name, "no-"))
		return strlen(n) == len - 3 && !strncmp(n, name + 3, len - 3);
	if (negated && starts_with(n, "no-"))
		n += 3;
	else if (negated)
		return false;
	return strlen(n) == len && !strncmp(n, name, len);
}

/* "--group" is an option of that name before it is what undoes "--no-group" */
static bool find_long(const struct opt_set *sets, size_t n_sets,
		      const char *name, size_t len, struct given *out)
{
	for (int negated = 0; negated <= 1; negated++) {
		for (size_t i = 0; i < n_sets; i++) {
			const struct opt *o = sets[i].table;

			for (; o && o->kind != OPT_END; o++) {
				if (!is_called(o, name, len, negated))
					continue;
				out->opt = o;
				out->base = sets[i].values;
				out->negated = negated;
				return true;
			}
		}
	}
	return false;
}

static bool find_short(const struct opt_set *sets, size_t n_sets, char letter,
		       struct given *out)
{
	for (size_t i = 0; i < n_sets; i++) {
		const struct opt *o = sets[i].table;

		for (; o && o->kind != OPT_END; o++) {
			if (o->letter != letter)
				continue;
			out->opt = o;
			out->base = sets[i].values;
			out->negated = false;
			return true;
		}
	}
	return false;
}

static struct err *set_count(const char *shown, const char *value, void *at)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || n > SIZE_MAX)
		return err_new(ERR_USAGE, "%s: '%s' is not a number", shown,
			       value);
	if (!n)
		return err_new(ERR_USAGE, "%s: must be at least 1", shown);
	*(size_t *)at = (size_t)n;
	return NULL;
}

static struct err *set_value(const struct given *g, const char *value)
{
	void *at = g->base + g->opt->offset;
	struct opt_duration *d;

	switch (g->opt->kind) {
	case OPT_FLAG:
		*(bool *)at = !g->negated;
		return NULL;
	case OPT_STRING:
		*(const char **)at = value;
		return NULL;
	case OPT_COUNT:
		return set_count(g->shown, value, at);
	case OPT_DURATION:
		d = at;
		d->given = true;
		if (units_duration(value, &d->ms))
			return NULL;
		return err_hint(err_new(ERR_USAGE, "%s: '%s' is not a duration",
					g->shown, value),
				"write it like 500ms, 5s or 2min");
	case OPT_END:
		break;
	}
	return NULL;
}

static const char *long_name_at(const void *payload, size_t i)
{
	const struct opt_set *sets = payload;

	for (; sets->values; sets++) {
		const struct opt *o = sets->table;

		for (; o && o->kind != OPT_END; o++)
			if (o->name && i-- == 0)
				return o->name;
	}
	return NULL;
}

static struct err *unknown_long(const struct opt_set *sets, size_t n_sets,
				const char *name, size_t len)
{
	struct opt_set *all = xcalloc(n_sets + 1, sizeof(*all));
	char *text = xstrndup(name, len);
	struct err *err = err_new(ERR_USAGE, "unknown option '--%s'", text);
	const char *near;

	memcpy(all, sets, n_sets * sizeof(*all));
	near = opt_nearest(text, long_name_at, all);
	if (near)
		err = err_hintf(err, "did you mean --%s?", near);
	free(text);
	free(all);
	return err;
}

/* argv[*i] is "--name" or "--name=value"; *i moves over a value apart. */
static struct err *parse_long(const struct opt_set *sets, size_t n_sets,
			      int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2, *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	struct given g;
	struct err *err;
	char *shown;

	if (!find_long(sets, n_sets, name, len, &g))
		return unknown_long(sets, n_sets, name, len);
	shown = xasprintf("--%.*s", (int)len, name);
	g.shown = shown;
	if (g.opt->kind == OPT_FLAG)
		err = eq ? err_new(ERR_USAGE, "%s takes no value", shown)
			 : set_value(&g, NULL);
	else if (eq)
		err = set_value(&g, eq + 1);
	else if (*i + 1 < argc)
		err = set_value(&g, argv[++*i]);
	else
		err = err_new(ERR_USAGE, "%s needs a value", shown);
	free(shown);
	return err;
}

/* argv[*i] is "-abc", "-n3", or "-n" with its value in the next. */
static struct err *parse_short(const struct opt_set *sets, size_t n_sets,
			       int argc, char **argv, int *i)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		char shown[3] = { '-', *p, '\0' };
		struct given g;
		struct err *err;

		if (!find_short(sets, n_sets, *p, &g))
			return err_new(ERR_USAGE, "unknown option '%s'", shown);
		g.shown = shown;
		if (g.opt->kind != OPT_FLAG) {
			if (p[1])
				return set_value(&g, p + 1);
			if (*i + 1 == argc)
				return err_new(ERR_USAGE, "%s needs a value",
					       shown);
			return set_value(&g, argv[++*i]);
		}
		err = set_value(&g, NULL);
		if (err)
			return err;
	}
	return NULL;
}

struct err *opt_parse(const struct opt_set *sets, size_t n_sets,
		      bool stop_at_argument, int *argc, char **argv)
{
	int kept = 0, i;

	for (i = 0; i < *argc; i++) {
		struct err *err;

		if (streq(argv[i], "--")) {
			i++;
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			if (stop_at_argument)
				break;
			argv[kept++] = argv[i];
			continue;
		}
		if (argv[i][1] == '-')
			err = parse_long(sets, n_sets, *argc, argv, &i);
		else
			err = parse_short(sets, n_sets, *argc, argv, &i);
		if (err)
			return err;
	}
	while (i < *argc)
		argv[kept++] = argv[i++];
	*argc = kept;
	return NULL;
}

void opt_print_help(FILE *f, const struct opt *table)
{
	for (const struct opt *o = table; o && o->kind != OPT_END; o++) {
		struct buf left = BUF_INIT;

		if (!o->help)
			continue;
		if (o->letter)
			buf_addf(&left, "-%c%s", o->letter,
				 o->name ? ", " : "");
		if (o->name)
			buf_addf(&left, "--%s", o->name);
		if (o->arg)
			buf_addf(&left, " <%s>", o->arg);
		if (left.len > 24)
			fprintf(f, "    %s\n    %24s  %s\n", buf_str(&left), "",
				o->help);
		else
			fprintf(f, "    %-24s  %s\n", buf_str(&left), o->help);
		buf_release(&left);
	}
}
