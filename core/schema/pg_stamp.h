#ifndef SCHEMA_PG_STAMP_H
#define SCHEMA_PG_STAMP_H

#include "postgres/conn.h"
#include "schema/pg_state.h"

/**
 * Where the stamps of two moments are equal, nothing was changed between them
 * that a reading sees, whoever did it.
 *
 * @param[out] out "": this server or role has none
 */
MUST_USE struct err *pg_stamp(struct pg_conn *c, char out[PG_STAMP_SIZE]);

#endif
