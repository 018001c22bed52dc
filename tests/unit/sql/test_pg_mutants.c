#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "pg_corpus.h"
#include "sql/sql.h"
#include "support/unit.h"

/*
 * Statements with random damage: whatever comes, the splitter returns, its
 * statements lie in the text one behind the other, and the normal form of
 * what it took is a fixpoint with as many statements. The text is in memory
 * of its own size, so that a sanitizer sees who looks beyond.
 */
#define ROUNDS 4000

static uint64_t seed;

static size_t below(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % n;
}

static const char *const pieces[] = {
	"'",
	"\"",
	"$$",
	"$a$",
	"/*",
	"*/",
	"--",
	"\n",
	";",
	"(",
	")",
	"\\",
	"\\.\n",
	"E'",
	"U&\"",
	"U&'",
	"begin",
	"end",
	"case",
	" atomic ",
	"copy ",
	" from stdin;\n",
	"with ",
	",",
	".",
	"\xc3\xa9",
	"\xff",
	"0x",
	"1e",
	"..",
	"create function ",
	"alter table t ",
	"drop table ",
	"set ",
	"set standard_conforming_strings = off;",
	"explain analyze ",
	"select set_config('a', ",
	"[",
	"]",
	"\r",
	"\t",
	" into ",
};

static const char *a_piece(void)
{
	return pieces[below(ARRAY_LEN(pieces))];
}

static const char *a_statement(void)
{
	return pg_corpus[below(ARRAY_LEN(pg_corpus))];
}

/* Take n bytes out at i and put a piece in. */
static void replace(struct buf *b, size_t i, size_t n, const char *piece)
{
	struct buf out = BUF_INIT;

	buf_add(&out, b->data, i);
	buf_addstr(&out, piece);
	buf_add(&out, b->data + i + n, b->len - i - n);
	buf_release(b);
	*b = out;
}

static void damage(struct buf *b)
{
	size_t i = below(b->len + 1);
	size_t n = below(b->len - i + 1);

	switch (below(5)) {
	case 0:
		replace(b, i, 0, a_piece());
		break;
	case 1:
		replace(b, i, n % 4, "");
		break;
	case 2:
		replace(b, i, n % 8, a_piece());
		break;
	case 3:
		buf_truncate(b, i);
		break;
	default:
		replace(b, i, n, a_statement());
		break;
	}
}

static void check_statements(const char *text, size_t len,
			     const struct sql_script *s)
{
	const char *behind = text;

	for (size_t i = 0; i < s->n; i++) {
		const struct sql_statement *st = &s->statements[i];

		assert_true(st->text >= behind && st->len > 0);
		behind = st->text + st->len;
		assert_true(st->kind != SQL_KIND_UNTOLD);
		assert_true(!st->unknown || !st->n_losses);
		assert_true((st->copy == SQL_COPY_FROM_STDIN) ==
			    (st->copy_data != NULL));
		if (st->copy_data) {
			assert_true(st->copy_data > behind);
			behind = st->copy_data + st->copy_len;
		}
		assert_true(behind <= text + len);
	}
}

static void check_normal_form(const char *text, size_t len, size_t n)
{
	struct buf normal = BUF_INIT, again = BUF_INIT;
	struct sql_script s;

	sql_normal_form(&normal, SQL_POSTGRESQL, text, len);
	sql_normal_form(&again, SQL_POSTGRESQL, normal.data, normal.len);
	if (!streq(buf_str(&normal), buf_str(&again)))
		fail_msg("%.*s\n--\n%s\n--\n%s", (int)len, text,
			 buf_str(&normal), buf_str(&again));
	assert_ok(sql_split(&s, SQL_POSTGRESQL, normal.data, normal.len, 1));
	if (s.n != n)
		fail_msg("%.*s\n--\n%s", (int)len, text, buf_str(&normal));
	sql_script_release(&s);
	buf_release(&normal);
	buf_release(&again);
}

/* Returns whether the text could be split. */
static bool check(const struct buf *b)
{
	char *text = malloc(b->len ? b->len : 1);
	struct sql_script s;
	struct err *err;
	bool fine;

	assert_non_null(text);
	memcpy(text, buf_str(b), b->len);
	err = sql_split(&s, SQL_POSTGRESQL, text, b->len, 1);
	fine = !err;
	if (err) {
		assert_int_equal(err_class_of(err), ERR_INPUT);
		assert_true(err_at_of(err)->line > 0);
		assert_true(err_at_of(err)->col > 0);
		assert_int_equal(s.n, 0);
	} else {
		check_statements(text, b->len, &s);
		check_normal_form(text, b->len, s.n);
	}
	err_free(err);
	sql_script_release(&s);
	free(text);
	return fine;
}

static void sql_split__survives_damage(void **state)
{
	size_t fine = 0;

	(void)state;
	seed = 20260101;
	for (size_t round = 0; round < ROUNDS; round++) {
		struct buf b = BUF_INIT;

		for (size_t i = below(3) + 1; i; i--) {
			buf_addstr(&b, a_statement());
			buf_addstr(&b, ";\n");
		}
		for (size_t i = below(6); i; i--)
			damage(&b);
		fine += check(&b);
		buf_release(&b);
	}
	/* else it is not the statements that are tested */
	assert_true(fine > ROUNDS / 4 && fine < ROUNDS);
}

static void sql_split__survives_noise(void **state)
{
	(void)state;
	seed = 7;
	for (size_t round = 0; round < ROUNDS; round++) {
		struct buf b = BUF_INIT;

		for (size_t i = below(12); i; i--)
			buf_addstr(&b, a_piece());
		check(&b);
		buf_release(&b);
	}
}

static void sql_split__survives_any_bytes(void **state)
{
	(void)state;
	seed = 9;
	for (size_t round = 0; round < ROUNDS; round++) {
		struct buf b = BUF_INIT;

		for (size_t i = below(40); i; i--)
			buf_addch(&b, (char)below(256));
		check(&b);
		buf_release(&b);
	}
}

/* A long file costs its length, not its square. */
static void sql_split__is_linear(void **state)
{
	static const char *const lines[] = {
		"copy t from stdin;\n1\n\\.\n",
		"select 'a'\n",
		"$a$ $b$ ",
		"/* ",
		"(",
		"'a' -- b\n",
		"\"",
		"select 1;\n",
		"with a as (",
		"create function f() begin atomic case ",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct buf b = BUF_INIT;
		struct sql_script s;

		while (b.len < 1000000)
			buf_addstr(&b, lines[i]);
		err_free(sql_split(&s, SQL_POSTGRESQL, b.data, b.len, 1));
		sql_script_release(&s);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sql_split__survives_damage),
		cmocka_unit_test(sql_split__survives_noise),
		cmocka_unit_test(sql_split__survives_any_bytes),
		cmocka_unit_test(sql_split__is_linear),
	};

	return cmocka_run_group_tests_name("sql/pg_mutants", tests, NULL, NULL);
}
