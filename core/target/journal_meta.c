#include "target/journal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/util.h"
#include "base/xalloc.h"
#include "target/journal_sql.h"

/* Making the journal, and what it says about itself. */

void journal_meta_release(struct journal_meta *m)
{
	free(m->location);
	free(m->branch);
	m->location = m->branch = NULL;
}

void journal_new_uuid(char out[37])
{
	unsigned char b[16];
	size_t n = 0;

	while (n < sizeof(b)) {
		ssize_t got = getrandom(b + n, sizeof(b) - n, 0);

		n += got > 0 ? (size_t)got : 0;
	}
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 4122, version 4 */
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(out, 37,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
		 b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* One row of meta; keys that we do not know are a newer tool's business. */
static struct err *take_meta(void *payload, int n,
			     const struct target_value *cell)
{
	struct journal_meta *m = payload;
	const char *key = cell[0].s, *value = cell[1].s;

	(void)n;
	if (cell[0].type != TARGET_TEXT || cell[1].type != TARGET_TEXT)
		return NULL;
	if (streq(key, "format"))
		m->format = (int)strtol(value, NULL, 10);
	else if (streq(key, "uuid"))
		snprintf(m->uuid, sizeof(m->uuid), "%s", value);
	else if (streq(key, "protected"))
		m->is_protected = streq(value, "1") || streq(value, "true");
	else if (streq(key, "location") && !m->location)
		m->location = xstrdup(value);
	else if (streq(key, "branch") && !m->branch)
		m->branch = xstrdup(value);
	return NULL;
}

static struct err *take_count(void *payload, int n,
			      const struct target_value *cell)
{
	int64_t *out = payload;

	(void)n;
	*out = cell[0].i;
	return NULL;
}

static struct err *not_ours(struct err *why)
{
	struct err *e = err_new(ERR_STATE,
				"the database has git_migrate_ tables that "
				"are not a whole journal%s%s",
				why ? ": " : "", why ? err_text(why) : "");

	err_free(why);
	return err_hint(e, "restore the database from a backup, or rename or "
			   "drop what is called git_migrate_...");
}

/* Neither interrupted nor busy; of a code, only "undefined table" says it. */
static bool may_be_absent(const struct err *why)
{
	const char *code = err_code_of(why);

	return err_class_of(why) == ERR_TARGET &&
	       (!code || streq(code, "42P01"));
}

/*
 * *none: there is no journal, and that is no error. Something like one is,
 * when it is still no journal at a second look: another run may have made it
 * between the two questions.
 */
static struct err *read_rows(struct target *t, struct journal_meta *out,
			     bool *none)
{
	const struct journal_sql *sql = journal_sql_of(t);
	struct err *why, *e;
	int64_t n = 0;

	*none = false;
	for (int look = 0; look < 2; look++) {
		why = target_query(t, sql->meta, NULL, 0, take_meta, out);
		if (!why || !may_be_absent(why))
			return why;
		e = target_query(t, sql->exists, NULL, 0, take_count, &n);
		if (e) { /* the database is in trouble; that was the reason */
			err_free(e);
			return why;
		}
		if (n > 0 && look)
			return not_ours(why);
		err_free(why);
		*none = n == 0;
		if (*none)
			break;
	}
	return NULL;
}

static struct err *check_format(const struct journal_meta *m)
{
	if (m->format > JOURNAL_FORMAT)
		return err_hint(err_new(ERR_REFUSED,
					"database has journal format %d, this "
					"git-migrate knows %d",
					m->format, JOURNAL_FORMAT),
				"upgrade git-migrate");
	if (m->format < 1 || strlen(m->uuid) != 36)
		return not_ours(NULL);
	return NULL;
}

struct err *journal_meta_read(struct target *t, struct journal_meta *out)
{
	const struct journal_sql *sql = journal_sql_of(t);
	struct err *e;
	bool none;

	*out = (struct journal_meta){ .present = false };
	e = read_rows(t, out, &none);
	if (e || none)
		return e;
	if (!(e = check_format(out)) &&
	    (e = target_query(t, sql->check, NULL, 0, NULL, NULL)))
		e = not_ours(e);
	if (e)
		journal_meta_release(out);
	out->present = !e;
	return e;
}

struct err *journal_meta_set(struct target *t, const char *key,
			     const char *value)
{
	struct target_value args[2] = { target_text(key), target_text(value) };

	return err_wrap(target_query(t, journal_sql_of(t)->meta_set, args, 2,
				     NULL, NULL),
			"write the journal");
}

struct err *journal_create(struct target *t, const char *location,
			   char uuid[37])
{
	char format[12];
	struct err *e;

	assert(target_in_transaction(t));
	journal_new_uuid(uuid);
	snprintf(format, sizeof(format), "%d", JOURNAL_FORMAT);
	e = target_exec(t, journal_sql_of(t)->create);
	if (!e)
		e = target_exec(t, journal_sql_of(t)->create_snapshots);
	if (!e)
		e = journal_meta_set(t, "format", format);
	if (!e)
		e = journal_meta_set(t, "uuid", uuid);
	if (!e)
		e = journal_meta_set(t, "protected", "0");
	if (!e)
		e = journal_meta_set(t, "location", location);
	return err_wrap(e, "make the journal");
}
