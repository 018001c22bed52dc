#include "base/util.h"
#include "sql/pg_parser.h"

/*
 * What a statement is, by its words; parse trees are asked for losses only
 * (pg_loss.c), which keeps a file of a thousand INSERTs cheap and takes what a
 * later PostgreSQL has to offer.
 */
static void classify(struct pg_parser *p);

static void insert(struct pg_parser *p)
{
	if (pg_accept(p, "into"))
		pg_object(p);
}

static void update(struct pg_parser *p)
{
	p->s->only = pg_at(p, "only");
	pg_relation(p);
	pg_update_rest(p);
}

static void delete (struct pg_parser *p)
{
	if (!pg_accept(p, "from"))
		return;
	p->s->only = pg_at(p, "only");
	pg_relation(p);
	pg_delete_rest(p);
}

static void merge(struct pg_parser *p)
{
	if (pg_accept(p, "into"))
		pg_relation(p);
}

/* INTO [TEMP] [TABLE] name: it makes a table. */
static void into(struct pg_parser *p)
{
	struct sql_statement *s = p->s;

	pg_accept(p, "local");
	pg_accept(p, "global");
	if (pg_accept(p, "temp") || pg_accept(p, "temporary"))
		s->temp = true;
	pg_accept(p, "unlogged");
	pg_accept(p, "table");
	s->verb = SQL_CREATE_TABLE;
	s->kind = SQL_KIND_DDL;
	pg_object(p);
}

static void select(struct pg_parser *p)
{
	struct pg_token before = { PG_TK_END, NULL, 0 };

	if (pg_set_config(*p))
		return;
	while (p->t.kind != PG_TK_END) {
		bool is_name = pg_token_is(&before, "as") ||
			       pg_token_is_op(&before, ".");

		if (pg_at(p, "into") && !is_name) {
			pg_advance(p);
			into(p);
			return;
		}
		before = p->t;
		if (pg_token_is_op(&p->t, "("))
			pg_skip_group(p);
		else
			pg_advance(p);
	}
}

/* The statement that WITH leads to: the word of one, and not a query's name. */
static void with(struct pg_parser *p)
{
	static const char *const words[] = { "select", "values", "table",
					     "insert", "update", "delete",
					     "merge" };
	bool named = true;   /* a name comes next */
	bool behind = false; /* of a group */

	while (p->t.kind != PG_TK_END) {
		if (pg_accept(p, "recursive"))
			continue;
		if ((behind && pg_token_is_op(&p->t, "(")) ||
		    (!named && pg_at_one_of(p, words, ARRAY_LEN(words)))) {
			classify(p);
			return;
		}
		named = pg_token_is_op(&p->t, ",");
		behind = pg_token_is_op(&p->t, "(");
		if (behind)
			pg_skip_group(p);
		else
			pg_advance(p);
	}
}

/* EXPLAIN runs the statement with ANALYZE only. */
static void explain(struct pg_parser *p)
{
	bool runs = pg_option(*p, "analyze") == PG_OPTION_ON ||
		    pg_option(*p, "analyse") == PG_OPTION_ON;

	pg_skip_group(p);
	if (pg_accept(p, "analyze") || pg_accept(p, "analyse"))
		runs = true;
	pg_accept(p, "verbose");
	if (runs)
		classify(p);
}

static void truncate_table(struct pg_parser *p)
{
	pg_accept(p, "table");
	pg_relation(p);
	pg_find_losses(p, pg_text(p));
}

/* Whether there is inline data is the splitter's to say. */
static void copy(struct pg_parser *p)
{
	struct sql_statement *s = p->s;
	bool from;

	pg_accept(p, "binary");
	if (!pg_token_is_op(&p->t, "("))
		pg_object(p);
	pg_skip_group(p);
	from = pg_accept(p, "from");
	if (s->copy_data)
		s->copy = SQL_COPY_FROM_STDIN;
	else if (!from && !pg_accept(p, "to"))
		s->copy = SQL_COPY_NONE;
	else if (!pg_at(p, "stdin") && !pg_at(p, "stdout"))
		s->copy = SQL_COPY_SERVER;
	else if (!from)
		s->copy = SQL_COPY_TO_STDOUT;
}

static void two_phase(struct pg_parser *p, const char *word)
{
	if (!pg_accept(p, word))
		return;
	p->s->verb = SQL_TWO_PHASE;
	p->s->object = pg_token_value(&p->t, p->arena);
}

static void commit_or_rollback(struct pg_parser *p)
{
	two_phase(p, "prepared");
	p->s->alone = p->s->verb == SQL_TWO_PHASE;
}

/* PREPARE transaction AS ... prepares a statement of that name. */
static void prepare(struct pg_parser *p)
{
	struct pg_parser ahead = *p;

	pg_advance(&ahead);
	if (pg_token_value(&ahead.t, p->arena))
		two_phase(p, "transaction");
}

static void begin(struct pg_parser *p)
{
	if (!pg_accept(p, "work"))
		pg_accept(p, "transaction");
	pg_begin_modes(p);
}

static void start(struct pg_parser *p)
{
	p->s->unknown = !pg_accept(p, "transaction");
	if (p->s->unknown)
		return;
	p->s->verb = SQL_BEGIN;
	pg_begin_modes(p);
}

static void vacuum(struct pg_parser *p)
{
	p->s->alone = true;
}

static void reindex(struct pg_parser *p)
{
	struct sql_statement *s = p->s;

	s->alone = pg_option(*p, "concurrently") == PG_OPTION_ON;
	pg_skip_group(p);
	if (pg_at(p, "database") || pg_at(p, "system") || pg_at(p, "schema"))
		s->alone = true;
	pg_advance(p);
	if (pg_accept(p, "concurrently"))
		s->alone = true;
	pg_object(p);
}

