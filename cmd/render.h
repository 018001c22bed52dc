#ifndef CMD_RENDER_H
#define CMD_RENDER_H

#include "cmd/context.h"

/** What an event is called in a sentence: "applied", "rolled back", ... */
const char *render_verb(const char *event);

/** The keys of an event, into the open object (docs/json.md, "Events"). */
void render_event_keys(struct report *r, const struct engine_event *e);

/** snapshot_store and snapshot_host, from what the journal has of both. */
void render_store_keys(struct report *r, const char *stored);

/** An object of an array. */
void render_event(struct report *r, const struct engine_event *e);

/** "3 statements, 12 rows, 5 ms"; nothing where nothing is known. */
void render_counts(struct buf *b, const struct engine_event *e);

/** The first ten digits of an id, "" for NULL; the buffer is the caller's. */
#define RENDER_SHORT 11
const char *render_short(const char *id, char out[RENDER_SHORT]);

/** "12.3 MiB", "512 bytes". */
#define RENDER_BYTES 32
const char *render_bytes(int64_t n, char out[RENDER_BYTES]);

/** The colour of a migration's state or of an event, by its name. */
enum tty_color render_color(const char *state);

#endif
