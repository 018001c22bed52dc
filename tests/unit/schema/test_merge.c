#include <string.h>

#include "base/util.h"
#include "schema/schema.h"
#include "support/unit.h"

#define T(body) "CREATE TABLE t (\n    id INT\n" body ");\n"
#define L(line) "  , " line "\n"

static const struct {
	const char *what;
	const char *base, *theirs, *ours;
	const char *want; /* NULL = a conflict */
} cases[] = {
	{ "nothing later", T(L("a INT")), T(""), T(L("a INT")), T("") },
	{ "a later column stays", T(L("a INT")), T(""),
	  T(L("a INT") L("b INT")), T(L("b INT")) },
	{ "a dropped column comes back to its place", T(L("z INT")),
	  T(L("a INT") L("z INT")), T(L("z INT") L("b INT")),
	  T(L("a INT") L("z INT") L("b INT")) },
	{ "... behind the one before it that is left", T(""),
	  T(L("a INT") L("z INT")), T(L("b INT")),
	  T(L("a INT") L("z INT") L("b INT")) },
	{ "the first column", "CREATE TABLE t (\n    a INT\n);\n",
	  "CREATE TABLE t (\n    id INT\n  , a INT\n);\n",
	  "CREATE TABLE t (\n    a INT\n  , b INT\n);\n",
	  "CREATE TABLE t (\n    id INT\n  , a INT\n  , b INT\n);\n" },
	{ "a type comes back", T(L("a TEXT")), T(L("a INT")),
	  T(L("a TEXT") L("b INT")), T(L("a INT") L("b INT")) },
	{ "a type that both changed", T(L("a TEXT")), T(L("a INT")),
	  T(L("a REAL")), NULL },
	{ "a column that is gone since", T(L("a TEXT")), T(""), T(""), NULL },
	{ "a column that came again since", T(""), T(L("a INT")),
	  T(L("a TEXT")), NULL },
	{ "... alike", T(""), T(L("a INT")), T(L("a INT")), T(L("a INT")) },
	{ "constraints", T(L("CONSTRAINT k CHECK (id>0)")), T(""),
	  T(L("CONSTRAINT k CHECK (id>0)") L("CHECK (id<9)")),
	  T(L("CHECK (id<9)")) },
	{ "a constraint of that name", T(""), T(L("CONSTRAINT k CHECK (id>0)")),
	  T(L("CONSTRAINT k CHECK (id>1)")), NULL },
	{ "options", "CREATE TABLE t (\n    id INT\n) STRICT;\n", T(""),
	  "CREATE TABLE t (\n    id INT\n  , b INT\n) STRICT;\n",
	  T(L("b INT")) },
	{ "options of both", "CREATE TABLE t (\n    id INT\n) STRICT;\n", T(""),
	  "CREATE TABLE t (\n    id INT\n) WITHOUT ROWID;\n", NULL },
	{ "other statements", T(L("a INT")) "COMMENT ON TABLE t IS 'x';\n",
	  T(""), T(L("a INT")) "COMMENT ON TABLE t IS 'x';\nGRANT y;\n",
	  T("") "GRANT y;\n" },
	{ "names with spaces", T(L("\"a b\" INT")), T(""),
	  T(L("\"a b\" INT") L("\"a c\" INT")), T(L("\"a c\" INT")) },
	{ "no table's text", "CREATE VIEW v AS SELECT 1;\n",
	  "CREATE VIEW v AS SELECT 2;\n", "CREATE VIEW v AS SELECT 1;\n",
	  NULL },
	{ "no column is left", "CREATE TABLE t (\n    a INT\n);\n",
	  "CREATE TABLE t (\n);\n", "CREATE TABLE t (\n    a INT\n);\n", NULL },
};

static void schema_merge__takes_out_what_one_did(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got = schema_merge(&a, cases[i].base,
					       cases[i].theirs, cases[i].ours);

		if (!streq_null(got, cases[i].want))
			fail_msg("%s:\n%s", cases[i].what, got ? got : "NULL");
	}
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schema_merge__takes_out_what_one_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
