#include <inttypes.h>

#include "unit/migration/cases.h"

/*
 * Random folders of every layout, with every directive, beside a model that
 * knows what was put in: it wrote the names and sorted the versions itself.
 */

static unsigned long seed;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(seed >> 33) % below;
}

/* Where a layout keeps things; {v} and {s} are version and slug. */
struct kind {
	const char *layout, *pattern;
	const char *name, *up, *down;
	const char *before, *between; /* of the up text, of a down within */
	bool as_text;                 /* versions sort as text */
	bool dots;                    /* versions may have parts */
	bool plan;                    /* the order is a plan's */
};

static const struct kind kinds[] = {
	{ .layout = "native", .name = "{v}_{s}", .up = "{v}_{s}.sql" },
	{ .layout = "native",
	  .name = "{v}_{s}",
	  .up = "{v}_{s}.sql",
	  .before = "-- migrate:up\n",
	  .between = "-- migrate:down\n" },
	{ .layout = "dbmate",
	  .name = "{v}_{s}",
	  .up = "{v}_{s}.sql",
	  .before = "-- migrate:up\n",
	  .between = "-- migrate:down\n" },
	{ .layout = "goose",
	  .name = "{v}_{s}",
	  .up = "{v}_{s}.sql",
	  .before = "-- +goose Up\n",
	  .between = "-- +goose Down\n" },
	{ .layout = "golang-migrate",
	  .name = "{v}_{s}",
	  .up = "{v}_{s}.up.sql",
	  .down = "{v}_{s}.down.sql" },
	{ .layout = "sqlx",
	  .name = "{v}_{s}",
	  .up = "{v}_{s}.up.sql",
	  .down = "{v}_{s}.down.sql" },
	{ .layout = "sqlx", .name = "{v}_{s}", .up = "{v}_{s}.sql" },
	{ .layout = "flyway",
	  .name = "V{v}__{s}",
	  .up = "V{v}__{s}.sql",
	  .down = "U{v}__{s}.sql",
	  .dots = true },
	{ .layout = "diesel",
	  .name = "{v}_{s}",
	  .up = "{v}_{s}/up.sql",
	  .down = "{v}_{s}/down.sql",
	  .as_text = true },
	{ .layout = "prisma",
	  .name = "{v}_{s}",
	  .up = "{v}_{s}/migration.sql",
	  .as_text = true },
	{ .layout = "sqitch",
	  .name = "{s}",
	  .up = "deploy/{s}.sql",
	  .down = "revert/{s}.sql",
	  .plan = true },
	{ .layout = "rezoom", .name = "V{v}.{s}", .up = "V{v}.{s}.sql" },
	{ .layout = "pattern",
	  .pattern = "{direction}/{version}-{name}.sql",
	  .name = "{v}-{s}",
	  .up = "up/{v}-{s}.sql",
	  .down = "down/{v}-{s}.sql",
	  .dots = true },
	{ .layout = "pattern",
	  .pattern = "{dialect}/m{version}.{name}.sql",
	  .name = "m{v}.{s}",
	  .up = "sqlite/m{v}.{s}.sql",
	  .before = "-- migrate:up\n",
	  .between = "-- migrate:down\n" },
};

struct made {
	uint64_t major, minor;
	char version[32], slug[32], name[80], up[120], down[120];
	bool has_down, irreversible, no_transaction;
	unsigned batch;
	int64_t lock_ms, statement_ms;
	char description[64], depends[2][80];
	unsigned n_depends;
};

#define MADE_MAX 12

static void fill(const char *shape, const struct made *m, char *out)
{
	for (; *shape; shape++) {
		const char *word = *shape == '{' && shape[1] == 'v' ? m->version
				   : *shape == '{'                  ? m->slug
								    : NULL;

		if (word) {
			out = stpcpy(out, word);
			shape += 2;
		} else {
			*out++ = *shape;
		}
	}
	*out = '\0';
}

static void make_version(const struct kind *k, struct made *m)
{
	m->major = draw(3) ? 1 + draw(40) : 20260101000000 + draw(1000);
	m->minor = k->dots && !draw(3) ? 1 + draw(30) : 0;
	if (k->as_text)
		m->major += 20260101000000;
	snprintf(m->version, sizeof(m->version), "%0*" PRIu64,
		 (int)(k->as_text ? 0 : draw(5)), m->major);
	if (m->minor)
		snprintf(m->version + strlen(m->version), 12, ".%0*u",
			 (int)draw(3), (unsigned)m->minor);
}

