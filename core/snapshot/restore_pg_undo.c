#include <string.h>

#include "base/util.h"
#include "postgres/conn.h"
#include "snapshot/restore_pg_form.h"
#include "sql/pg_lexer.h"

/* What undoes a statement that follows an object's own in its text. */

/* Where a word stands outside of quotes and brackets, or NULL. */
static const char *find_word(const char *s, const char *word)
{
	struct pg_lexer l;
	struct pg_token t;
	int depth = 0;

	pg_lexer_init(&l, s, strlen(s));
	do {
		t = pg_lexer_next_solid(&l);
		if (pg_token_is_op(&t, "("))
			depth++;
		if (pg_token_is_op(&t, ")"))
			depth--;
		if (!depth && pg_token_is(&t, word))
			return t.text;
	} while (t.kind != PG_TK_END);
	return NULL;
}

static void add_upto(struct buf *sql, const char *s, const char *end)
{
	buf_add(sql, s, (size_t)(end - s));
}

/* "GRANT x ON o TO r WITH GRANT OPTION", "REVOKE x ON o FROM r", also of
 * default privileges; and the role in whose name it is done. */
static bool undo_grant(struct buf *sql, const char *s)
{
	const char *grant = find_word(s, "grant"), *to = find_word(s, "to");
	const char *revoke = find_word(s, "revoke"),
		   *from = find_word(s, "from");
	const char *with;

	if (revoke && from && (!grant || revoke < grant)) {
		add_upto(sql, s, revoke);
		buf_addstr(sql, "GRANT");
		add_upto(sql, revoke + strlen("REVOKE"), from);
		buf_addf(sql, "TO%s;\n", from + strlen("FROM"));
		return true;
	}
	if (!grant || !to)
		return false;
	with = find_word(to, "with");
	add_upto(sql, s, grant);
	buf_addstr(sql, "REVOKE");
	add_upto(sql, grant + strlen("GRANT"), to);
	buf_addstr(sql, "FROM");
	add_upto(sql, to + strlen("TO"), with ? with : to + strlen(to));
	buf_addstr(sql, ";\n");
	return true;
}

static const struct {
	const char *has; /* what the statement says */
	const char *instead;
} ends[] = {
	{ " ENABLE ROW LEVEL SECURITY", " DISABLE ROW LEVEL SECURITY" },
	{ " FORCE ROW LEVEL SECURITY", " NO FORCE ROW LEVEL SECURITY" },
	{ " REPLICA IDENTITY ", " REPLICA IDENTITY DEFAULT" },
	{ " CLUSTER ON ", " SET WITHOUT CLUSTER" },
	{ " SET STATISTICS ", " SET STATISTICS -1" },
	{ " SET COMPRESSION ", " SET COMPRESSION default" },
	{ " SET DEFAULT ", " DROP DEFAULT" },
	{ " SET NOT NULL", " DROP NOT NULL" },
	{ " OWNED BY ", " OWNED BY NONE" },
};

static bool undo_end(struct buf *sql, const char *s)
{
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		const char *at = strstr(s, ends[i].has);

		if (!at)
			continue;
		add_upto(sql, s, at);
		buf_addf(sql, "%s;\n", ends[i].instead);
		return true;
	}
	return false;
}

/* "... ALTER COLUMN c SET (a=1, b=2)" */
static bool undo_options(struct buf *sql, const char *s)
{
	const char *at = strstr(s, " SET (");
	const char *sep = " RESET (";

	if (!at || !strstr(s, " ALTER COLUMN "))
		return false;
	add_upto(sql, s, at);
	for (const char *p = at + strlen(" SET ("); *p;) {
		size_t n = strcspn(p, " =");

		buf_addstr(sql, sep);
		buf_add(sql, p, n);
		sep = ", ";
		p += strcspn(p, ",");
		p += strspn(p, ", ");
	}
	buf_addstr(sql, ");\n");
	return true;
}

/* "ALTER TABLE t DISABLE TRIGGER g", "... ENABLE ALWAYS RULE r" */
static bool undo_state(struct buf *sql, const char *s)
{
	static const char *const kinds[] = { " TRIGGER ", " RULE " };
	static const char *const states[] = { " DISABLE", " ENABLE ALWAYS",
					      " ENABLE REPLICA" };

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		for (size_t i = 0; i < ARRAY_LEN(states); i++) {
			struct buf has = BUF_INIT;
			const char *at;

			buf_addf(&has, "%s%s", states[i], kinds[k]);
			at = strstr(s, buf_str(&has));
			if (at) {
				add_upto(sql, s, at);
				buf_addf(sql, " ENABLE%s%s;\n", kinds[k],
					 at + has.len);
			}
			buf_release(&has);
			if (at)
				return true;
		}
	return false;
}

/* "ALTER PUBLICATION p ADD TABLE ONLY t (a) WHERE (...)" */
static bool undo_publication(struct buf *sql, const char *s)
{
	const char *add = find_word(s, "add"), *p;

	if (!starts_with(s, "ALTER PUBLICATION ") || !add)
		return false;
	add_upto(sql, s, add);
	buf_addstr(sql, "DROP");
	/* without columns and condition */
	p = find_word(s, "table");
	p = p ? strstr(p, " (") : NULL;
	if (!p)
		p = find_word(s, "where");
	add_upto(sql, add + strlen("ADD"), p ? p : s + strlen(s));
	buf_addstr(sql, ";\n");
	return true;
}

