#include "hooks/shim.h"

#include <string.h>

#include "base/util.h"

#define MARK "# git-migrate-hook 1\n"
#define MARK_ANY "\n# git-migrate-hook "
#define PROGRAM "program="

/* 'it'\''s' */
static void add_quoted(struct buf *out, const char *s)
{
	buf_addch(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_addstr(out, "'\\''");
		else
			buf_addch(out, *s);
	}
	buf_addch(out, '\'');
}

static const char head[] =
	"#!/bin/sh\n" MARK
	"# Made by \"git migrate hooks install\"; \"git migrate hooks "
	"uninstall\" removes\n"
	"# it. The hook that was here before is kept beside it, and runs "
	"first.\n";

static const char loop[] =
	"before=${0%/*}/$hook" SHIM_BEFORE "\n"
	"seen=$PWD//$before\n"
	"case ${GIT_MIGRATE_HOOKS-} in\n"
	"*\":$seen:\"*\":$seen:\"*) exit 0 ;; # it leads back here\n"
	"esac\n"
	"export GIT_MIGRATE_HOOKS=\"${GIT_MIGRATE_HOOKS-}:$seen:\"\n"
	"\n"
	"status=0\n";

/* Both hooks read the same lines. */
static const char chain_reads[] =
	"lines=\n"
	"if [ -x \"$before\" ]; then\n"
	"	lines=$(cat && echo .)\n"
	"	printf %s \"${lines%.}\" 2>/dev/null | \"$before\" \"$@\" || "
	"status=$?\n"
	"fi\n";

static const char chain[] = "[ ! -x \"$before\" ] || \"$before\" \"$@\" || "
			    "status=$?\n";

static const char stop[] = "[ $status -eq 0 ] || exit $status\n";

static const char find[] =
	"case ${GIT_MIGRATE_SKIP-} in\n"
	"'' | 0 | false | no | off) ;;\n"
	"*) exit $status ;;\n"
	"esac\n"
	"[ -x \"$program\" ] || program=$(command -v git-migrate) || "
	"program=\n";

static const char run[] = "	\"$program\" hook $hook -- \"$@\"\n";

static const char run_reads[] =
	"	if [ \"$lines\" ]; then\n"
	"		printf %s \"${lines%.}\" 2>/dev/null |\n"
	"			\"$program\" hook $hook -- \"$@\"\n"
	"	else\n"
	"		\"$program\" hook $hook -- \"$@\"\n"
	"	fi\n";

static const char run_blocks[] = "case $? in\n"
				 "	0) exit 0 ;;\n"
				 "	1) exit 1 ;;\n"
				 "	esac\n";

/* A setting that only git can read when the program is gone. */
#define REQUIRED                                                   \
	"{ git config migrate.hooks || git config -f .gitmigrate " \
	"migrate.hooks ||\n\tgit config --blob HEAD:.gitmigrate "  \
	"migrate.hooks; } 2>/dev/null"

static const char tail_blocks[] =
	"if [ \"$(" REQUIRED ")\" = required ]; then\n"
	"	echo \"error: $hook: git-migrate cannot run, and "
	"migrate.hooks is required\" >&2\n"
	"	exit 1\n"
	"fi\n";

static const char tail[] =
	"[ \"$program\" ] || echo \"warning: $hook: git-migrate is not where "
	"it was;\" \\\n"
	"	'\"git migrate hooks install\" finds it' >&2\n"
	"exit $status\n";

void shim_file(struct buf *out, enum hook_kind kind, const char *program)
{
	const struct hook_traits *t = &hook_kinds[kind];

	buf_addstr(out, head);
	buf_addf(out, "hook=%s\n" PROGRAM, t->name);
	add_quoted(out, program);
	buf_addch(out, '\n');
	buf_addstr(out, loop);
	buf_addstr(out, t->reads ? chain_reads : chain);
	if (t->blocks)
		buf_addstr(out, stop);
	buf_addstr(out, find);
	buf_addstr(out, "if [ \"$program\" ]; then\n");
	buf_addstr(out, t->reads ? run_reads : run);
	if (t->blocks)
		buf_addf(out, "	%s", run_blocks);
	buf_addstr(out, "fi\n");
	if (t->blocks)
		buf_addstr(out, tail_blocks);
	buf_addstr(out, tail);
}

void shim_command(struct buf *out, enum hook_kind kind, const char *program)
{
	const struct hook_traits *t = &hook_kinds[kind];

	buf_addstr(out, "f() { " PROGRAM);
	add_quoted(out, program);
	buf_addf(out,
		 "; [ -x \"$program\" ] || program=$(command -v git-migrate) "
		 "|| program=; if [ \"$program\" ]; then \"$program\" hook %s "
		 "-- \"$@\"; case $? in 0) return 0 ;; %sesac; fi; ",
		 t->name, t->blocks ? "1) return 1 ;; " : "");
	if (t->blocks)
		buf_addstr(out,
			   "[ \"$({ git config migrate.hooks || git config -f "
			   ".gitmigrate migrate.hooks || git config --blob "
			   "HEAD:.gitmigrate migrate.hooks; } 2>/dev/null)\" "
			   "!= required ]; }; f");
	else
		buf_addstr(out, "return 0; }; f");
}

bool shim_is_ours(const char *text)
{
	return starts_with(text, "#!/bin/sh\n") && strstr(text, MARK_ANY);
}

char *shim_program(const char *text)
{
	const char *p = strstr(text, PROGRAM "'");
	struct buf out = BUF_INIT;

	if (!p)
		return NULL;
	for (p += strlen(PROGRAM "'"); *p && *p != '\n'; p++) {
		if (*p != '\'') {
			buf_addch(&out, *p);
		} else if (starts_with(p, "'\\''")) {
			buf_addch(&out, '\'');
			p += 3;
		} else {
			return out.data ? buf_detach(&out) : xstrdup("");
		}
	}
	buf_release(&out);
	return NULL;
}
