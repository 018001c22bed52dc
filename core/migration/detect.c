#include "migration/detect.h"

#include <limits.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"
#include "migration/directives.h"
#include "migration/scan.h"

#define SAMPLES 5
#define SAMPLE_MAX ((size_t)4 << 20)

static bool is_simple(const char *path)
{
	return scan_digits(path) && !strchr(path, '/') &&
	       ends_with(path, ".sql") && !scan_half(path);
}

static bool is_pair(const char *path)
{
	size_t n = scan_digits(path);

	return n && path[n] == '_' && !strchr(path, '/') &&
	       scan_half(path) == 'u';
}

/* Keep the path under the first marker that its text shows. */
static void look_inside(struct layout_probe *probe, const char *path,
			const struct buf *text)
{
	struct directive_line d;
	struct lines l;

	if (starts_with(buf_str(text), "-- no-transaction") && !probe->sqlx)
		probe->sqlx = path;
	for (lines_init(&l, text->data, text->len, 1); lines_next(&l);) {
		if (l.n < 10 || l.s[0] != '-' || l.s[1] != '-')
			continue;
		if (!probe->goose && memmem(l.s, l.n, "+goose Up", 9))
			probe->goose = path;
		if (!probe->dbmate && directive_line_parse(&d, l.s, l.n) &&
		    directive_is(&d, "up"))
			probe->dbmate = path;
	}
}

/* A file that cannot be read is no evidence; loading it will say why. */
static void sample(struct layout_probe *probe, struct source *source,
		   const struct source_entry *e)
{
	struct buf text = BUF_INIT;
	struct err *err;

	err = source->ops->read(source, e->path, e->blob, SAMPLE_MAX, &text);
	if (!err && text.len)
		look_inside(probe, e->path, &text);
	err_free(err);
	buf_release(&text);
}

/* Read a few of the files that fit, spread over the listing. */
static void sample_some(struct layout_probe *probe, struct source *source,
			bool (*fits)(const char *path))
{
	const struct layout_listing *files = probe->files;
	size_t n = 0, seen = 0, taken = 0;

	for (size_t i = 0; i < files->n; i++)
		n += files->entries[i].kind == SOURCE_FILE &&
		     fits(files->entries[i].path);
	for (size_t i = 0; i < files->n; i++) {
		const struct source_entry *e = &files->entries[i];

		if (e->kind != SOURCE_FILE || !fits(e->path))
			continue;
		if (n <= SAMPLES || seen == taken * (n - 1) / (SAMPLES - 1)) {
			sample(probe, source, e);
			taken++;
		}
		seen++;
	}
}

static struct err *ambiguous(const struct layout *a, const char *path_a,
			     const struct layout *b, const char *path_b)
{
	char *safe_a = text_safe(path_a), *safe_b = text_safe(path_b);
	struct err *e;

	e = err_new(ERR_INPUT,
		    "the folder mixes layouts: %s looks like %s, %s like %s",
		    safe_a, a->name, safe_b, b->name);
	e = err_hintf(e, "choose one: git config migrate.layout %s", a->name);
	free(safe_a);
	free(safe_b);
	return e;
}

struct err *layout_detect(const struct migration_set *set,
			  const struct layout_listing *files,
			  const struct layout **out)
{
	struct layout_probe probe = { .files = files };
	const struct layout *best = NULL;
	const char *best_example = NULL, *other_example = NULL;
	const struct layout *other = NULL;
	int best_score = 0;

	probe.simple = scan_first(files, is_simple);
	probe.pair = scan_first(files, is_pair);
	sample_some(&probe, set->source, is_simple);
	if (probe.pair)
		sample_some(&probe, set->source, is_pair);
	for (size_t i = 0; layouts[i]; i++) {
		const char *example = NULL;
		int score = layouts[i]->detect
				    ? layouts[i]->detect(&probe, &example)
				    : 0;

		if (!score)
			continue;
		if (score > best_score) {
			other = best_score == 100 || score < 100 ? best : NULL;
			other_example = best_example;
			best = layouts[i];
			best_example = example;
			best_score = score;
		} else if (best_score < 100 || score == 100) {
			other = layouts[i];
			other_example = example;
		}
	}
	if (best && other)
		return ambiguous(best, best_example, other, other_example);
	*out = best ? best : &layout_native;
	return NULL;
}

static struct err *unknown_layout(const char *name)
{
	struct buf known = BUF_INIT;
	const char *near = NULL;
	unsigned best = UINT_MAX;
	char *safe = text_safe(name);
	struct err *e = err_new(ERR_INPUT, "unknown layout \"%s\"", safe);

	for (size_t i = 0; layouts[i]; i++) {
		buf_addf(&known, "%s%s", i ? ", " : "", layouts[i]->name);
		if (migration_is_nearer(name, layouts[i]->name, &best))
			near = layouts[i]->name;
	}
	e = near ? err_hintf(e,
			     "did you mean \"%s\"? set it with: git config "
			     "migrate.layout %s",
			     near, near)
		 : err_hintf(e, "migrate.layout is one of %s", buf_str(&known));
	buf_release(&known);
	free(safe);
	return e;
}

struct err *layout_choose(const struct migration_options *opt,
			  const struct layout **out)
{
	*out = NULL;
	if (opt->layout)
		*out = layout_find(opt->layout);
	else if (opt->pattern)
		*out = &layout_pattern;
	if (opt->layout && !*out)
		return unknown_layout(opt->layout);
	return NULL;
}
