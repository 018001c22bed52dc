#include "unit/migration/cases.h"

/*
 * Two kinds of evidence side by side, every pair of kinds: docs/layouts.md,
 * "Detection". And what a fault in a file says, wherever it stands.
 */

enum kind_of {
	PLAIN,
	MARKED,
	GOOSE,
	PAIR,
	SQLX,
	SQLX_PAIR,
	FLYWAY,
	DIESEL,
	PRISMA,
	REZOOM,
	LOCK,
	PLAN,
	KINDS,
};

/* Two versions of each, so that nothing is there twice. */
static const struct {
	const char *layout, *files[2];
} evidence[KINDS] = {
	[PLAIN] = { "native", { "1_a.sql", "2_b.sql" } },
	[MARKED] = { "native",
		     { "3_a.sql\t-- migrate:up\nA;",
		       "4_b.sql\t-- migrate:up\n" } },
	[GOOSE] = { "goose",
		    { "5_a.sql\t-- +goose Up\nA;",
		      "6_b.sql\t-- +goose Up\n" } },
	[PAIR] = { "golang-migrate", { "7_a.up.sql", "8_b.up.sql" } },
	[SQLX] = { "sqlx",
		   { "9_a.sql\t-- no-transaction\nA;",
		     "10_a.sql\t-- no-transaction\nA;" } },
	[SQLX_PAIR] = { "sqlx",
			{ "11_a.up.sql\t-- no-transaction\nA;",
			  "12_a.up.sql\t-- no-transaction\nA;" } },
	[FLYWAY] = { "flyway", { "V13__a.sql", "V14__b.sql" } },
	[DIESEL] = { "diesel", { "15_a/up.sql", "16_b/up.sql" } },
	[PRISMA] = { "prisma", { "17_a/migration.sql", "18_b/migration.sql" } },
	[REZOOM] = { "rezoom", { "V19.a.sql", "V20.b.sql" } },
	[LOCK] = { "prisma", { "migration_lock.toml", "README" } },
	[PLAN] = { "sqitch", { "sqitch.plan\t%project=p\n", "README" } },
};

static bool is_one_of(enum kind_of a, enum kind_of b, enum kind_of x,
		      enum kind_of y)
{
	return (a == x && b == y) || (a == y && b == x);
}

/* The rules in other words; NULL = the two contradict each other. */
static const char *expected(enum kind_of a, enum kind_of b)
{
	if (a == b || streq(evidence[a].layout, evidence[b].layout))
		return evidence[a].layout;
	if (is_one_of(a, b, LOCK, PLAN))
		return NULL;
	if (a == LOCK || b == LOCK)
		return "prisma";
	if (a == PLAN || b == PLAN)
		return "sqitch";
	/* a plain name says nothing against a marker in another file */
	if (is_one_of(a, b, PLAIN, GOOSE))
		return "goose";
	if (is_one_of(a, b, PLAIN, SQLX) || is_one_of(a, b, PLAIN, SQLX_PAIR))
		return "sqlx";
	if (is_one_of(a, b, PLAIN, PAIR))
		return "golang-migrate"; /* plain ones are strays to it */
	/* pairs are sqlx's when a file says so */
	if (is_one_of(a, b, PAIR, SQLX) || is_one_of(a, b, PAIR, SQLX_PAIR))
		return "sqlx";
	return NULL;
}

static void check_pair(enum kind_of a, enum kind_of b)
{
	const char *want = expected(a, b);
	struct migration_options opt = { 0 };
	struct buf why = BUF_INIT;
	struct migration_set set;
	struct fake_source s;
	struct err *e;

	fake_source_init(&s);
	for (int i = 0; i < 2; i++) {
		fake_source_add_word(&s, evidence[a].files[i]);
		if (a != b)
			fake_source_add_word(&s, evidence[b].files[i]);
	}
	e = migration_set_read(&set, &s.base, &opt);
	if (e && !want) {
		assert_int_equal(err_class_of(e), ERR_INPUT);
		assert_non_null(strstr(err_text(e), evidence[a].layout));
		assert_non_null(strstr(err_text(e), evidence[b].layout));
		assert_non_null(strstr(err_hint_of(e), "migrate.layout"));
		err_free(e);
	} else if (e || !want) {
		if (e)
			fake_add_err(&why, e);
		fail_msg("%s (%d) and %s (%d): %s, not %s", evidence[a].layout,
			 a, evidence[b].layout, b,
			 e ? buf_str(&why) : migration_layout_name(&set),
			 want ? want : "an error");
	} else if (!streq(migration_layout_name(&set), want)) {
		fail_msg("%s (%d) and %s (%d): %s, not %s", evidence[a].layout,
			 a, evidence[b].layout, b, migration_layout_name(&set),
			 want);
	}
	migration_set_release(&set);
	fake_source_release(&s);
}