static int before(const struct kind *k, const struct made *a,
		  const struct made *b)
{
	if (k->as_text)
		return strcmp(a->version, b->version);
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	return (a->minor > b->minor) - (a->minor < b->minor);
}

static bool is_taken(const struct kind *k, const struct made *all, size_t n,
		     const struct made *m)
{
	for (size_t i = 0; i < n; i++)
		if (!before(k, &all[i], m))
			return true;
	return false;
}

/* In the order that has to come out. */
static size_t make_all(const struct kind *k, struct made *all)
{
	static const char *const slugs[] = { "users",   "a",  "add-x",
					     "Big_One", "x2", "drop" };
	size_t n = 1 + draw(MADE_MAX - 1);

	for (size_t i = 0; i < n; i++) {
		struct made m = { 0 };
		size_t at = i;

		do
			make_version(k, &m);
		while (is_taken(k, all, i, &m));
		snprintf(m.slug, sizeof(m.slug), "%s%s",
			 slugs[draw(ARRAY_LEN(slugs))],
			 k->plan ? m.version : "");
		if (streq(k->layout, "rezoom"))
			snprintf(m.slug, sizeof(m.slug), "n%zu", i);
		fill(k->name, &m, m.name);
		fill(k->up, &m, m.up);
		fill(k->down ? k->down : "", &m, m.down);
		while (at && before(k, &m, &all[at - 1]) < 0) {
			all[at] = all[at - 1];
			at--;
		}
		all[at] = m;
	}
	return n;
}

static int64_t duration(struct buf *b, const char *word)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "ms", 1 },
		      { "s", 1000 },
		      { "min", 60000 },
		      { "h", 3600000 },
		      { "d", 86400000 } };
	size_t u = draw(ARRAY_LEN(units));
	unsigned n = draw(24);

	buf_addf(b, "-- migrate:%s %u%s\n", word, n, units[u].unit);
	return n * units[u].ms;
}

/* A random choice of directives, each on a line, comments between. */
static void directives(struct buf *b, const struct made *all, size_t i)
{
	struct made *m = (struct made *)(uintptr_t)&all[i];

	m->lock_ms = m->statement_ms = -1;
	if (!draw(3))
		buf_addstr(b, "-- a comment; with 'marks\n\n");
	if (!draw(3)) {
		snprintf(m->description, sizeof(m->description),
			 "what -- it \xc3\xa4 does %u", draw(100));
		buf_addf(b, "-- migrate:description   %s  \n", m->description);
	}
	if (!draw(4)) {
		m->irreversible = true;
		buf_addstr(b, "  -- migrate:irreversible\n");
	}
	if (!draw(3))
		m->lock_ms = duration(b, "lock-timeout");
	if (!draw(3))
		m->statement_ms = duration(b, "statement-timeout");
	if (!draw(4)) {
		m->batch = 1 + draw(100000);
		buf_addf(b, "-- migrate:batch %u\n", m->batch);
	} else if (!draw(4)) {
		m->no_transaction = true;
		buf_addstr(b, "-- migrate:no-transaction\n");
	}
	while (i && m->n_depends < 2 && draw(2)) {
		strcpy(m->depends[m->n_depends], all[draw((unsigned)i)].name);
		buf_addf(b, "-- migrate:depends %s\n",
			 m->depends[m->n_depends++]);
	}
}

static void write_one(const struct kind *k, struct fake_source *s,
		      struct made *all, size_t i)
{
	struct buf b = BUF_INIT;

	buf_addstr(&b, k->before ? k->before : "");
	directives(&b, all, i);
	buf_addf(&b, "CREATE TABLE t%zu (x);\n", i);
	all[i].has_down = draw(2);
	if (!k->down && !k->between)
		all[i].has_down = false;
	if (all[i].has_down && k->between)
		buf_addf(&b, "%sDROP TABLE t%zu;\n", k->between, i);
	else if (all[i].has_down)
		fake_source_add(s, all[i].down, "DROP TABLE x;\n");
	fake_source_add(s, all[i].up, buf_str(&b));
	buf_release(&b);
}

