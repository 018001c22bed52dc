#ifndef EFFECTS_REPLAY_FX_HAND_H
#define EFFECTS_REPLAY_FX_HAND_H

#include "effects/replay_fx.h"

/*
 * A statement that writes rows; for replay_fx_rows.c, which tells what it does
 * itself, and replay_fx_others.c: what it reads, and what happens through
 * triggers and views.
 */

/** One statement in hand. */
struct hand {
	struct fx *fx;
	const struct sql_statement *s;
	struct fx_text text;
	bool read;                  /**< text was understood */
	const struct fx_info *info; /**< of the table that is written */
	const char *via; /**< a trigger's; NULL = the migration's own */
};

/* replay_fx_rows.c */

/** Columns heard of with that action, table and way (NULL = the statement's
 * own text); when they are written, with those that are computed from them. */
struct fx_names fx_heard(struct fx *fx, int action, const char *table,
			 const char *via, bool *any);

/** The canonical statement. */
const char *fx_hand_digest(const struct hand *h);

struct fx_names fx_unique_columns(struct fx *fx, const struct fx_info *info);

/** Columns that are decided on together with one that is written. */
void fx_add_together(struct fx *fx, const struct fx_names *groups, size_t n,
		     const struct fx_names *written, struct fx_names *out);

/** What it writes itself: the table is known, and no view. */
void fx_hand_writes(struct hand *h);

/* replay_fx_fired.c */

/** What the trigger does to that table: INSERT, UPDATE or DELETE. false = its
 * text does not tell. */
bool fx_fired(struct hand *h, enum sql_verb verb, const struct fx_info *info,
	      const char *via);

/* replay_fx_others.c */

/** Everything that was heard of and is not the table in hand. */
void fx_others(struct hand *h);

/** A view is written. */
void fx_through_view(struct hand *h);

#endif