static void layout_detect__of_every_two_kinds(void **state)
{
	(void)state;
	for (int a = 0; a < KINDS; a++)
		for (int b = 0; b < KINDS; b++)
			check_pair(a, b);
}

/* A layout that is named reads the folder so, whatever lies in it. */
static void layout_choose__is_not_doubted(void **state)
{
	(void)state;
	for (int a = 0; a < KINDS; a++)
		for (int b = 0; b < KINDS; b++) {
			struct migration_options opt = {
				.layout = evidence[b].layout
			};
			struct migration_set set;
			struct fake_source s;
			struct err *e;

			fake_source_init(&s);
			fake_source_add_word(&s, evidence[a].files[0]);
			e = migration_set_read(&set, &s.base, &opt);
			if (e) /* only a plan that is not there */
				assert_string_equal(opt.layout, "sqitch");
			else
				assert_string_equal(migration_layout_name(&set),
						    opt.layout);
			err_free(e);
			migration_set_release(&set);
			fake_source_release(&s);
		}
}

/* --- faults, pushed down by random lines --- */

static const struct {
	const char *line, *says;
} faults[] = {
	{ "-- migrate:frobnicate", "frobnicate" },
	{ "-- migrate:descripton x", "descripton" },
	{ "-- migrate:batch", "batch" },
	{ "-- migrate:batch 0", "batch" },
	{ "-- migrate:batch -1", "batch" },
	{ "-- migrate:batch 1e3", "batch" },
	{ "-- migrate:batch 99999999999999999999", "batch" },
	{ "-- migrate:batch 4294967297", "batch" },
	{ "-- migrate:lock-timeout", "lock-timeout" },
	{ "-- migrate:lock-timeout 5", "lock-timeout" },
	{ "-- migrate:lock-timeout -5s", "lock-timeout" },
	{ "-- migrate:lock-timeout 5 s", "lock-timeout" },
	{ "-- migrate:lock-timeout 5S", "lock-timeout" },
	{ "-- migrate:lock-timeout 25d", "lock-timeout" },
	{ "-- migrate:lock-timeout 2147483648ms", "lock-timeout" },
	{ "-- migrate:statement-timeout 99999999999999999999s",
	  "statement-timeout" },
	{ "-- migrate:statement-timeout 1.5s", "statement-timeout" },
	{ "-- migrate:irreversible yes", "irreversible" },
	{ "-- migrate:no-transaction true", "no-transaction" },
	{ "-- migrate:description", "description" },
	{ "-- migrate:depends", "depends" },
	{ "-- migrate:allow GM100 x", "GM100" },
	{ "-- migrate:allow GM112 x", "GM112" },
	{ "-- migrate:allow GM1045 x", "GM1045" },
	{ "-- migrate:allow because", "because" },
	{ "-- migrate:allow GM104", "reason" },
	{ "-- \xff\xfe", "UTF-8" },
};

static const struct {
	const char *layout, *path, *head;
} holders[] = {
	{ "native", "1_a.sql", "" },
	{ "native", "1_a.sql", "-- migrate:up\n" },
	{ "goose", "1_a.sql", "-- +goose Up\n" },
	{ "golang-migrate", "1_a.up.sql", "" },
	{ "sqlx", "1_a.sql", "" },
	{ "flyway", "V1__a.sql", "" },
	{ "diesel", "1_a/up.sql", "" },
	{ "prisma", "1_a/migration.sql", "" },
	{ "rezoom", "V1.a.sql", "" },
};

