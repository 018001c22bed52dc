#include <string.h>

#include "base/util.h"
#include "decide/verdict_rules.h"

/* What meets what, for two effects on one thing, or on a thing and a part of
 * it. Rows are in verdict_rows.c. */

/** What two different changes of one aspect are for each other; the first row
 * that fits, from the top. */
static const struct aspect_rule {
	const char *aspect;
	enum verdict both_alter; /**< to different values */
	enum verdict alter_use;  /**< changed here, relied on there */
} aspect_rules[] = {
	/* a set of parts: each part is a thing of its own */
	{ "columns", VERDICT_INDEPENDENT, VERDICT_ORDER },
	{ "constraints", VERDICT_INDEPENDENT, VERDICT_ORDER },
	{ "published", VERDICT_INDEPENDENT, VERDICT_ORDER },
	{ "identity", VERDICT_INDEPENDENT, VERDICT_ORDER },
	{ "extended statistics", VERDICT_INDEPENDENT, VERDICT_ORDER },
	/* may fail, depending on what is there */
	{ "type", VERDICT_ORDER, VERDICT_CONFLICT },
	{ "collation", VERDICT_ORDER, VERDICT_CONFLICT },
	{ "generated", VERDICT_CONFLICT, VERDICT_CONFLICT },
	{ "signature", VERDICT_CONFLICT, VERDICT_CONFLICT },
	{ "schema", VERDICT_CONFLICT, VERDICT_CONFLICT },
	{ "inheritance", VERDICT_CONFLICT, VERDICT_CONFLICT },
	{ NULL, VERDICT_ORDER, VERDICT_ORDER },
};

/** Two aspects of one thing that are not alone with themselves. "" = any. */
static const struct {
	const char *one, *other;
	enum effect_kind kind;
	enum verdict verdict;
	bool use; /**< also where one of them is only relied on */
} aspect_pairs[] = {
	{ "type", "default", EFFECT_COLUMN, VERDICT_ORDER, false },
	{ "type", "generated", EFFECT_COLUMN, VERDICT_CONFLICT, false },
	{ "type", "collation", EFFECT_COLUMN, VERDICT_ORDER, true },
	{ "type", "storage", EFFECT_COLUMN, VERDICT_ORDER, false },
	{ "default", "generated", EFFECT_COLUMN, VERDICT_CONFLICT, false },
	{ "null", "generated", EFFECT_COLUMN, VERDICT_CONFLICT, false },
	{ "value", "options", EFFECT_SEQUENCE, VERDICT_ORDER, true },
	{ "owner", "owned by", EFFECT_SEQUENCE, VERDICT_CONFLICT, false },
	{ "columns", "inheritance", EFFECT_TABLE, VERDICT_CONFLICT, false },
	{ "constraints", "inheritance", EFFECT_TABLE, VERDICT_CONFLICT, false },
	{ "constraints", "persistence", EFFECT_TABLE, VERDICT_ORDER, false },
	{ "extended statistics", "on it", EFFECT_TABLE, VERDICT_ORDER, true },
	{ "identity", "heirs", EFFECT_TABLE, VERDICT_CONFLICT, true },
	{ "published", "persistence", EFFECT_TABLE, VERDICT_CONFLICT, false },
	{ "published", "heir", EFFECT_TABLE, VERDICT_ORDER, false },
	{ "partitions", "heir less", EFFECT_TABLE, VERDICT_ORDER, true },
	{ "published", "heir less", EFFECT_TABLE, VERDICT_ORDER, false },
	{ "columns", "definition", EFFECT_VIEW, VERDICT_ORDER, true },
	{ "signature", "", EFFECT_ROUTINE, VERDICT_CONFLICT, false },
};

static bool fits(const char *pattern, const char *aspect)
{
	return !*pattern || streq(pattern, aspect);
}

