#include "effects/pg_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "sql/pg_lexer.h"

/* an error of PL/pgSQL leaves a byte behind in the library */
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#define LEAKS_BEGIN() __lsan_disable()
#define LEAKS_END() __lsan_enable()
#else
#define LEAKS_BEGIN() ((void)0)
#define LEAKS_END() ((void)0)
#endif

/* Tokens between commas, summed over the parentheses around: no tree can be
 * deeper than that. The library dies of some 2,500 nodes with 8 MiB of stack
 * (tried with version 15-4.0.0). */
#define DEPTH_MAX 2000
#define PARENTHESES_MAX 400

bool pe_tree_is_shallow(const char *sql)
{
	size_t level = 0, counts[PARENTHESES_MAX + 1] = { 0 }, depth = 0;
	struct pg_lexer l;
	struct pg_token t;

	pg_lexer_init(&l, sql, strlen(sql));
	while ((t = pg_lexer_next_solid(&l)).kind != PG_TK_END) {
		counts[level]++;
		depth++;
		if (depth > DEPTH_MAX)
			return false;
		if (t.kind == PG_TK_SEMICOLON || pg_token_is_op(&t, ",")) {
			depth -= counts[level];
			counts[level] = 0;
		} else if (pg_token_is_op(&t, "(") || pg_token_is_op(&t, "[")) {
			if (++level > PARENTHESES_MAX)
				return false;
			counts[level] = 0;
		} else if (level && (pg_token_is_op(&t, ")") ||
				     pg_token_is_op(&t, "]"))) {
			depth -= counts[level--];
		}
	}
	return true;
}

bool pe_tree_parse(struct pe_tree *tree, const char *sql)
{
	PgQueryProtobufParseResult r;

	*tree = (struct pe_tree){ NULL, NULL };
	if (!pe_tree_is_shallow(sql)) {
		tree->error = xstrdup("nested too deep to be looked into");
		return false;
	}
	r = pg_query_parse_protobuf(sql);
	if (r.error)
		tree->error = xstrdup(r.error->message);
	else
		tree->result = pg_query__parse_result__unpack(
			NULL, r.parse_tree.len,
			(const uint8_t *)r.parse_tree.data);
	if (!r.error && !tree->result)
		tree->error = xstrdup("the parse tree cannot be read");
	pg_query_free_protobuf_parse_result(r);
	return tree->result != NULL;
}

void pe_tree_release(struct pe_tree *tree)
{
	pg_query__parse_result__free_unpacked(tree->result, NULL);
	free(tree->error);
	*tree = (struct pe_tree){ NULL, NULL };
}

char *pe_tree_plpgsql(const char *sql, const char *body, char **error)
{
	PgQueryPlpgsqlParseResult r;
	char *json = NULL;

	*error = NULL;
	if (!pe_tree_is_shallow(sql) || !pe_tree_is_shallow(body)) {
		*error = xstrdup("nested too deep to be looked into");
		return NULL;
	}
	LEAKS_BEGIN();
	r = pg_query_parse_plpgsql(sql);
	LEAKS_END();
	if (r.error)
		*error = xstrdup(r.error->message);
	else
		json = xstrdup(r.plpgsql_funcs);
	pg_query_free_plpgsql_parse_result(r);
	return json;
}