static void check_fault(size_t h, size_t f, unsigned lines, const char *end)
{
	struct migration_options opt = { .layout = holders[h].layout };
	const struct err_at *at;
	struct migration_set set;
	struct fake_source s;
	struct buf b = BUF_INIT;
	unsigned line = lines + 1 + (*holders[h].head != '\0');
	struct err *e;

	buf_addstr(&b, holders[h].head);
	for (unsigned i = 0; i < lines; i++)
		buf_addf(&b, "%s%s", i % 3 ? "-- a comment" : "", end);
	buf_addf(&b, "%s%sSELECT 1;%s", faults[f].line, end, end);
	fake_source_init(&s);
	fake_source_add(&s, holders[h].path, buf_str(&b));
	assert_ok(migration_set_read(&set, &s.base, &opt));
	assert_int_equal(set.n, 1);
	e = migration_load(&set, set.items[0]);
	if (!e)
		fail_msg("%s takes %s", holders[h].layout, faults[f].line);
	at = err_at_of(e);
	assert_int_equal(err_class_of(e), ERR_INPUT);
	assert_non_null(at);
	assert_true(starts_with(at->path, "db/"));
	assert_string_equal(at->path + 3, holders[h].path);
	if (at->line != line || !strstr(err_text(e), faults[f].says))
		fail_msg("%s, %s: line %u and not %u: %s", holders[h].layout,
			 faults[f].line, at->line, line, err_text(e));
	assert_false(set.items[0]->loaded);
	err_free(e);
	buf_release(&b);
	migration_set_release(&set);
	fake_source_release(&s);
}

static void migration_load__names_the_line_of_every_fault(void **state)
{
	(void)state;
	for (size_t h = 0; h < ARRAY_LEN(holders); h++)
		for (size_t f = 0; f < ARRAY_LEN(faults); f++) {
			check_fault(h, f, 0, "\n");
			check_fault(h, f, 3, "\n");
			check_fault(h, f, 40, "\r\n");
		}
}

/* --- a waiver, in front of the statement and behind it --- */

static void check_waiver(size_t h, bool behind)
{
	struct migration_options opt = { .layout = holders[h].layout };
	unsigned line = 2 + behind + (*holders[h].head != '\0');
	struct migration_set set;
	struct fake_source s;
	struct buf b = BUF_INIT;
	const struct migration *m;

	buf_addf(&b, "%s-- first\n%s-- migrate:allow GM104 so it is\n%s",
		 holders[h].head, behind ? "SELECT 1;\n" : "",
		 behind ? "" : "SELECT 1;\n");
	fake_source_init(&s);
	fake_source_add(&s, holders[h].path, buf_str(&b));
	assert_ok(migration_set_read(&set, &s.base, &opt));
	assert_int_equal(set.n, 1);
	m = set.items[0];
	assert_ok(migration_load(&set, set.items[0]));
	assert_int_equal(m->n_allows, 1);
	assert_string_equal(m->allows[0].rule, "GM104");
	assert_string_equal(m->allows[0].reason, "so it is");
	assert_int_equal(m->allows[0].line, line);
	buf_release(&b);
	migration_set_release(&set);
	fake_source_release(&s);
}

static void migration_load__reads_a_waiver_in_every_layout(void **state)
{
	(void)state;
	for (size_t h = 0; h < ARRAY_LEN(holders); h++) {
		check_waiver(h, false);
		check_waiver(h, true);
	}
}

/* --- the ends of each range --- */

static const struct file_case ends[] = {
	{ .about = "least",
	  .files = { "1_a.sql\t-- migrate:batch 1\n"
		     "-- migrate:lock-timeout 0\n"
		     "-- migrate:statement-timeout 0ms\nA;" },
	  .expect = "up 1: -- migrate:batch 1\\n-- migrate:lock-timeout 0\\n"
		    "-- migrate:statement-timeout 0ms\\nA;\n"
		    "batch 1\nlock 0\nstatement 0\n" },
	{ .about = "most",
	  .files = { "1_a.sql\t-- migrate:lock-timeout 2147483647ms\n"
		     "-- migrate:statement-timeout 24d\nA;" },
	  .expect = "up 1: -- migrate:lock-timeout 2147483647ms\\n"
		    "-- migrate:statement-timeout 24d\\nA;\n"
		    "lock 2147483647\nstatement 2073600000\n" },
	{ .about = "zeros in front, white space around",
	  .files = { "1_a.sql\t--   migrate:batch \t 0007 \t\r\nA;" },
	  .expect = "up 1: --   migrate:batch \\x09 0007 \\x09\\x0d\\nA;\n"
		    "batch 7\n" },
};

static void directives__take_the_ends_of_their_ranges(void **state)
{
	(void)state;
	check_files("native", ends, ARRAY_LEN(ends));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_detect__of_every_two_kinds),
		cmocka_unit_test(layout_choose__is_not_doubted),
		cmocka_unit_test(migration_load__names_the_line_of_every_fault),
		cmocka_unit_test(
			migration_load__reads_a_waiver_in_every_layout),
		cmocka_unit_test(directives__take_the_ends_of_their_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