/* Also REPACK, which comes with 19. */
static void cluster(struct pg_parser *p)
{
	bool concurrently = pg_option(*p, "concurrently") == PG_OPTION_ON;

	pg_skip_group(p);
	pg_accept(p, "verbose");
	if (!pg_at(p, "using"))
		pg_object(p);
	p->s->alone = concurrently || !p->s->object;
}

static void discard(struct pg_parser *p)
{
	p->s->alone = pg_at(p, "all");
}

static void refresh(struct pg_parser *p)
{
	if (!pg_accept_words(p, "materialized view"))
		return;
	pg_accept(p, "concurrently");
	pg_object(p);
}

#define READ SQL_KIND_READ
#define DML SQL_KIND_DML
#define DDL SQL_KIND_DDL

/* Statements that start with this word; rest is NULL when the word says all. */
static const struct leading_word {
	const char *word;
	enum sql_verb verb;
	enum sql_kind kind;
	void (*rest)(struct pg_parser *p);
} leading_words[] = {
	{ "insert", SQL_INSERT, DML, insert },
	{ "select", SQL_SELECT, DML, select },
	{ "create", SQL_CREATE, DDL, pg_create },
	{ "alter", SQL_ALTER, DDL, pg_alter },
	{ "update", SQL_UPDATE, DML, update },
	{ "drop", SQL_DROP, DDL, pg_drop },
	{ "delete", SQL_DELETE, DML, delete },
	{ "comment", SQL_OTHER, READ, NULL },
	{ "set", SQL_SET, READ, pg_set },
	{ "begin", SQL_BEGIN, READ, begin },
	{ "commit", SQL_COMMIT, READ, commit_or_rollback },
	{ "with", SQL_OTHER, DML, with },
	{ "do", SQL_OTHER, DML, NULL },
	{ "grant", SQL_OTHER, DDL, NULL },
	{ "revoke", SQL_OTHER, DDL, NULL },
	{ "copy", SQL_COPY, DML, copy },
	{ "truncate", SQL_TRUNCATE, SQL_KIND_TRUNCATE, truncate_table },
	{ "call", SQL_OTHER, DML, NULL },
	{ "values", SQL_SELECT, DML, NULL },
	{ "table", SQL_SELECT, DML, NULL },
	{ "merge", SQL_MERGE, DML, merge },
	{ "refresh", SQL_OTHER, DML, refresh },
	{ "execute", SQL_OTHER, DML, NULL },
	{ "fetch", SQL_OTHER, DML, NULL },
	{ "move", SQL_OTHER, DML, NULL },
	{ "start", SQL_OTHER, READ, start },
	{ "end", SQL_COMMIT, READ, NULL },
	{ "rollback", SQL_ROLLBACK, READ, commit_or_rollback },
	{ "abort", SQL_ROLLBACK, READ, NULL },
	{ "savepoint", SQL_SAVEPOINT, READ, NULL },
	{ "release", SQL_SAVEPOINT, READ, NULL },
	{ "prepare", SQL_OTHER, READ, prepare },
	{ "reset", SQL_SET, READ, pg_reset },
	{ "show", SQL_OTHER, READ, NULL },
	{ "explain", SQL_OTHER, READ, explain },
	{ "analyze", SQL_ANALYZE, READ, NULL },
	{ "analyse", SQL_ANALYZE, READ, NULL },
	{ "vacuum", SQL_VACUUM, READ, vacuum },
	{ "reindex", SQL_REINDEX, READ, reindex },
	{ "cluster", SQL_OTHER, DDL, cluster },
	{ "repack", SQL_OTHER, DDL, cluster },
	{ "lock", SQL_OTHER, READ, NULL },
	{ "listen", SQL_OTHER, READ, NULL },
	{ "unlisten", SQL_OTHER, READ, NULL },
	{ "notify", SQL_OTHER, READ, NULL },
	{ "declare", SQL_OTHER, READ, NULL },
	{ "close", SQL_OTHER, READ, NULL },
	{ "deallocate", SQL_OTHER, READ, NULL },
	{ "checkpoint", SQL_OTHER, READ, NULL },
	{ "load", SQL_OTHER, READ, NULL },
	{ "discard", SQL_OTHER, DDL, discard },
	{ "reassign", SQL_OTHER, DDL, NULL },
	{ "security", SQL_OTHER, DDL, NULL },
	{ "import", SQL_OTHER, DDL, NULL },
};

static void classify(struct pg_parser *p)
{
	struct sql_statement *s = p->s;

	while (pg_accept_op(p, "("))
		; /* (SELECT ...) UNION ... */
	for (size_t i = 0; i < ARRAY_LEN(leading_words); i++) {
		const struct leading_word *w = &leading_words[i];

		if (!pg_accept(p, w->word))
			continue;
		s->verb = w->verb;
		s->kind = w->kind;
		if (w->rest)
			w->rest(p);
		return;
	}
	s->verb = SQL_OTHER;
	s->kind = SQL_KIND_DDL;
	s->unknown = true;
}

void pg_classify(struct sql_statement *s, bool escapes, struct arena *a)
{
	struct pg_parser p = { .s = s, .arena = a };

	pg_lexer_init(&p.lexer, s->text, s->len);
	p.lexer.escapes = escapes;
	pg_advance(&p);
	classify(&p);
}

void pg_follow_strings(const struct sql_statement *s, struct pg_lexer *l)
{
	static const char *const off[] = { "off", "false", "0", "no" };

	if (s->verb != SQL_SET || !s->object ||
	    !streq(s->object, "standard_conforming_strings"))
		return;
	l->escapes = false;
	for (size_t i = 0; s->detail && i < ARRAY_LEN(off); i++)
		if (pg_same_word(s->detail, off[i]))
			l->escapes = true;
}
