#include "hooks/configured.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/util.h"
#include "gitstore/git.h"
#include "hooks/shim.h"

#define SECTION "hook.git-migrate-"

struct looking {
	const struct hooks_place *place;
	struct hooks_survey *survey;
};

static void look_at_command(const struct hooks_place *p, enum hook_kind kind,
			    const char *command, struct hooks_row *row)
{
	struct buf want = BUF_INIT;

	shim_command(&want, kind, p->program);
	free(row->program);
	row->program = shim_program(command);
	row->lost = !row->program || access(row->program, X_OK);
	row->fresh = streq(command, buf_str(&want));
	row->state = row->fresh ? HOOKS_INSTALLED : HOOKS_STALE;
	row->way = HOOKS_BY_CONFIG;
	row->by_config = true;
	buf_release(&want);
}

/* hook.git-migrate-post-merge.command=... */
static struct err *on_line(void *payload, char *line)
{
	struct looking *l = payload;

	for (unsigned k = 0; k < HOOK_COUNT; k++) {
		char *key =
			xasprintf(SECTION "%s.command=", hook_kinds[k].name);

		if (starts_with(line, key))
			look_at_command(l->place, (enum hook_kind)k,
					line + strlen(key),
					&l->survey->rows[k]);
		free(key);
	}
	return NULL;
}

struct err *hooks_configured_look(const struct hooks_place *p,
				  struct hooks_survey *s)
{
	struct looking l = { p, s };
	const struct gs_git git = { .git_dir = p->git_dir,
				    .line = on_line,
				    .payload = &l };
	const char *const args[] = { "config", "--local", "--list", NULL };

	return gs_git(&git, args);
}

static struct err *set(const struct hooks_place *p, enum hook_kind kind,
		       const char *key, const char *value)
{
	const struct gs_git git = { .git_dir = p->git_dir };
	char *name = xasprintf(SECTION "%s.%s", hook_kinds[kind].name, key);
	const char *const args[] = { "config", "--local", "--replace-all",
				     name,     value,     NULL };
	struct err *err = gs_git(&git, args);

	free(name);
	return err;
}

struct err *hooks_configured_put(const struct hooks_place *p,
				 enum hook_kind kind)
{
	struct buf command = BUF_INIT;
	struct err *err;

	shim_command(&command, kind, p->program);
	err = set(p, kind, "command", buf_str(&command));
	if (!err)
		err = set(p, kind, "event", hook_kinds[kind].name);
	buf_release(&command);
	return err;
}

struct err *hooks_configured_remove(const struct hooks_place *p,
				    enum hook_kind kind)
{
	const struct gs_git git = { .git_dir = p->git_dir };
	char *section = xasprintf(SECTION "%s", hook_kinds[kind].name);
	const char *const args[] = { "config", "--local", "--remove-section",
				     section, NULL };
	struct err *err = gs_git(&git, args);

	free(section);
	return err;
}
