#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "pg_corpus.h"
#include "sql/pg_lexer.h"
#include "sql/sql.h"
#include "support/unit.h"

/*
 * PostgreSQL's own scanner and parser, as libpg_query has them, against ours:
 * whatever they take has the same tokens, the same end and the same meaning
 * in its normal form.
 */

static void join(struct buf *out, const char *between)
{
	for (size_t i = 0; i < ARRAY_LEN(pg_corpus); i++) {
		buf_addstr(out, pg_corpus[i]);
		buf_addstr(out, between);
	}
}

static void sql_split__agrees_with_the_parser(void **state)
{
	static const char *const between[] = { ";", " ;\n", ";/* ; */\n",
					       "; -- ;\n;" };

	(void)state;
	for (size_t b = 0; b < ARRAY_LEN(between); b++) {
		struct buf text = BUF_INIT;
		PgQuerySplitResult want;
		struct sql_script got;

		join(&text, between[b]);
		want = pg_query_split_with_parser(buf_str(&text));
		if (want.error)
			fail_msg("%s at %d", want.error->message,
				 want.error->cursorpos);
		assert_ok(sql_split(&got, SQL_POSTGRESQL, text.data, text.len,
				    1));
		assert_int_equal(got.n, want.n_stmts);
		assert_int_equal(got.n, ARRAY_LEN(pg_corpus));
		for (size_t i = 0; i < got.n; i++) {
			assert_int_equal(got.statements[i].len,
					 strlen(pg_corpus[i]));
			assert_memory_equal(got.statements[i].text,
					    pg_corpus[i],
					    got.statements[i].len);
		}
		pg_query_free_split_result(want);
		sql_script_release(&got);
		buf_release(&text);
	}
}

static bool is_comment(const PgQuery__ScanToken *t)
{
	return t->token == PG_QUERY__TOKEN__SQL_COMMENT ||
	       t->token == PG_QUERY__TOKEN__C_COMMENT;
}

/* The library gives no start for U&'' and its like, only an end. */
static bool has_start(const PgQuery__ScanToken *t)
{
	return t->token != PG_QUERY__TOKEN__USCONST &&
	       t->token != PG_QUERY__TOKEN__UIDENT;
}

static void check_token(const char *text, const struct pg_token *got,
			const PgQuery__ScanToken *want)
{
	struct arena a = ARENA_INIT;
	const char *word = pg_token_name(got, &a);
	size_t start = (size_t)(got->text - text);

	if ((has_start(want) && start != (size_t)want->start) ||
	    (has_start(want) && start + got->len != (size_t)want->end))
		fail_msg("%s: '%.*s' is %d to %d", text, (int)got->len,
			 got->text, want->start, want->end);
	/* later versions have more */
	if (want->keyword_kind != PG_QUERY__KEYWORD_KIND__NO_KEYWORD &&
	    got->kind == PG_TK_WORD && !pg_is_keyword(word, strlen(word)))
		fail_msg("%s: keyword %s", text, word);
	arena_release(&a);
}

static void check_tokens(const char *text)
{
	PgQueryScanResult r = pg_query_scan(text);
	PgQuery__ScanResult *want;
	struct pg_lexer lexer;
	size_t n = 0;

	if (r.error)
		fail_msg("%s: %s", text, r.error->message);
	want = pg_query__scan_result__unpack(NULL, r.pbuf.len,
					     (const uint8_t *)r.pbuf.data);
	assert_non_null(want);
	pg_lexer_init(&lexer, text, strlen(text));
	for (size_t i = 0; i < want->n_tokens; i++) {
		struct pg_token got;

		if (is_comment(want->tokens[i]))
			continue;
		got = pg_lexer_next_solid(&lexer);
		check_token(text, &got, want->tokens[i]);
		n++;
	}
	assert_true(n > 0);
	assert_int_equal(pg_lexer_next_solid(&lexer).kind, PG_TK_END);
	pg_query__scan_result__free_unpacked(want, NULL);
	pg_query_free_scan_result(r);
}

static void pg_lexer__agrees_with_the_scanner(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pg_corpus); i++)
		check_tokens(pg_corpus[i]);
}

