#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/capture_pg.h"
#include "target/target_pg.h"

/*
 * Labels of enums that the migration renamed: each has a number of its own,
 * by which the observer knows what it was called.
 */

static struct err *take_label(void *payload, int n, const struct pg_cell *cell)
{
	struct pg_labels *list = payload;
	struct pg_label *l;

	(void)n;
	VEC_GROW(list->v, list->n, list->cap);
	l = &list->v[list->n++];
	l->oid = (unsigned)strtoul(cell[0].s, NULL, 10);
	l->word = xstrdup(cell[1].s);
	l->type = xstrdup(cell[2].s);
	l->type_oid = (unsigned)strtoul(cell[3].s, NULL, 10);
	return NULL;
}

#define LABELS                                              \
	"SELECT e.oid, quote_literal(e.enumlabel), "        \
	"format('%I.%I', n.nspname, t.typname), t.oid "     \
	"FROM pg_catalog.pg_enum e "                        \
	"JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid " \
	"JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace "

struct err *pg_capture_labels(struct pg_capture *c)
{
	buf_reset(&c->sql);
	buf_addstr(&c->sql, LABELS "WHERE ");
	pg_capture_add_is_ours(&c->sql, c, "e.xmin");
	return pg_query_once(c->c, buf_str(&c->sql), NULL, 0, take_label,
			     &c->labels);
}

static const struct pg_label *find(const struct pg_labels *list, unsigned oid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].oid == oid)
			return &list->v[i];
	return NULL;
}

static struct err *ask_observer(struct pg_capture *c,
				const struct pg_labels *now)
{
	struct err *e = NULL;
	bool any = false;

	buf_reset(&c->sql);
	buf_addstr(&c->sql, LABELS "WHERE e.oid IN (");
	for (size_t i = 0; i < now->n; i++)
		if (!find(&c->labels, now->v[i].oid)) {
			buf_addf(&c->sql, "%s%u", any ? ", " : "",
				 now->v[i].oid);
			any = true;
		}
	buf_addstr(&c->sql, ")");
	if (any)
		e = pg_capture_second(c);
	if (!e && any)
		e = pg_query_once(c->second, buf_str(&c->sql), NULL, 0,
				  take_label, &c->labels);
	return e;
}

/* A value before and behind would look alike, and not be. */
static struct err *check_words(const struct pg_labels *was,
			       const struct pg_label *now)
{
	for (size_t i = 0; i < was->n; i++)
		if (was->v[i].oid != now->oid &&
		    was->v[i].type_oid == now->type_oid &&
		    streq(was->v[i].word, now->word))
			return err_hint(
				err_new(ERR_STATE,
					"%s of the enum %s is another label "
					"now, and rows are written, too",
					now->word, was->v[i].type),
				"rename labels in a migration of its own");
	return NULL;
}

struct err *pg_capture_renamed_labels(struct pg_capture *c, bool rows,
				      struct schema_delta *d, struct arena *a)
{
	struct pg_labels now = { NULL, 0, 0 };
	struct err *e;

	buf_reset(&c->sql);
	buf_addstr(&c->sql, LABELS "WHERE ");
	pg_capture_add_is_ours(&c->sql, c, "e.xmin");
	buf_addstr(&c->sql, " ORDER BY e.oid");
	e = pg_query_once(c->c, buf_str(&c->sql), NULL, 0, take_label, &now);
	if (!e)
		e = ask_observer(c, &now);
	for (size_t i = 0; i < now.n && !e; i++) {
		const struct pg_label *was = find(&c->labels, now.v[i].oid);

		if (rows)
			e = check_words(&c->labels, &now.v[i]);
		if (!e && was && !streq(was->word, now.v[i].word))
			pg_capture_add_rename(d, a, was->type, was->word,
					      now.v[i].word);
	}
	pg_labels_release(&now);
	return e;
}

void pg_labels_release(struct pg_labels *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].word);
		free(list->v[i].type);
	}
	free(list->v);
	memset(list, 0, sizeof(*list));
}