/* The verdict of two aspects of one thing; `both` are alterations. */
static enum verdict aspects(const struct effect *ea, const struct effect *eb,
			    bool both)
{
	const struct aspect_rule *r = aspect_rules;
	const char *a = ea->aspect, *b = eb->aspect;

	if (streq(a, b)) {
		while (r->aspect && !streq(r->aspect, a))
			r++;
		return both ? r->both_alter : r->alter_use;
	}
	if (both && (streq(a, "schema") || streq(b, "schema")))
		return VERDICT_CONFLICT;
	for (size_t i = 0; i < ARRAY_LEN(aspect_pairs); i++) {
		const char *one = aspect_pairs[i].one;
		const char *other = aspect_pairs[i].other;

		if ((aspect_pairs[i].kind == ea->kind ||
		     aspect_pairs[i].kind == eb->kind) &&
		    (both || aspect_pairs[i].use) &&
		    ((fits(one, a) && fits(other, b)) ||
		     (fits(one, b) && fits(other, a))))
			return aspect_pairs[i].verdict;
	}
	return VERDICT_INDEPENDENT;
}

/* "app: grant select": of two roles, or two privileges given to one. */
static bool privileges_commute(const char *a, const char *b)
{
	const char *ra = strstr(a, ": "), *rb = strstr(b, ": ");

	if (!ra || !rb)
		return false;
	if (ra - a != rb - b || strncmp(a, b, (size_t)(ra - a)) != 0)
		return true;
	return starts_with(ra, ": grant ") == starts_with(rb, ": grant ");
}

/* A default that goes, or that is the same integer under both types */
static bool fits_type(const struct effect *value, const struct effect *type)
{
	if (!verdict_aspect(value, "default") ||
	    !verdict_aspect(type, "type") || !value->digest || !value->schema)
		return false;
	return streq(value->digest, "no default") ||
	       verdict_is_same_integer(value->digest, type);
}

/* What the owner may do is among the privileges: to take it away is another
 * thing before than after. */
static bool takes_from_owner(const struct effect *owner,
			     const struct effect *privileges)
{
	return verdict_aspect(owner, "owner") &&
	       verdict_aspect(privileges, "privileges") &&
	       (!privileges->digest || strstr(privileges->digest, ": revoke "));
}

/* What is done already cannot be done again. */
static bool is_refused_twice(const struct effect *e)
{
	static const char *const once[] = { "tables", "partitions",
					    "inheritance", "generated",
					    "contents" };

	/* SQLite's tables are made anew with it */
	if (verdict_aspect(e, "generated") &&
	    (!e->schema || starts_with(e->digest, "SetIdentity")))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(once); i++)
		if (verdict_aspect(e, once[i]))
			return true;
	return false;
}

static enum verdict alter_alter(const struct effect *a, const struct effect *b)
{
	if (!a->aspect || !b->aspect || takes_from_owner(a, b) ||
	    takes_from_owner(b, a))
		return VERDICT_ORDER;
	if (streq(a->aspect, b->aspect) && a->digest &&
	    streq_null(a->digest, b->digest))
		return is_refused_twice(a) ? VERDICT_CONFLICT
					   : VERDICT_INDEPENDENT;
	if (streq(a->aspect, b->aspect) && strstr(a->aspect, "privileges") &&
	    a->digest && b->digest && privileges_commute(a->digest, b->digest))
		return VERDICT_INDEPENDENT;
	if (verdict_aspect(a, "partitions") && verdict_aspect(b, "partitions"))
		return verdict_partitions_apart(a, b) ? VERDICT_INDEPENDENT
						      : VERDICT_CONFLICT;
	if ((verdict_aspect(a, "heir") || verdict_aspect(a, "heir less")) &&
	    !verdict_aspect(b, "published"))
		return VERDICT_INDEPENDENT; /* of one heir: it says so */
	if (fits_type(a, b) || fits_type(b, a))
		return VERDICT_INDEPENDENT;
	return aspects(a, b, true);
}

/* Of a table, or of all in a schema: rows are changed that have no replica
 * identity, or it gets an heir. */
