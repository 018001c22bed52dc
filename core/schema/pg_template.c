#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_read.h"

/* One expansion; arguments point into the template. */
struct expansion {
	struct buf *out;
	const struct pg_read *read;
	bool filtered;
};

struct span {
	const char *s;
	size_t len;
};

static void expand(struct expansion *x, struct span in);

/* Cut "a|b)" behind an opening bracket; returns the place behind the ")". */
static const char *arguments(const char *s, struct span *a, struct span *b)
{
	int depth = 0;
	bool second = false;

	*a = (struct span){ s, 0 };
	*b = (struct span){ s, 0 };
	for (;; s++) {
		if (*s == '|' && s[1] == '|') {
			s++;
		} else if (*s == '|' && !depth) {
			a->len = (size_t)(s - a->s);
			b->s = s + 1;
			second = true;
		} else if (*s == '(') {
			depth++;
		} else if (*s == ')' && depth-- == 0) {
			break;
		}
	}
	if (second)
		b->len = (size_t)(s - b->s);
	else
		a->len = (size_t)(s - a->s);
	return s + 1;
}

static void add(struct expansion *x, struct span s)
{
	buf_add(x->out, s.s, s.len);
}

static void add_namespace(struct expansion *x, struct span alias)
{
	buf_addf(x->out,
		 "left(%.*s.nspname, 3) <> 'pg_' AND %.*s.nspname NOT IN "
		 "('information_schema', ",
		 (int)alias.len, alias.s, (int)alias.len, alias.s);
	pg_add_string(x->out, x->read->journal_schema);
	buf_addstr(x->out, ")");
}

/*
 * Members of extensions. Where all rows are looked at their list is made once
 * (the index on what is referred to has it), else each row is asked.
 */
static void add_no_member(struct expansion *x, struct span class,
			  struct span row)
{
	const char *of_row = x->filtered ? " AND xm.objid = " : "";

	buf_addf(x->out,
		 x->filtered ? "NOT EXISTS (SELECT"
			     : "%.*s.oid NOT IN (SELECT xm.objid",
		 (int)row.len, row.s);
	buf_addf(x->out,
		 " FROM pg_depend xm WHERE xm.classid = %.*s"
		 " AND xm.refclassid = 3079 AND xm.deptype = 'e'%s",
		 (int)class.len, class.s, of_row);
	if (x->filtered)
		buf_addf(x->out, "%.*s.oid", (int)row.len, row.s);
	buf_addstr(x->out, ")");
}

/* pg_attver is bookkeeping of some builds of the server, not of ours. */
static void add_reloptions(struct expansion *x, struct span list,
			   struct span prefix)
{
	buf_addstr(x->out, "(SELECT string_agg('");
	add(x, prefix);
	buf_addstr(x->out,
		   "' || split_part(ro, '=', 1) || '=' || CASE WHEN "
		   "substr(ro, strpos(ro, '=') + 1) ~ "
		   "'^([a-z_]+|[0-9]+([.][0-9]+)?)$' "
		   "THEN substr(ro, strpos(ro, '=') + 1) ELSE "
		   "quote_literal(substr(ro, strpos(ro, '=') + 1)) END, "
		   "', ' ORDER BY rn) FROM unnest(");
	add(x, list);
	buf_addstr(x->out, ") WITH ORDINALITY ros(ro, rn) WHERE ro NOT LIKE "
			   "'pg!_attver=%' ESCAPE '!')");
}

/* What may hold a password is told by its name. */
static void add_foreign_options(struct expansion *x, struct span list)
{
	buf_addstr(x->out,
		   "(SELECT string_agg(quote_ident(option_name) || ' ' || "
		   "CASE WHEN option_name ~* "
		   "'pass|secret|token|key|credential' "
		   "AND option_name !~* '^(keepalives.*|key_column|key)$' "
		   "THEN '''********''' ELSE quote_literal(option_value) END, "
		   "', ') FROM pg_options_to_table(");
	add(x, list);
	buf_addstr(x->out, "))");
}

static void add_owner(struct expansion *x, struct span owner)
{
	buf_addstr(x->out, "CASE WHEN ");
	add(x, owner);
	buf_addstr(x->out,
		   " <> (SELECT datdba FROM pg_database WHERE datname = "
		   "current_database()) THEN quote_ident(pg_get_userbyid(");
	add(x, owner);
	buf_addstr(x->out, ")) END");
}

static void add_filter(struct expansion *x, struct span oid)
{
	if (!x->filtered)
		return;
	buf_addstr(x->out, " AND ");
	add(x, oid);
	buf_addstr(x->out, " = ANY ($1)");
}

static const char *expand_one(struct expansion *x, const char *at)
{
	struct span a, b;
	char *digits_end;
	long version = strtol(at, &digits_end, 10);
	const char *end;

	if (digits_end != at) {
		end = arguments(digits_end + 1, &a, &b);
		expand(x, pg_conn_version(x->read->conn) >= version * 10000
				  ? a
				  : b);
		return end;
	}
	end = arguments(at + 2, &a, &b);
	if (*at == 'N')
		add_namespace(x, a);
	else if (*at == 'X')
		add_no_member(x, a, b);
	else if (*at == 'R')
		add_reloptions(x, a, b);
	else if (*at == 'P')
		add_foreign_options(x, a);
	else if (*at == 'O')
		add_owner(x, a);
	else
		add_filter(x, a);
	return end;
}

static void expand(struct expansion *x, struct span in)
{
	const char *end = in.s + in.len;

	while (in.s < end) {
		const char *at = memchr(in.s, '@', (size_t)(end - in.s));
		size_t plain = (size_t)((at ? at : end) - in.s);

		buf_add(x->out, in.s, plain);
		in.s += plain;
		if (at)
			in.s = expand_one(x, at + 1);
	}
}

void pg_template(struct buf *out, const struct pg_read *r,
		 const char *const *pieces, bool filtered)
{
	struct expansion x = { out, r, filtered };
	struct buf sql = BUF_INIT;

	for (size_t i = 0; i < PG_PIECES && pieces[i]; i++)
		buf_addstr(&sql, pieces[i]);
	expand(&x, (struct span){ buf_str(&sql), sql.len });
	buf_release(&sql);
}
