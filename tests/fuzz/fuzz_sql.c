#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "sql/pg_lexer.h"
#include "sql/sql.h"
#include "sql/sqlite_lexer.h"

/*
 * libFuzzer's entry over everything that reads SQL text:
 * clang -fsanitize=fuzzer,address -I. -Icore tests/fuzz/fuzz_sql.c \
 *	core/sql/<all>.c core/base/<all>.c -l:libpg_query.a -lm
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Abort, also where assert() is compiled out. */
static void must(bool condition)
{
	if (!condition)
		abort();
}

/* Joined tokens are the text again; returns whether any was illegal. */
static bool check_lexer(const char *text, size_t len)
{
	const char *seen = text;
	struct sqlite_lexer l;
	struct sqlite_token t;
	bool illegal = false;

	sqlite_lexer_init(&l, text, len);
	while ((t = sqlite_lexer_next(&l)).kind != SQLITE_TK_END) {
		must(t.text == seen && t.len > 0);
		seen += t.len;
		illegal = illegal || t.kind == SQLITE_TK_ILLEGAL;
	}
	must(seen == text + len && t.text == seen && !t.len);
	return illegal;
}

/* Statements lie in the text, in order, and start and end with a token. */
static void check_split(const char *text, size_t len)
{
	const char *seen = text;
	struct sql_script s;
	struct err *err = sql_split(&s, SQL_SQLITE, text, len, 1);
	unsigned line = 1;

	must(!err || (!s.n && err_at_of(err) && err_at_of(err)->line));
	for (size_t i = 0; i < s.n; i++) {
		const struct sql_statement *now = &s.statements[i];
		struct sqlite_lexer l;
		struct sqlite_token t, last;

		must(now->text >= seen && now->len > 0);
		seen = now->text + now->len;
		must(seen <= text + len);
		must(now->line >= line && now->col > 0);
		line = now->line;
		sqlite_lexer_init(&l, now->text, now->len);
		last = sqlite_lexer_next(&l);
		must(last.text == now->text && last.kind != SQLITE_TK_SPACE &&
		     last.kind != SQLITE_TK_COMMENT);
		while ((t = sqlite_lexer_next(&l)).kind != SQLITE_TK_END)
			last = t;
		must(last.kind != SQLITE_TK_SPACE &&
		     last.kind != SQLITE_TK_COMMENT);
	}
	err_free(err);
	sql_script_release(&s);
}

/* PostgreSQL: the same, and COPY's data lies between them. */
static bool check_pg_split(const char *text, size_t len)
{
	const char *seen = text;
	struct sql_script s;
	struct err *err = sql_split(&s, SQL_POSTGRESQL, text, len, 1);
	bool fine = !err;

	must(!err || (!s.n && err_at_of(err) && err_at_of(err)->line));
	for (size_t i = 0; i < s.n; i++) {
		const struct sql_statement *now = &s.statements[i];

		must(now->text >= seen && now->len > 0);
		seen = now->text + now->len;
		must(!now->copy_data || now->copy_data > seen);
		if (now->copy_data)
			seen = now->copy_data + now->copy_len;
		must(seen <= text + len);
		must(!now->unknown || !now->n_losses);
	}
	err_free(err);
	sql_script_release(&s);
	return fine;
}

static void check_pg_lexer(const char *text, size_t len)
{
	const char *seen = text;
	struct pg_lexer l;
	struct pg_token t;

	pg_lexer_init(&l, text, len);
	while ((t = pg_lexer_next(&l)).kind != PG_TK_END) {
		must(t.text == seen && t.len > 0);
		seen += t.len;
	}
	must(seen == text + len);
}

/* The normal form of a normal form is itself. */
static void check_normal_form(enum sql_dialect d, const char *text, size_t len)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;

	sql_normal_form(&once, d, text, len);
	sql_normal_form(&twice, d, buf_str(&once), once.len);
	must(once.len == twice.len);
	must(!memcmp(buf_str(&once), buf_str(&twice), once.len));
	buf_release(&twice);
	buf_release(&once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a copy of its own, so that reading past the end is seen */
	char *text = malloc(size ? size : 1);
	struct buf quoted = BUF_INIT;

	if (!text)
		return 0;
	memcpy(text, data, size);
	check_split(text, size);
	if (!check_lexer(text, size))
		check_normal_form(SQL_SQLITE, text, size);
	check_pg_lexer(text, size);
	if (check_pg_split(text, size))
		check_normal_form(SQL_POSTGRESQL, text, size);
	if (size && !memchr(text, 0, size)) {
		char *name = malloc(size + 1);

		must(name != NULL);
		memcpy(name, text, size);
		name[size] = '\0';
		sql_quote_name(&quoted, name);
		must(!check_lexer(quoted.data, quoted.len));
		buf_reset(&quoted);
		sql_quote_string(&quoted, name);
		must(!check_lexer(quoted.data, quoted.len));
		free(name);
	}
	buf_release(&quoted);
	free(text);
	return 0;
}