static enum verdict published_use(const struct effect *alter,
				  const struct effect *use)
{
	if (verdict_aspect(use, "unpublished"))
		return !alter->digest || starts_with(alter->digest, "changes")
			       ? VERDICT_CONFLICT
			       : VERDICT_INDEPENDENT;
	return verdict_aspect(use, "heirs") && use->strict &&
			       alter->kind == EFFECT_TABLE
		       ? VERDICT_ORDER
		       : VERDICT_INDEPENDENT;
}

static enum verdict alter_use(const struct effect *alter,
			      const struct effect *use)
{
	if (verdict_aspect(alter, "schema"))
		return VERDICT_CONFLICT;
	if (!use->aspect)
		return VERDICT_INDEPENDENT;
	if (verdict_aspect(alter, "published"))
		return published_use(alter, use);
	if (!alter->aspect)
		return VERDICT_ORDER;
	if (verdict_aspect(use, "key") && (verdict_aspect(alter, "type") ||
					   verdict_aspect(alter, "collation")))
		return verdict_is_plain_type(alter->digest)
			       ? VERDICT_INDEPENDENT
			       : VERDICT_CONFLICT;
	return aspects(alter, use, false);
}

static enum verdict create_create(const struct effect *a,
				  const struct effect *b)
{
	bool same = a->kind == b->kind && a->digest &&
		    streq_null(a->digest, b->digest);

	if (!streq_null(a->aspect, b->aspect) || !a->aspect)
		return VERDICT_CONFLICT;
	return same ? VERDICT_INDEPENDENT : VERDICT_ORDER;
}

static bool drops_softly(const struct effect *e)
{
	return e->implied || verdict_aspect(e, "if exists");
}

static struct meet plain(enum verdict v)
{
	return (struct meet){ .verdict = v };
}

/* a makes what b needs. */
static struct meet needs_a(void)
{
	return (struct meet){ .verdict = VERDICT_CONFLICT, .b_needs_a = true };
}

/* One thing, a->action <= b->action. */
static struct meet meet_same(const struct effect *a, const struct effect *b)
{
	switch (a->action) {
	case EFFECT_CREATE:
		if (b->action == EFFECT_CREATE)
			return plain(create_create(a, b));
		if (b->action == EFFECT_DROP && b->implied)
			return plain(VERDICT_CONFLICT);
		return needs_a();
	case EFFECT_DROP:
		if (b->action == EFFECT_DROP && drops_softly(a) &&
		    drops_softly(b))
			return plain(VERDICT_INDEPENDENT);
		return plain(VERDICT_CONFLICT);
	case EFFECT_ALTER:
		return plain(b->action == EFFECT_ALTER ? alter_alter(a, b)
						       : alter_use(a, b));
	case EFFECT_USE:
	case EFFECT_INSERT:
	case EFFECT_UPDATE:
	case EFFECT_DELETE:
	case EFFECT_SELECT:
	case EFFECT_UNCERTAIN:
	case EFFECT_ACTION_COUNT:
		break;
	}
	return plain(VERDICT_INDEPENDENT);
}

/* A thing that goes, and a part of it or what is in that schema. */
static enum verdict whole_dropped(const struct effect *part)
{
	if (part->action == EFFECT_DROP && drops_softly(part))
		return VERDICT_INDEPENDENT;
	return VERDICT_CONFLICT;
}

/* MERGE is refused where there are rules, an upsert where they are on what it
 * does. */
static bool forbids(const struct effect *whole, const struct effect *part)
{
	if (part->kind != EFFECT_RULE || part->action != EFFECT_CREATE ||
	    part->from)
		return false;
	return verdict_aspect(whole, "rules") || !part->columns ||
	       verdict_listed(part->columns, "insert") ||
	       verdict_listed(part->columns, "update");
}

/* A table that inherits later does not get it, or otherwise. */
static bool is_not_handed_down(const struct effect *part)
{
	if (part->kind == EFFECT_COLUMN)
		return part->action == EFFECT_ALTER &&
		       verdict_aspect(part, "statistics");
	return part->kind == EFFECT_CONSTRAINT &&
	       part->action == EFFECT_CREATE && part->digest &&
	       strstr(part->digest, " not valid");
}

