#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "sql/sql.h"
#include "support/unit.h"

/* What a statement must be; NULL is no name, false is not said. */
struct row {
	const char *text;
	enum sql_verb verb;
	const char *object, *detail, *detail2;
};

static void check_name(const char *text, const char *what, const char *got,
		       const char *want)
{
	if (!streq_null(got, want))
		fail_msg("%s: %s is %s", text, what, got ? got : "NULL");
}

static void check(const struct row *row)
{
	const struct sql_statement *st;
	struct sql_script s;

	assert_ok(
		sql_split(&s, SQL_POSTGRESQL, row->text, strlen(row->text), 1));
	assert_int_equal(s.n, 1);
	st = &s.statements[0];
	if (st->verb != row->verb)
		fail_msg("%s: verb is %d", row->text, (int)st->verb);
	check_name(row->text, "object", st->object, row->object);
	check_name(row->text, "detail", st->detail, row->detail);
	check_name(row->text, "detail2", st->detail2, row->detail2);
	sql_script_release(&s);
}

static void check_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&rows[i]);
}

#define CHECK_ALL(rows) check_all(rows, ARRAY_LEN(rows))

static void verb__is_told_for_settings(void **state)
{
	static const struct row rows[] = {
		{ "set search_path = a", SQL_SET, "search_path", "a", NULL },
		{ "SET Search_Path TO 'A'", SQL_SET, "search_path", "A", NULL },
		{ "set \"Search_Path\" to \"A\"", SQL_SET, "search_path", "A",
		  NULL },
		{ "set session search_path = \"$user\", public", SQL_SET,
		  "search_path", "\"$user\", public", NULL },
		{ "set local my.own = 'x''y'", SQL_SET, "my.own", "x'y",
		  "local" },
		{ "set a to default", SQL_SET, "a", NULL, NULL },
		{ "set a = -5", SQL_SET, "a", "-5", NULL },
		{ "set a = 1.5", SQL_SET, "a", "1.5", NULL },
		{ "set a = on", SQL_SET, "a", "on", NULL },
		{ "set time zone 'UTC'", SQL_SET, "timezone", "UTC", NULL },
		{ "set local time zone interval '1' hour to minute", SQL_SET,
		  "timezone", "interval '1' hour to minute", "local" },
		{ "set time zone local", SQL_SET, "timezone", NULL, NULL },
		{ "set time zone default", SQL_SET, "timezone", NULL, NULL },
		{ "set role joe", SQL_SET, "role", "joe", NULL },
		{ "set local role none", SQL_SET, "role", "none", "local" },
		{ "set role = joe", SQL_SET, "role", "joe", NULL },
		{ "set session authorization default", SQL_SET,
		  "session_authorization", NULL, NULL },
		{ "set session session authorization joe", SQL_SET,
		  "session_authorization", "joe", NULL },
		{ "set names 'utf8'", SQL_SET, "client_encoding", "utf8",
		  NULL },
		{ "set schema 's'", SQL_SET, "search_path", "s", NULL },
		{ "set xml option content", SQL_SET, "xmloption", "content",
		  NULL },
		{ "set transaction isolation level serializable", SQL_SET,
		  "transaction_isolation", "serializable", "local" },
		{ "set transaction read only", SQL_SET, "transaction",
		  "read only", "local" },
		{ "set constraints all deferred", SQL_SET, "constraints",
		  "all deferred", "local" },
		{ "set session characteristics as transaction read only",
		  SQL_SET, "session characteristics", "read only", NULL },
		{ "reset search_path", SQL_SET, "search_path", NULL, NULL },
		{ "reset all", SQL_SET, "all", NULL, NULL },
		{ "reset time zone", SQL_SET, "timezone", NULL, NULL },
		{ "reset session authorization", SQL_SET,
		  "session_authorization", NULL, NULL },
		{ "set", SQL_SET, NULL, NULL, NULL },
		{ "select pg_catalog.set_config('search_path', '', false)",
		  SQL_SET, "search_path", "", NULL },
		{ "SELECT set_config('a', 'b', true)", SQL_SET, "a", "b",
		  "local" },
		/* anything more is a query */
		{ "select set_config('a', 'b', false) from t", SQL_SELECT, NULL,
		  NULL, NULL },
		{ "select set_config('a', b, false)", SQL_SELECT, NULL, NULL,
		  NULL },
		{ "select set_config('a', 'b', c)", SQL_SELECT, NULL, NULL,
		  NULL },
		{ "select set_config('a')", SQL_SELECT, NULL, NULL, NULL },
		{ "select s.set_config('a', 'b', false)", SQL_SELECT, NULL,
		  NULL, NULL },
	};

	(void)state;
	CHECK_ALL(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verb__is_told_for_settings),
	};

	return cmocka_run_group_tests_name("sql/pg_set", tests, NULL, NULL);
}
