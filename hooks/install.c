#include "hooks/install.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "hooks/configured.h"
#include "hooks/files.h"

const char *hooks_state_name(enum hooks_state s)
{
	static const char *const names[] = {
		[HOOKS_ABSENT] = "absent",     [HOOKS_INSTALLED] = "installed",
		[HOOKS_STALE] = "stale",       [HOOKS_BEHIND] = "behind",
		[HOOKS_REPLACED] = "replaced", [HOOKS_MANAGED] = "managed",
	};

	return names[s];
}

const char *hooks_way_name(enum hooks_way w)
{
	static const char *const names[] = {
		[HOOKS_NO_WAY] = NULL,
		[HOOKS_BY_FILE] = "file",
		[HOOKS_BY_CONFIG] = "config",
		[HOOKS_BY_MANAGER] = "manager",
	};

	return names[w];
}

void hooks_survey_release(struct hooks_survey *s)
{
	for (size_t k = 0; k < HOOK_COUNT; k++) {
		free(s->rows[k].path);
		free(s->rows[k].ours);
		free(s->rows[k].before);
		free(s->rows[k].program);
	}
	memset(s, 0, sizeof(*s));
}

static void look_at_manager(const struct hooks_place *p, enum hook_kind kind,
			    struct hooks_row *row)
{
	if (!p->manager || row->way != HOOKS_NO_WAY ||
	    !hooks_manager_runs(p->manager, p->top, kind))
		return;
	row->state = HOOKS_MANAGED;
	row->way = HOOKS_BY_MANAGER;
}

struct err *hooks_survey(const struct hooks_place *p, struct hooks_survey *out)
{
	struct err *err;

	memset(out, 0, sizeof(*out));
	for (unsigned k = 0; k < HOOK_COUNT; k++)
		if (hooks_place_takes(p, (enum hook_kind)k))
			hooks_files_look(p, (enum hook_kind)k, &out->rows[k]);
	err = hooks_configured_look(p, out);
	for (unsigned k = 0; k < HOOK_COUNT && !err; k++)
		if (hooks_place_takes(p, (enum hook_kind)k))
			look_at_manager(p, (enum hook_kind)k, &out->rows[k]);
	if (err)
		hooks_survey_release(out);
	return err;
}

enum hooks_way hooks_way_choose(const struct hooks_place *p, bool by_file)
{
	if (by_file)
		return HOOKS_BY_FILE;
	if (p->configured)
		return HOOKS_BY_CONFIG;
	return p->manager ? HOOKS_BY_MANAGER : HOOKS_BY_FILE;
}

/* Exactly the one way, and it is up to date. */
static bool is_done(const struct hooks_row *row, enum hooks_way way)
{
	switch (way) {
	case HOOKS_BY_MANAGER:
		return row->state == HOOKS_MANAGED;
	case HOOKS_BY_CONFIG:
		return row->by_config && row->fresh && !row->ours;
	case HOOKS_BY_FILE:
		return row->ours && row->fresh && !row->by_config;
	case HOOKS_NO_WAY:
		break;
	}
	return true;
}

static struct err *refuse_manager(const struct hooks_place *p)
{
	return err_hint(err_new(ERR_REFUSED,
				"%s makes the hooks of this repository: "
				"nothing was changed",
				p->manager->name),
			"add the lines to its files, or git migrate hooks "
			"install --files");
}

/* What is to be written, and whether all of it can be. */
static struct err *prepare(const struct hooks_place *p,
			   const struct hooks_survey *s, enum hooks_way way,
			   const bool wanted[HOOK_COUNT],
			   bool missing[HOOK_COUNT])
{
	struct err *err = NULL;

	for (unsigned k = 0; k < HOOK_COUNT && !err; k++) {
		const struct hooks_row *row = &s->rows[k];

		missing[k] = wanted[k] && !is_done(row, way);
		if (missing[k] && way == HOOKS_BY_MANAGER)
			err = refuse_manager(p);
		else if (missing[k] && way == HOOKS_BY_FILE)
			err = hooks_files_may(p, (enum hook_kind)k, row);
	}
	return err;
}

static bool any(const bool list[HOOK_COUNT])
{
	for (size_t k = 0; k < HOOK_COUNT; k++)
		if (list[k])
			return true;
	return false;
}

static struct err *put(const struct hooks_place *p, enum hook_kind kind,
		       const struct hooks_row *row, enum hooks_way way,
		       struct hooks_undo *undo)
{
	struct err *err;

	if (way == HOOKS_BY_FILE) {
		err = hooks_files_put(p, kind, row, undo);
		if (!err && row->by_config)
			err = hooks_configured_remove(p, kind);
		return err;
	}
	err = hooks_configured_put(p, kind);
	return err ? err : hooks_files_remove(row, undo);
}

/* Files as they were; configured hooks that are new go. */
static void take_back(const struct hooks_place *p, const struct hooks_survey *s,
		      const bool changed[HOOK_COUNT], enum hooks_way way,
		      struct hooks_undo *undo)
{
	hooks_undo_run(undo);
	if (way != HOOKS_BY_CONFIG)
		return;
	for (unsigned k = 0; k < HOOK_COUNT; k++)
		if (changed[k] && !s->rows[k].by_config)
			err_free(hooks_configured_remove(p, (enum hook_kind)k));
}

struct err *hooks_install(const struct hooks_place *p,
			  const bool wanted[HOOK_COUNT], bool by_file,
			  bool changed[HOOK_COUNT])
{
	enum hooks_way way = hooks_way_choose(p, by_file);
	bool missing[HOOK_COUNT] = { false };
	struct hooks_undo undo = { NULL, NULL };
	struct hooks_survey s;
	struct err *err = hooks_survey(p, &s);

	memset(changed, 0, HOOK_COUNT * sizeof(*changed));
	if (err)
		return err;
	err = prepare(p, &s, way, wanted, missing);
	if (!err && any(missing) && way == HOOKS_BY_FILE)
		err = hooks_files_ready(p, &undo);
	for (unsigned k = 0; k < HOOK_COUNT && !err; k++) {
		if (!missing[k])
			continue;
		changed[k] = true;
		err = put(p, (enum hook_kind)k, &s.rows[k], way, &undo);
	}
	if (err)
		take_back(p, &s, changed, way, &undo);
	hooks_undo_release(&undo);
	hooks_survey_release(&s);
	return err;
}

struct err *hooks_uninstall(const struct hooks_place *p,
			    const bool wanted[HOOK_COUNT],
			    bool changed[HOOK_COUNT])
{
	struct hooks_undo undo = { NULL, NULL };
	struct hooks_survey s;
	struct err *err = hooks_survey(p, &s);

	memset(changed, 0, HOOK_COUNT * sizeof(*changed));
	if (err)
		return err;
	for (unsigned k = 0; k < HOOK_COUNT && !err; k++) {
		const struct hooks_row *row = &s.rows[k];

		if (!wanted[k])
			continue;
		changed[k] = row->ours || row->by_config ||
			     (row->before && !row->other);
		err = hooks_files_remove(row, &undo);
		if (!err && row->by_config)
			err = hooks_configured_remove(p, (enum hook_kind)k);
	}
	if (err)
		hooks_undo_run(&undo);
	else if (any(changed))
		hooks_files_tidy(p);
	hooks_undo_release(&undo);
	hooks_survey_release(&s);
	return err;
}