/* Files in an order that says nothing. */
static void shuffle(struct fake_source *s)
{
	for (size_t i = s->n; i > 1; i--) {
		size_t k = draw((unsigned)i);
		struct fake_file swap = s->files[i - 1];

		s->files[i - 1] = s->files[k];
		s->files[k] = swap;
	}
}

static void write_plan(struct fake_source *s, const struct made *all, size_t n)
{
	struct buf b = BUF_INIT;

	buf_addstr(&b, "%syntax-version=1.0.0\n%project=p\n\n");
	for (size_t i = 0; i < n; i++) {
		buf_addf(&b, "%s", all[i].name);
		buf_addf(&b, " 2026-01-01T00:00:00Z A <a@x> # note %zu\n", i);
	}
	fake_source_add(s, "sqitch.plan", buf_str(&b));
	buf_release(&b);
}

static void check_loaded(const struct kind *k, const struct migration *m,
			 const struct made *want, size_t i)
{
	char text[64];
	size_t n = 0;

	snprintf(text, sizeof(text), "CREATE TABLE t%zu (x);", i);
	assert_non_null(memmem(m->up.text, m->up.len, text, strlen(text)));
	assert_null(memmem(m->up.text, m->up.len, "DROP TABLE", 10));
	assert_int_equal(m->down.text != NULL && m->down.len > 0,
			 want->has_down);
	assert_int_equal(m->irreversible, want->irreversible);
	assert_int_equal(m->no_transaction, want->no_transaction);
	assert_int_equal(m->batch, want->batch);
	assert_int_equal(m->lock_timeout_ms, want->lock_ms);
	assert_int_equal(m->statement_timeout_ms, want->statement_ms);
	if (*want->description)
		assert_string_equal(m->description, want->description);
	else if (!k->plan)
		assert_null(m->description);
	while (m->depends && m->depends[n]) {
		assert_true(n < want->n_depends);
		assert_string_equal(m->depends[n], want->depends[n]);
		assert_true(m->depends_line[n] > 0);
		n++;
	}
	assert_int_equal(n, want->n_depends);
}

static void check_set(const struct kind *k, struct migration_set *set,
		      const struct made *all, size_t n)
{
	assert_int_equal(set->n, n);
	for (size_t i = 0; i < n; i++) {
		struct migration *m = set->items[i];

		if (!streq(m->name, all[i].name))
			fail_msg("%s: place %zu has %s and not %s", k->layout,
				 i, m->name, all[i].name);
		assert_string_equal(m->version, k->plan ? "" : all[i].version);
		assert_string_equal(m->path, all[i].up);
		assert_int_equal(m->rank, i);
		assert_ptr_equal(migration_find(set, all[i].name), m);
		if (all[i].has_down && k->down)
			assert_string_equal(m->down_path, all[i].down);
		else
			assert_null(m->down_path);
		assert_ok(migration_load(set, m));
		check_loaded(k, m, &all[i], i);
	}
}

static void one_folder(const struct kind *k)
{
	struct migration_options opt = { .layout = k->layout,
					 .pattern = k->pattern };
	struct made all[MADE_MAX];
	struct migration_set set;
	struct fake_source s;
	size_t n = make_all(k, all);
	/* beside a plan are files of all kinds */
	const char *stray_path = k->plan ? "deploy/zz.SQL" : "zz.SQL";
	bool stray = draw(2);

	fake_source_init(&s);
	for (size_t i = 0; i < n; i++)
		write_one(k, &s, all, i);
	if (k->plan)
		write_plan(&s, all, n);
	fake_source_add(&s, "README.md", "not ours");
	if (stray)
		fake_source_add(&s, stray_path, "SELECT 1;");
	shuffle(&s);
	assert_ok(migration_set_read(&set, &s.base, &opt));
	check_set(k, &set, all, n);
	if (set.n_strays != stray)
		fail_msg("%s: %zu strays and not %d", k->layout, set.n_strays,
			 stray);
	if (stray)
		assert_string_equal(set.strays[0].path, stray_path);
	migration_set_release(&set);
	fake_source_release(&s);
}

static void migration_set_read__agrees_with_a_model(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		seed = k;
		for (int i = 0; i < 150; i++)
			one_folder(&kinds[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migration_set_read__agrees_with_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
