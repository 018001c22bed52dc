/*
 * Static verdicts of many pairs of migrations.
 *
 * usage: verdicts sqlite|postgresql [--effects] <cases
 *
 * A case is a line "<name> <bytes of base> <bytes of a> <bytes of b>" and then
 * these three scripts, one behind the other. One line comes out for each:
 *
 *	<name> <verdict> <a|b|-> <what meets, or why there is none>
 *
 * where the third is the side that needs the other; with --effects those of
 * both sides follow, each line with a blank at its start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "decide/verdict.h"
#include "effects/effects_pg.h"
#include "effects/replay.h"

struct script {
	char *text;
	size_t len;
};

struct test_case {
	char name[64];
	struct script base, a, b;
};

typedef bool (*effects_fn)(const struct test_case *c, struct effects *a,
			   struct effects *b);

static bool read_script(struct script *s, size_t len)
{
	s->text = xcalloc(len + 1, 1);
	s->len = len;
	return fread(s->text, 1, len, stdin) == len;
}

static bool read_case(struct test_case *c)
{
	char line[256];
	size_t base, a, b;

	memset(c, 0, sizeof(*c));
	if (!fgets(line, sizeof(line), stdin))
		return false;
	if (sscanf(line, "%63s %zu %zu %zu", c->name, &base, &a, &b) != 4) {
		fprintf(stderr, "not a case: %s", line);
		exit(128);
	}
	return read_script(&c->base, base) && read_script(&c->a, a) &&
	       read_script(&c->b, b);
}

static void release_case(struct test_case *c)
{
	free(c->base.text);
	free(c->a.text);
	free(c->b.text);
}

static void must(struct err *e)
{
	if (!e)
		return;
	fprintf(stderr, "%s\n", err_text(e));
	exit(128);
}

static bool replay(struct replay *r, const char *name, const struct script *s,
		   struct effects *effects)
{
	struct replay_script script = { .name = name,
					.path = name,
					.text = s->text,
					.len = s->len,
					.first_line = 1 };
	struct replay_result result = { 0 };
	bool fine;

	must(replay_run(r, &script, effects, &result));
	fine = result.end == REPLAY_FINE;
	if (!fine)
		fprintf(stderr, "%s: %s\n", name, result.message);
	replay_result_release(&result);
	return fine;
}

static bool replay_on_copy(struct replay *base, const char *name,
			   const struct script *s, struct effects *effects)
{
	struct replay *copy = NULL;
	bool fine;

	must(replay_clone(base, &copy));
	fine = replay(copy, name, s, effects);
	replay_close(copy);
	return fine;
}

static bool sqlite_effects(const struct test_case *c, struct effects *a,
			   struct effects *b)
{
	struct replay *base = NULL;
	bool fine;

	must(replay_sqlite_open(&base, NULL));
	fine = replay(base, "base", &c->base, NULL) &&
	       replay_on_copy(base, "a", &c->a, a) &&
	       replay_on_copy(base, "b", &c->b, b);
	replay_close(base);
	return fine;
}

static void resolve(struct effects *out, struct effects_catalog *catalog,
		    const struct script *s)
{
	struct effects parsed;

	effects_init(&parsed);
	effects_pg_parse(&parsed, s->text, s->len, 1);
	effects_pg_resolve(out, catalog, &parsed);
	effects_release(&parsed);
}

static void resolve_on(struct effects *out, const struct script *base,
		       const struct script *s)
{
	struct effects_catalog *catalog = effects_catalog_new();
	struct effects before;

	effects_init(&before);
	resolve(&before, catalog, base);
	effects_release(&before);
	resolve(out, catalog, s);
	effects_catalog_free(catalog);
}

static bool pg_effects(const struct test_case *c, struct effects *a,
		       struct effects *b)
{
	resolve_on(a, &c->base, &c->a);
	resolve_on(b, &c->base, &c->b);
	return true;
}

static void print_effects(const char *side, const struct effects *e)
{
	struct buf line = BUF_INIT;

	for (size_t i = 0; i < e->n; i++) {
		buf_reset(&line);
		effect_describe(&line, &e->items[i]);
		printf(" %s %s\n", side, buf_str(&line));
	}
	buf_release(&line);
}

static void one(const struct test_case *c, effects_fn fn, bool show)
{
	struct arena arena = ARENA_INIT;
	struct verdict_pair pair;
	struct effects a, b;

	effects_init(&a);
	effects_init(&b);
	if (fn(c, &a, &b)) {
		verdict_pair(&pair, &arena, &a, &b);
		printf("%s %s %s %s\n", c->name, verdict_name(pair.verdict),
		       pair.a_needs_b   ? "a"
		       : pair.b_needs_a ? "b"
					: "-",
		       pair.n ? pair.meetings[0].why : "nothing meets");
	} else {
		printf("%s failed - the replay\n", c->name);
	}
	if (show) {
		print_effects("a", &a);
		print_effects("b", &b);
	}
	effects_release(&a);
	effects_release(&b);
	arena_release(&arena);
}

int main(int argc, char **argv)
{
	effects_fn fn = argc > 1 && streq(argv[1], "sqlite") ? sqlite_effects
							     : pg_effects;
	bool show = argc > 2 && streq(argv[2], "--effects");
	struct test_case c;

	if (argc < 2) {
		fprintf(stderr, "usage: verdicts sqlite|postgresql "
				"[--effects] <cases\n");
		return 129;
	}
	while (read_case(&c)) {
		one(&c, fn, show);
		release_case(&c);
	}
	release_case(&c);
	return 0;
}
