#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_read.h"
#include "schema/pg_stamp.h"

/*
 * A number for all that the questions of a reading look at: for each catalog
 * the sum over its rows of a digest of their place and the transaction that
 * wrote them. A row that is changed, made or dropped changes it; two rows that
 * are written anew have other transactions. What the server writes into a row
 * where it stands (VACUUM, ANALYZE: numbers of rows, the oldest transaction)
 * does not, and is in no text. Roles and user mappings, of which not every
 * role sees the rows' system columns, count with their content.
 *
 * Left out: statistics, large objects, which replication has been where.
 */

#define ROWS(number, catalog)                                           \
	"SELECT sum(hashtidextended(ctid, xmin::text::int8 + (" #number \
	"::int8 << 33))), count(*) FROM pg_catalog.pg_" catalog

#define DATABASE                                  \
	"(SELECT oid FROM pg_catalog.pg_database" \
	" WHERE datname = current_database())"

#define NEXT(number, catalog) " UNION ALL " ROWS(number, catalog)

/* clang-format off */
static const char *const stamp[] = {
	/* no row that counts: NULL, and no stamp */
	"SELECT current_setting('server_version_num') || ' ' || current_user"
	" || ' ' || " DATABASE " || ' ' || sum(digest) || ' ' || sum(n) FROM (",
	/* schemas of temporary objects come with sessions */
	ROWS(0, "namespace") " WHERE nspname !~ '^pg_(toast_)?temp_'"
	NEXT(1, "aggregate")
	NEXT(2, "am")
	NEXT(3, "amop")
	NEXT(4, "amproc")
	NEXT(5, "attrdef")
	NEXT(6, "attribute")
	NEXT(7, "cast")
	NEXT(8, "class")
	NEXT(9, "collation")
	NEXT(10, "constraint")
	NEXT(11, "conversion")
	NEXT(12, "default_acl")
	NEXT(13, "depend")
	NEXT(14, "description")
	NEXT(15, "enum")
	NEXT(16, "event_trigger")
	NEXT(17, "extension"),
	NEXT(18, "foreign_data_wrapper")
	NEXT(19, "foreign_server")
	NEXT(20, "foreign_table")
	NEXT(21, "index")
	NEXT(22, "inherits")
	NEXT(23, "init_privs")
	NEXT(24, "language")
	NEXT(25, "opclass")
	NEXT(26, "operator")
	NEXT(27, "opfamily")
	NEXT(28, "partitioned_table")
	NEXT(29, "policy")
	NEXT(30, "proc")
	NEXT(31, "publication")
	NEXT(32, "publication_rel")
	"@15(" NEXT(33, "publication_namespace") "|)"
	NEXT(34, "range")
	NEXT(35, "rewrite"),
	NEXT(36, "seclabel")
	NEXT(37, "sequence")
	NEXT(38, "statistic_ext")
	NEXT(39, "transform")
	NEXT(40, "trigger")
	NEXT(41, "ts_config")
	NEXT(42, "ts_config_map")
	NEXT(43, "ts_dict")
	NEXT(44, "ts_parser")
	NEXT(45, "ts_template")
	NEXT(46, "type")
	NEXT(47, "database") " WHERE datname = current_database()"
	NEXT(48, "tablespace")
	NEXT(49, "db_role_setting") " WHERE setdatabase IN (0, " DATABASE ")"
	NEXT(50, "shdescription")
	NEXT(51, "shseclabel")
	NEXT(52, "auth_members")
	" UNION ALL SELECT sum(hashtextextended(r::text, 60)), count(*) FROM"
	" pg_catalog.pg_roles r"
	" UNION ALL SELECT sum(hashtextextended(u::text, 61)), count(*) FROM"
	" pg_catalog.pg_user_mappings u) s (digest, n)"
	/* of these little can be seen by everybody */
	" WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_subscription"
	" WHERE subdbid = " DATABASE ")",
	NULL
};
/* clang-format on */

static struct err *take(void *payload, int n, const struct pg_cell *cell)
{
	char *out = payload;

	(void)n;
	if (cell[0].s && cell[0].len < PG_STAMP_SIZE)
		memcpy(out, cell[0].s, cell[0].len + 1);
	return NULL;
}

struct err *pg_stamp(struct pg_conn *c, char out[PG_STAMP_SIZE])
{
	struct pg_read r = { .conn = c };
	struct buf sql = BUF_INIT;
	struct err *err = NULL;

	out[0] = '\0';
	if (pg_conn_version(c) < 140000)
		return NULL;
	pg_template(&sql, &r, stamp, false);
	err = pg_query_once(c, buf_str(&sql), NULL, 0, take, out);
	buf_release(&sql);
	return err;
}