/* By LIKE ... INCLUDING */
static bool is_copied(const struct effect *part)
{
	return (part->kind == EFFECT_INDEX || part->kind == EFFECT_CONSTRAINT ||
		part->kind == EFFECT_COLUMN) &&
	       (part->action == EFFECT_CREATE || part->action == EFFECT_DROP ||
		part->action == EFFECT_ALTER);
}

/* A table or view whose set of columns is relied on, and one of them. */
static enum verdict whole_used(const struct effect *whole,
			       const struct effect *part)
{
	if (verdict_aspect(whole, "rules") ||
	    verdict_aspect(whole, "write rules"))
		return forbids(whole, part) ? VERDICT_CONFLICT
					    : VERDICT_INDEPENDENT;
	if (verdict_aspect(whole, "heirs"))
		return is_not_handed_down(part) ? VERDICT_ORDER
						: VERDICT_INDEPENDENT;
	if (verdict_aspect(whole, "nulls"))
		return part->kind == EFFECT_COLUMN &&
				       part->action == EFFECT_ALTER &&
				       verdict_aspect(part, "null")
			       ? VERDICT_ORDER
			       : VERDICT_INDEPENDENT;
	if (verdict_aspect(whole, "on it"))
		return is_copied(part) ? VERDICT_ORDER : VERDICT_INDEPENDENT;
	if (verdict_aspect(whole, "labels"))
		return part->kind == EFFECT_LABEL && part->action == EFFECT_DROP
			       ? VERDICT_ORDER
			       : VERDICT_INDEPENDENT;
	if (part->kind != EFFECT_COLUMN || !verdict_aspect(whole, "columns"))
		return VERDICT_INDEPENDENT;
	if (part->action == EFFECT_CREATE)
		return VERDICT_ORDER;
	/* nothing in SQLite is bound to a type */
	if (part->action == EFFECT_DROP ||
	    (part->action == EFFECT_ALTER && part->schema &&
	     verdict_aspect(part, "type")))
		return VERDICT_CONFLICT;
	return VERDICT_INDEPENDENT;
}

/* "default privileges of tables": kinds by the last word */
static bool is_of(const struct effect *part, const char *aspect)
{
	static const struct {
		const char *word;
		enum effect_kind kind;
	} kinds[] = { { " tables", EFFECT_TABLE },
		      { " tables", EFFECT_VIEW },
		      { " sequences", EFFECT_SEQUENCE },
		      { " types", EFFECT_TYPE },
		      { " schemas", EFFECT_SCHEMA },
		      { " routines", EFFECT_ROUTINE } };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (part->kind == kinds[i].kind &&
		    ends_with(aspect, kinds[i].word))
			return true;
	return false;
}

/* What comes to be, or comes in, gets the privileges or comes too late. */
static enum verdict privileges_of(const struct effect *schema,
				  const struct effect *part)
{
	bool moved = part->from && streq(part->from, part->name);

	if (verdict_aspect(schema, "published"))
		return published_use(schema, part);
	if (!schema->aspect || part->action != EFFECT_CREATE ||
	    !is_of(part, schema->aspect))
		return VERDICT_INDEPENDENT;
	if (!part->from)
		return VERDICT_ORDER;
	return moved && starts_with(schema->aspect, "privileges of all ")
		       ? VERDICT_ORDER
		       : VERDICT_INDEPENDENT;
}

/* A part of the parent, when it gets or loses heirs */
static bool is_handed_down(const struct effect *parent,
			   const struct effect *part)
{
	bool less = verdict_aspect(parent, "heir less");

	if (!less && !verdict_aspect(parent, "heir") &&
	    !(verdict_aspect(parent, "partitions") && parent->strict))
		return false;
	if (part->action != EFFECT_CREATE && part->action != EFFECT_DROP &&
	    part->action != EFFECT_ALTER)
		return false;
	return part->kind == EFFECT_COLUMN || part->kind == EFFECT_CONSTRAINT ||
	       (less &&
		(part->kind == EFFECT_INDEX || part->kind == EFFECT_TRIGGER));
}

