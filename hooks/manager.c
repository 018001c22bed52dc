#include "hooks/manager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/util.h"

#define FILE_MAX (1u << 20)

/* The hook after t of those that a work tree gets unasked; NULL = the first.
 */
static const struct hook_traits *next(const struct hook_traits *t)
{
	t = t ? t + 1 : hook_kinds;
	while (t < hook_kinds + HOOK_COUNT && (t->server || t->by_name))
		t++;
	return t < hook_kinds + HOOK_COUNT ? t : NULL;
}

static void husky(struct buf *out)
{
	for (const struct hook_traits *t = next(NULL); t; t = next(t))
		buf_addf(out,
			 "# add to .husky/%s\n"
			 "git migrate hook %s -- \"$@\"\n",
			 t->name, t->name);
}

static void lefthook(struct buf *out)
{
	buf_addstr(out, "# add to lefthook.yml\n");
	for (const struct hook_traits *t = next(NULL); t; t = next(t)) {
		buf_addf(out,
			 "%s:\n"
			 "  commands:\n"
			 "    git-migrate:\n"
			 "      run: git migrate hook %s -- {0}\n",
			 t->name, t->name);
		if (t->reads)
			buf_addstr(out, "      use_stdin: true\n");
	}
}

static void pre_commit(struct buf *out)
{
	buf_addstr(out, "# add to .pre-commit-config.yaml under repos:, and "
			"run pre-commit install\n"
			"# with --hook-type for each stage\n"
			"- repo: local\n"
			"  hooks:\n");
	for (const struct hook_traits *t = next(NULL); t; t = next(t))
		buf_addf(out,
			 "  - id: git-migrate-%s\n"
			 "    name: git migrate (%s)\n"
			 "    entry: git migrate hook %s --\n"
			 "    language: system\n"
			 "    stages: [%s]\n"
			 "    always_run: true\n"
			 "    pass_filenames: false\n",
			 t->name, t->name, t->name, t->name);
}

static const char *const husky_files[] = { ".husky", NULL };
static const char *const lefthook_files[] = { "lefthook.yml",
					      "lefthook.yaml",
					      "lefthook.toml",
					      "lefthook.json",
					      ".lefthook.yml",
					      ".lefthook.yaml",
					      ".lefthook.toml",
					      ".lefthook.json",
					      ".config/lefthook.yml",
					      ".config/lefthook.yaml",
					      NULL };
static const char *const pre_commit_files[] = { ".pre-commit-config.yaml",
						".pre-commit-config.yml",
						NULL };

static const struct hooks_manager managers[] = {
	{ "husky", husky_files, husky },
	{ "lefthook", lefthook_files, lefthook },
	{ "pre-commit", pre_commit_files, pre_commit },
};

static bool is_there(const char *top, const char *name)
{
	char *path = file_join(top, name);
	bool yes = file_exists(path);

	free(path);
	return yes;
}

const struct hooks_manager *hooks_manager_find(const char *top)
{
	for (size_t i = 0; top && i < ARRAY_LEN(managers); i++)
		for (const char *const *f = managers[i].files; *f; f++)
			if (is_there(top, *f))
				return &managers[i];
	return NULL;
}

static bool file_says(const char *path, const char *words)
{
	struct buf text = BUF_INIT;
	struct err *err = file_read(path, FILE_MAX, &text);
	bool yes = !err && strstr(buf_str(&text), words);

	err_free(err);
	buf_release(&text);
	return yes;
}

bool hooks_manager_runs(const struct hooks_manager *m, const char *top,
			enum hook_kind kind)
{
	const char *hook = hook_kinds[kind].name;
	char *words = xasprintf("migrate hook %s", hook);
	bool yes = false;

	for (const char *const *f = m->files; *f && !yes; f++) {
		char *path = file_join(top, *f);
		struct stat st;

		if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
			char *below = file_join(path, hook);

			free(path);
			path = below;
		}
		yes = file_says(path, words);
		free(path);
	}
	free(words);
	return yes;
}