/* Operators of every few characters, one beside the other. */
static void pg_lexer__cuts_operators_as_the_scanner_does(void **state)
{
	static const char chars[] = "~!@#^&|`?+-*/%<>=:.,()[]a1'\" ";
	const size_t n = sizeof(chars) - 1;
	size_t skipped = 0;

	(void)state;
	for (size_t i = 0; i < n * n * n * n; i += 7) {
		char text[] = { chars[i % n], chars[i / n % n],
				chars[i / n / n % n], chars[i / n / n / n % n],
				'\0' };
		PgQueryScanResult r = pg_query_scan(text);
		bool fails = r.error != NULL;
		struct pg_lexer lexer;

		pg_lexer_init(&lexer, text, 4);
		if (!fails && pg_lexer_next_solid(&lexer).kind != PG_TK_END)
			check_tokens(text);
		skipped += fails;
		pg_query_free_scan_result(r);
	}
	/* quotes without end, "1a" */
	assert_true(skipped < n * n * n * n / 7 / 3);
}

static uint64_t fingerprint(const char *text, size_t len)
{
	char *copy = xstrndup(text, len);
	PgQueryFingerprintResult r = pg_query_fingerprint(copy);
	uint64_t print = r.fingerprint;

	if (r.error)
		fail_msg("%s: %s", copy, r.error->message);
	pg_query_free_fingerprint_result(r);
	free(copy);
	return print;
}

static void normal_form__means_the_same_to_the_parser(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pg_corpus); i++) {
		const char *text = pg_corpus[i];
		struct buf normal = BUF_INIT;

		sql_normal_form(&normal, SQL_POSTGRESQL, text, strlen(text));
		if (fingerprint(text, strlen(text)) !=
		    fingerprint(normal.data, normal.len))
			fail_msg("%s\n%s", text, buf_str(&normal));
		buf_release(&normal);
	}
}

static void check_same(const struct sql_statement *a,
		       const struct sql_statement *b)
{
	assert_int_equal(a->verb, b->verb);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->alone, b->alone);
	assert_int_equal(a->temp, b->temp);
	assert_int_equal(a->unknown, b->unknown);
	assert_int_equal(a->n_losses, b->n_losses);
	assert_true(streq_null(a->schema, b->schema));
	assert_true(streq_null(a->object, b->object));
	assert_true(a->verb == SQL_SET || streq_null(a->detail, b->detail));
	assert_true(streq_null(a->detail2, b->detail2));
}

static void normal_form__is_split_as_before(void **state)
{
	struct buf text = BUF_INIT, normal = BUF_INIT, again = BUF_INIT;
	struct sql_script a, b;

	(void)state;
	join(&text, ";\n");
	sql_normal_form(&normal, SQL_POSTGRESQL, text.data, text.len);
	sql_normal_form(&again, SQL_POSTGRESQL, normal.data, normal.len);
	assert_string_equal(buf_str(&normal), buf_str(&again));
	assert_ok(sql_split(&a, SQL_POSTGRESQL, text.data, text.len, 1));
	assert_ok(sql_split(&b, SQL_POSTGRESQL, normal.data, normal.len, 1));
	assert_int_equal(a.n, b.n);
	for (size_t i = 0; i < a.n; i++)
		check_same(&a.statements[i], &b.statements[i]);
	sql_script_release(&a);
	sql_script_release(&b);
	buf_release(&text);
	buf_release(&normal);
	buf_release(&again);
}

/* Nothing the parser takes is unknown, and every first word has its verb. */
static void sql_split__knows_all_that_parses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pg_corpus); i++) {
		struct sql_script s;

		assert_ok(sql_split(&s, SQL_POSTGRESQL, pg_corpus[i],
				    strlen(pg_corpus[i]), 1));
		assert_int_equal(s.n, 1);
		if (s.statements[0].unknown ||
		    s.statements[0].kind == SQL_KIND_UNTOLD)
			fail_msg("%s", pg_corpus[i]);
		sql_script_release(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sql_split__agrees_with_the_parser),
		cmocka_unit_test(pg_lexer__agrees_with_the_scanner),
		cmocka_unit_test(pg_lexer__cuts_operators_as_the_scanner_does),
		cmocka_unit_test(normal_form__means_the_same_to_the_parser),
		cmocka_unit_test(normal_form__is_split_as_before),
		cmocka_unit_test(sql_split__knows_all_that_parses),
	};

	return cmocka_run_group_tests_name("sql/pg_agrees", tests, NULL, NULL);
}