static enum verdict whole_altered(const struct effect *whole,
				  const struct effect *part)
{
	if (whole->kind == EFFECT_SCHEMA)
		return privileges_of(whole, part);
	if (verdict_aspect(whole, "rebuilt"))
		return part->action == EFFECT_USE ? VERDICT_INDEPENDENT
						  : VERDICT_ORDER;
	if (verdict_aspect(whole, "schema") || !whole->aspect)
		return VERDICT_CONFLICT;
	if (whole->kind == EFFECT_TABLE)
		return is_handed_down(whole, part) ? VERDICT_ORDER
						   : VERDICT_INDEPENDENT;
	if (whole->kind == EFFECT_VIEW && part->kind == EFFECT_COLUMN &&
	    (verdict_aspect(whole, "definition") ||
	     verdict_aspect(whole, "columns")))
		return VERDICT_ORDER;
	return VERDICT_INDEPENDENT;
}

/* b's thing is in a's. */
static struct meet meet_inside(const struct effect *a, const struct effect *b)
{
	if (a->action == EFFECT_CREATE)
		return needs_a();
	if (a->action == EFFECT_DROP)
		return plain(whole_dropped(b));
	if (verdict_is_rows(b))
		return verdict_rows_thing(b, a);
	if (a->action == EFFECT_ALTER)
		return plain(whole_altered(a, b));
	return plain(a->action == EFFECT_USE ? whole_used(a, b)
					     : VERDICT_INDEPENDENT);
}

static struct meet mirrored(struct meet m)
{
	return (struct meet){ .verdict = m.verdict,
			      .b_needs_a = m.a_needs_b,
			      .a_needs_b = m.b_needs_a };
}

/* "before x", "after x": where a new label goes; without, behind all. */
static bool goes(const struct effect *label, const char *where)
{
	return label->digest && starts_with(label->digest, where);
}

/* The order of labels is part of the type: two that may go into one gap. */
static enum verdict two_siblings(const struct effect *a, const struct effect *b)
{
	bool index = a->kind == EFFECT_INDEX;
	bool before = goes(a, "before ") || goes(b, "before ");
	bool after = goes(a, "after ") || goes(b, "after ");

	if (a->action != EFFECT_CREATE || b->action != EFFECT_CREATE ||
	    a->from || b->from)
		return VERDICT_INDEPENDENT;
	if (index || (before && after))
		return VERDICT_ORDER;
	if ((before || after) && !streq_null(a->digest, b->digest) &&
	    (before || (a->digest && b->digest)))
		return VERDICT_INDEPENDENT;
	return VERDICT_ORDER;
}

struct meet verdict_meet(const struct effect *a, const struct effect *b)
{
	enum nearness near = verdict_near(a, b);

	if (near == NEAR_NOT)
		return plain(VERDICT_INDEPENDENT);
	if (a->action == EFFECT_UNCERTAIN || b->action == EFFECT_UNCERTAIN)
		return plain(VERDICT_UNCERTAIN);
	switch (near) {
	case NEAR_SAME:
		return a->action <= b->action ? meet_same(a, b)
					      : mirrored(meet_same(b, a));
	case NEAR_INSIDE:
		return meet_inside(a, b);
	case NEAR_AROUND:
		return mirrored(meet_inside(b, a));
	case NEAR_ROWS:
		return plain(verdict_rows(a, b));
	case NEAR_ROWS_A:
		return mirrored(verdict_rows_thing(a, b));
	case NEAR_ROWS_B:
		return verdict_rows_thing(b, a);
	case NEAR_SIBLING:
		return plain(two_siblings(a, b));
	case NEAR_NOT:
		break;
	}
	return plain(VERDICT_INDEPENDENT);
}