static bool undo_attach(struct buf *sql, const char *s)
{
	const char *at = strstr(s, " ATTACH PARTITION ");
	const char *p;

	if (!at || !starts_with(s, "ALTER TABLE "))
		return false;
	add_upto(sql, s, at);
	at += strlen(" ATTACH PARTITION ");
	p = strstr(at, " FOR VALUES ");
	if (!p)
		p = strstr(at, " DEFAULT");
	if (!p)
		return false;
	buf_addstr(sql, " DETACH PARTITION ");
	add_upto(sql, at, p);
	buf_addstr(sql, ";\n");
	return true;
}

/* What only the catalogs know is put into the statement when it runs. */
static void add_dynamic(struct buf *sql, const char *s, const char *end,
			const char *query)
{
	struct buf prefix = BUF_INIT, text = BUF_INIT, block = BUF_INIT;

	buf_add(&prefix, s, (size_t)(end - s));
	pg_add_string(&text, buf_str(&prefix));
	buf_addf(&block, "BEGIN EXECUTE %s || %s; END", buf_str(&text), query);
	buf_addstr(sql, "DO ");
	pg_add_string(sql, buf_str(&block));
	buf_addstr(sql, ";\n");
	buf_release(&prefix);
	buf_release(&text);
	buf_release(&block);
}

/* "ALTER TABLE ONLY t ALTER COLUMN c SET STORAGE x": that of the type */
static bool undo_storage(struct buf *sql, const char *s)
{
	const char *end = strstr(s, " SET STORAGE ");
	const char *column = strstr(s, " ALTER COLUMN ");
	const char *table = strstr(s, "TABLE ONLY ");
	struct buf name = BUF_INIT, col = BUF_INIT, query = BUF_INIT;

	if (!end || !column || !table)
		return false;
	table += strlen("TABLE ONLY ");
	buf_add(&name, table, (size_t)(column - table));
	column += strlen(" ALTER COLUMN ");
	buf_add(&col, column, (size_t)(end - column));
	buf_addstr(&query, "(SELECT ' SET STORAGE ' || CASE t.typstorage"
			   " WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'"
			   " WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END"
			   " FROM pg_attribute a JOIN pg_type t"
			   " ON t.oid = a.atttypid WHERE a.attrelid = ");
	pg_add_string(&query, buf_str(&name));
	buf_addstr(&query, "::regclass AND quote_ident(a.attname) = ");
	pg_add_string(&query, buf_str(&col));
	buf_addstr(&query, ")");
	add_dynamic(sql, s, end, buf_str(&query));
	buf_release(&name);
	buf_release(&col);
	buf_release(&query);
	return true;
}

bool pg_form_undo(struct buf *sql, const char *s)
{
	const char *at;

	if (starts_with(s, "COMMENT ON ")) {
		at = find_word(s, "is");
		if (!at)
			return false;
		add_upto(sql, s, at);
		buf_addstr(sql, "IS NULL;\n");
		return true;
	}
	if (starts_with(s, "SET SESSION AUTHORIZATION ") ||
	    starts_with(s, "RESET SESSION AUTHORIZATION")) {
		buf_addf(sql, "%s;\n", s);
		return true;
	}
	if (starts_with(s, "GRANT ") || starts_with(s, "REVOKE ") ||
	    starts_with(s, "ALTER DEFAULT PRIVILEGES "))
		return undo_grant(sql, s);
	if (!starts_with(s, "ALTER "))
		return false;
	if ((at = strstr(s, " DEPENDS ON EXTENSION "))) {
		add_upto(sql, s, at);
		buf_addf(sql, " NO%s;\n", at);
		return true;
	}
	if ((at = strstr(s, " OWNER TO "))) {
		/* who is not named is the database's owner */
		add_dynamic(sql, s, at,
			    "(SELECT ' OWNER TO ' || "
			    "quote_ident(pg_get_userbyid(datdba)) "
			    "FROM pg_database "
			    "WHERE datname = current_database())");
		return true;
	}
	return undo_options(sql, s) || undo_storage(sql, s) ||
	       undo_state(sql, s) || undo_publication(sql, s) ||
	       undo_attach(sql, s) || undo_end(sql, s);
}

static bool is_in(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (streq(list[i], s))
			return true;
	return false;
}

/* SET SESSION AUTHORIZATION frames a statement of another role: one unit. */
static bool is_frame(const char *s)
{
	return starts_with(s, "SET SESSION AUTHORIZATION ") ||
	       starts_with(s, "RESET SESSION AUTHORIZATION");
}

bool pg_form_add_difference(struct buf *sql, const char *const *from,
			    size_t n_from, const char *const *to, size_t n_to)
{
	for (size_t i = 0; i < n_from; i++)
		if ((is_frame(from[i]) || !is_in(from[i], to, n_to)) &&
		    !pg_form_undo(sql, from[i]))
			return false;
	for (size_t i = 0; i < n_to; i++)
		if (is_frame(to[i]) || !is_in(to[i], from, n_from))
			buf_addf(sql, "%s;\n", to[i]);
	return true;
}
