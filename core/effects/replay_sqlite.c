#include "effects/replay_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/*
 * A SQLite database in memory. What a hostile migration could do to us is
 * stopped in several places: the authorizer refuses what reaches outside, the
 * file system has no files, SQLite's defensive mode guards its own tables,
 * and memory and time have limits.
 */

/* Beyond the memory that a migration may take: to undo it. */
#define HEADROOM ((int64_t)64 * 1024 * 1024)

/*
 * A function works on a whole value at once, and nothing can stop it before
 * it is done: instr() of two values of a megabyte takes seconds.
 */
#define VALUE_BYTES (1024 * 1024)
#define PATTERN_BYTES 1000
#define STATEMENT_BYTES (64 * 1024 * 1024)

struct err *replay_sqlite_error(struct replay_sqlite *r, const char *doing)
{
	return err_new(ERR_TARGET, "%s: %s", doing, sqlite3_errmsg(r->db));
}

struct err *replay_sqlite_exec(struct replay_sqlite *r, const char *sql)
{
	if (sqlite3_exec(r->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return NULL;
	return replay_sqlite_error(r, "replay");
}

struct err *replay_sqlite_prepare(struct replay_sqlite *r, const char *sql,
				  sqlite3_stmt **out)
{
	*out = NULL;
	if (sqlite3_prepare_v2(r->db, sql, -1, out, NULL) == SQLITE_OK)
		return NULL;
	return replay_sqlite_error(r, "replay");
}

void replay_sqlite_relax(struct replay_sqlite *r, bool relaxed)
{
	r->budget.max = r->base.limits.memory_bytes + (relaxed ? HEADROOM : 0);
}

static void set_limits(sqlite3 *db)
{
	static const struct {
		int id, value;
	} limits[] = {
		{ SQLITE_LIMIT_LENGTH, VALUE_BYTES },
		{ SQLITE_LIMIT_SQL_LENGTH, STATEMENT_BYTES },
		{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_BYTES },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 100 },
		{ SQLITE_LIMIT_ATTACHED, 1 }, /* VACUUM's copy */
		{ SQLITE_LIMIT_WORKER_THREADS, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		sqlite3_limit(db, limits[i].id, limits[i].value);
}

/*
 * Not TRUSTED_SCHEMA = 0: CHECKs, views and triggers could then not call the
 * JSON functions, and nothing here is made safer. What a function could do to
 * us the authorizer hears of in a schema, too.
 */
static void set_config(sqlite3 *db)
{
	static const struct {
		int op, value;
	} configs[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0 },
		{ SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(configs); i++)
		sqlite3_db_config(db, configs[i].op, configs[i].value, NULL);
}

static struct err *configure(struct replay_sqlite *r)
{
	char sql[120];

	sqlite3_extended_result_codes(r->db, 1);
	set_config(r->db);
	set_limits(r->db);
	replay_functions(r);
	sqlite3_snprintf(sizeof(sql), sql,
			 "PRAGMA temp_store = memory;"
			 "PRAGMA main.max_page_count = %lld",
			 (long long)(r->base.limits.memory_bytes / 4096));
	return replay_sqlite_exec(r, sql);
}

static void sqlite_close_replay(struct replay *base)
{
	struct replay_sqlite *r = replay_sqlite_of(base);
	struct sqlite_budget *before = sqlite_heap_use(&r->budget);

	sqlite3_close_v2(r->db);
	sqlite_heap_use(before);
	replay_guard_reset(&r->guard);
	replay_release(base);
	free(r);
}

static struct err *sqlite_clone(struct replay *base, struct replay **out);
static struct err *sqlite_image(struct replay *base, struct buf *out);
static struct err *sqlite_refresh(struct replay *base);

static const struct replay_ops sqlite_ops = {
	.close = sqlite_close_replay,
	.clone = sqlite_clone,
	.image = sqlite_image,
	.run = replay_sqlite_run,
	.seed = replay_sqlite_seed,
	.refresh = sqlite_refresh,
	.rows = replay_sqlite_rows,
};

/* With `from`, a copy of it; else empty. */
static struct err *open_with(struct replay **out, sqlite3 *from,
			     const struct replay_limits *limits)
{
	struct replay_sqlite *r = xcalloc(1, sizeof(*r));
	struct sqlite_budget *before;
	struct err *e = NULL;

	sqlite_heap_install();
	replay_init(&r->base, &sqlite_ops, limits);
	replay_sqlite_relax(r, true);
	before = sqlite_heap_use(&r->budget);
	if (sqlite3_open_v2(":memory:", &r->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				    SQLITE_OPEN_NOMUTEX,
			    replay_vfs()) != SQLITE_OK)
		e = replay_sqlite_error(r, "open a database in memory");
	if (!e && from)
		e = replay_sqlite_copy(r->db, from);
	if (!e)
		e = configure(r);
	if (!e)
		replay_guard_init(r);
	sqlite_heap_use(before);
	if (e)
		replay_close(&r->base);
	else
		*out = &r->base;
	return e;
}

struct err *replay_sqlite_open(struct replay **out,
			       const struct replay_limits *limits)
{
	*out = NULL;
	return open_with(out, NULL, limits);
}

struct err *replay_sqlite_copy(sqlite3 *to, sqlite3 *from)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");

	if (b) {
		sqlite3_backup_step(b, -1);
		if (sqlite3_backup_finish(b) == SQLITE_OK)
			return NULL;
	}
	return err_new(ERR_TARGET, "copy a database in memory: %s",
		       sqlite3_errmsg(to));
}

static struct err *sqlite_clone(struct replay *base, struct replay **out)
{
	struct replay_sqlite *r = replay_sqlite_of(base);

	if (r->broken)
		return err_new(ERR_STATE, "a replay that ran out of memory "
					  "cannot be copied");
	return open_with(out, r->db, &base->limits);
}

static struct err *sqlite_image(struct replay *base, struct buf *out)
{
	struct replay_sqlite *r = replay_sqlite_of(base);
	sqlite3_int64 size = 0;
	unsigned char *bytes = sqlite3_serialize(r->db, "main", &size, 0);

	if (!bytes && size)
		return err_new(ERR_TARGET, "out of memory for an image");
	buf_add(out, bytes, (size_t)size);
	sqlite3_free(bytes);
	return NULL;
}

static struct err *sqlite_refresh(struct replay *base)
{
	return schema_sqlite_refresh(&base->schema, replay_sqlite_of(base)->db,
				     SCHEMA_SCOPE_ALL, NULL);
}

static bool is_image(const unsigned char *image, size_t len)
{
	size_t page;

	if (len < 512 || memcmp(image, "SQLite format 3", 16) != 0)
		return false;
	page = (size_t)image[16] << 8 | image[17];
	if (page == 1)
		page = 65536;
	if (page < 512 || len % page)
		return false;
	return ((size_t)image[28] << 24 | (size_t)image[29] << 16 |
		(size_t)image[30] << 8 | image[31]) == len / page;
}

/* Reading the schema tells a damaged one. */
static struct err *open_checked(struct replay **out, sqlite3 *db,
				const struct replay_limits *limits)
{
	struct err *e = open_with(out, db, limits);
	struct sqlite_budget *before;
	struct replay_sqlite *r;

	if (e)
		return e;
	r = replay_sqlite_of(*out);
	before = sqlite_heap_use(&r->budget);
	e = replay_sqlite_exec(r, "SELECT 1 FROM sqlite_schema LIMIT 1");
	sqlite_heap_use(before);
	if (e) {
		replay_close(*out);
		*out = NULL;
	}
	return e;
}

/* A database that has never been written to has no bytes at all. */
struct err *replay_sqlite_load(struct replay **out, const void *image,
			       size_t len, const struct replay_limits *limits)
{
	unsigned char *bytes;
	sqlite3 *db = NULL;
	struct err *e = NULL;

	*out = NULL;
	if (!len)
		return open_with(out, NULL, limits);
	if (!is_image(image, len))
		return err_new(ERR_STATE, "no image of a replay");
	sqlite_heap_install();
	bytes = xmalloc(len);
	memcpy(bytes, image, len);
	if (sqlite3_open_v2(":memory:", &db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			    replay_vfs()) != SQLITE_OK ||
	    sqlite3_deserialize(db, "main", bytes, (sqlite3_int64)len,
				(sqlite3_int64)len,
				SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
		e = err_new(ERR_STATE, "no image of a replay");
	if (!e && (e = open_checked(out, db, limits))) {
		err_free(e);
		e = err_new(ERR_STATE, "no image of a replay");
	}
	sqlite3_close_v2(db);
	free(bytes);
	return e;
}
