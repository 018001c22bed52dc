#include <string.h>

#include "sql/sql.h"

/* What a file says about transactions where a migration is one. */

/* What a BEGIN says of its transaction stays, as a setting; else it goes. */
static bool stays(struct sql_statement *s)
{
	if (s->verb == SQL_BEGIN && s->object)
		s->verb = SQL_SET;
	return !sql_is_transaction_command(s);
}

static void drop_around(struct sql_script *s)
{
	size_t first;

	if (s->n < 2 || s->statements[0].verb != SQL_BEGIN ||
	    s->statements[s->n - 1].verb != SQL_COMMIT)
		return;
	first = stays(&s->statements[0]) ? 0 : 1;
	s->n -= 1 + first;
	memmove(s->statements, s->statements + first,
		s->n * sizeof(*s->statements));
}

/* Each BEGIN has its COMMIT, and nothing else speaks of transactions. */
static bool are_blocks(const struct sql_script *s)
{
	bool open = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct sql_statement *at = &s->statements[i];

		if (!sql_is_transaction_command(at))
			continue;
		if (at->verb != (open ? SQL_COMMIT : SQL_BEGIN))
			return false;
		open = !open;
	}
	return !open;
}

static void drop_blocks(struct sql_script *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (stays(&s->statements[i]))
			s->statements[n++] = s->statements[i];
	s->n = n;
}

void sql_unwrap(struct sql_script *s, bool blocks)
{
	if (blocks && are_blocks(s))
		drop_blocks(s);
	else
		drop_around(s);
}
