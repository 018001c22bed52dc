#include "unit/gitstore/scratch.h"

#include "gitstore/config.h"
#include "gitstore/hash.h"
#include "unit/gitstore/draw.h"

/*
 * Made-up histories, folders, texts and rows, the same in each run: what we
 * answer is held against what git answers, or against a plain copy.
 */

#define S(t) ((t)->s->ops)

/* --- authors --- */

static void grow_history(struct scratch *t, int steps)
{
	for (int i = 0; i < steps; i++) {
		unsigned what = draw(10), n = draw(6);

		if (what == 0)
			scratch_run(t,
				    "git checkout -q -B b%u main~%u "
				    "2>/dev/null || true",
				    n % 3, draw(3));
		else if (what == 1)
			scratch_run(t, "git checkout -q main");
		else if (what == 2)
			scratch_run(t,
				    "git merge -q --no-edit -s ours b%u "
				    ">/dev/null 2>&1 || true",
				    n % 3);
		else if (what == 3)
			scratch_run(t,
				    "git merge -q --no-edit -X theirs b%u "
				    ">/dev/null 2>&1 || git merge --abort "
				    "2>/dev/null "
				    "|| true",
				    n % 3);
		else if (what == 4)
			scratch_run(t, "rm -f migrations/f%u", n);
		else if (what == 5)
			scratch_run(t,
				    "mkdir -p migrations/d && echo %d > "
				    "migrations/d/f%u",
				    i, n);
		else
			scratch_run(t,
				    "mkdir -p migrations && echo %d > "
				    "migrations/f%u",
				    i, n);
		scratch_run(t,
			    "git add -A migrations 2>/dev/null; "
			    "GIT_COMMITTER_DATE='%d +0000' git commit -qm m "
			    "--author 'a%d <a@x>' >/dev/null || true",
			    1700000000 + i * 100, i);
	}
}

/* The rule in shell: back to the first parent that has it, until none. */
static const char *author_by_git(struct scratch *t, const char *path)
{
	return scratch_ask(t,
			   "c=$(git rev-parse HEAD); while :; do next=; for "
			   "p in $(git rev-parse $c^@); do git cat-file -e "
			   "$p:migrations/%s 2>/dev/null && { next=$p; "
			   "break; }; done; [ $next ] || break; c=$next; "
			   "done; git log -1 --format=%%an $c",
			   path);
}

static void authors__agree_with_a_walk_by_git(void **state)
{
	struct scratch *t = *state;

	for (unsigned long round = 1; round < 4; round++) {
		char *paths[32], *out[32], *list, *p;
		struct store_commit c;
		size_t n = 0;

		seed = round;
		grow_history(t, 40);
		scratch_store(t, "");
		list = xstrdup(scratch_ask(t, "git ls-tree -r --name-only "
					      "HEAD:migrations"));
		for (p = strtok(list, "\n"); p && n < 32;
		     p = strtok(NULL, "\n"))
			paths[n++] = p;
		assert_ok(S(t)->resolve(t->s, NULL, &c));
		assert_ok(S(t)->authors(t->s, &c.id, "migrations",
					(const char *const *)paths, n, out));
		assert_true(n > 0);
		for (size_t i = 0; i < n; i++) {
			assert_non_null(out[i]);
			*strchr(out[i], ' ') = '\0';
			assert_string_equal(out[i], author_by_git(t, paths[i]));
			free(out[i]);
		}
		store_commit_release(&c);
		free(list);
	}
}

/* --- the work tree --- */

static struct err *note(void *payload, const struct source_entry *e)
{
	if (e->kind == SOURCE_FILE)
		buf_addf(payload, "%s %s%s\n", e->path, e->blob,
			 e->dirty ? " dirty" : "");
	return NULL;
}

static void change_something(struct scratch *t)
{
	unsigned n = draw(12);

	switch (draw(8)) {
	case 0:
		scratch_run(t, "git add -A migrations");
		break;
	case 1:
		scratch_run(t, "git commit -qm x >/dev/null || true");
		break;
	case 2:
		scratch_run(t, "rm -rf migrations/f%u", n);
		break;
	case 3:
		scratch_run(t,
			    "git rm -q --cached --ignore-unmatch "
			    "migrations/f%u",
			    n);
		break;
	case 4:
		scratch_run(t, "chmod +x migrations/f%u 2>/dev/null || true",
			    n);
		break;
	case 5:
		scratch_run(t,
			    "mkdir -p migrations/d%u && echo %u > "
			    "migrations/d%u/x.sql && echo > "
			    "migrations/d%u/x.tmp",
			    n % 3, draw(3), n % 3, n % 3);
		break;
	default:
		scratch_run(t,
			    "mkdir -p migrations && echo %u > "
			    "migrations/f%u",
			    draw(4), n);
	}
}

static void worktree__agrees_with_git_status(void **state)
{
	struct scratch *t = *state;
	struct buf b = BUF_INIT;

	seed = 99;
	scratch_run(t, "echo '*.tmp' > .gitignore");
	for (int i = 0; i < 20; i++) {
		struct source *src;

		for (int j = 0; j < 4; j++)
			change_something(t);
		scratch_store(t, "");
		assert_ok(S(t)->source(t->s, NULL, "migrations", &src));
		buf_reset(&b);
		assert_ok(src->ops->list(src, note, &b));
		src->ops->close(src);
		scratch_write(t, "ours", buf_str(&b));
		/* as git: dirty is what status names, of files on disk */
		scratch_run(t,
			    "{ git ls-files migrations; git ls-files -o "
			    "--exclude-standard migrations; } | sort -u | "
			    "while read f; do [ -f $f ] || continue; d=; [ "
			    "-n \"$(git status --porcelain -uall -- $f)\" ] "
			    "&& d=' dirty'; echo \"${f#migrations/} $(git "
			    "hash-object $f)$d\"; done | sort > theirs; sort "
			    "ours | diff - theirs");
	}
	buf_release(&b);
}

/* --- the config syntax --- */

static struct err *collect(void *payload, const char *key, const char *value)
{
	buf_addf(payload, "%s=%s\n", key, value);
	return NULL;
}

static void configfile__agrees_with_git_on_any_text(void **state)
{
	static const char *const parts[] = {
		"[migrate]", "[migrate \"Dev x\"]",
		"[a.B]",     "\n",
		"\n",        "\n",
		"key",       "Key2",
		" = ",       "=",
		"value",     "  ",
		"\"q v\"",   "\"",
		"\\\"",      "\\\\",
		"\\\n",      "# comment",
		";c",        "\\n",
		"\\x",       "[",
		"]",         "\r\n",
		"a b",       "true",
		"=x=y",
	};
	struct scratch *t = *state;
	int taken = 0, refused = 0;

	seed = 7;
	for (int i = 0; i < 400; i++) {
		struct buf text = BUF_INIT, ours = BUF_INIT;
		const char *theirs;
		struct err *err;
		int rc;

		buf_addstr(&text, "[migrate]\n");
		for (unsigned n = draw(14) + 1; n; n--)
			buf_addstr(&text, parts[draw(ARRAY_LEN(parts))]);
		scratch_write(t, "f", text.data);
		rc = scratch_try(t, "git config -f f -z --list > z "
				    "2>/dev/null");
		theirs = scratch_ask(t, "awk 'BEGIN {RS=\"\\0\"; FS=\"\\n\"} "
					"{v = $0; if (sub(/^[^\\n]*\\n/, \"\", "
					"v)) print $1 \"=\" v; else print $1 "
					"\"=true\"}' z");
		err = gs_configfile_parse(text.data, text.len, "f", collect,
					  &ours);
		while (ours.len && ours.data[ours.len - 1] == '\n')
			buf_truncate(&ours, ours.len - 1);
		if (!err != !rc)
			fail_msg("git %s and we %s: %s",
				 rc ? "refuses" : "takes",
				 err ? err_text(err) : "take", text.data);
		if (!err && !streq(buf_str(&ours), theirs))
			fail_msg("'%s': '%s' and not '%s'", text.data,
				 buf_str(&ours), theirs);
		taken += !err;
		refused += err != NULL;
		err_free(err);
		buf_release(&text);
		buf_release(&ours);
	}
	assert_true(taken > 40);
	assert_true(refused > 40);
}

/* --- ledgers --- */

#define FILES 60

struct shadow {
	int text[FILES]; /* 0 = not there */
};

static void path_of(char *out, size_t size, int n)
{
	snprintf(out, size, "%s/%s%d", n % 3 ? "schema/tables" : "migrations",
		 n % 7 ? "f" : "dir.x/f", n);
}

static void put_random(struct scratch *t, struct ledger *l, struct shadow *now)
{
	int n = (int)draw(FILES), text = (int)draw(30);
	char path[64], bytes[32];

	path_of(path, sizeof(path), n);
	snprintf(bytes, sizeof(bytes), "text %d", text);
	assert_ok(
		S(t)->ledger_put(l, path, text ? bytes : NULL, strlen(bytes)));
	now->text[n] = text;
}

/* The commit's files, one by one. */
static void holds(struct scratch *t, const struct store_id *id,
		  const struct shadow *want)
{
	struct buf b = BUF_INIT;

	for (int n = 0; n < FILES; n++) {
		char path[64], bytes[32], hex[GIT_OID_HEXSZ + 1];
		git_oid blob;
		int len;

		if (!want->text[n])
			continue;
		path_of(path, sizeof(path), n);
		len = snprintf(bytes, sizeof(bytes), "text %d", want->text[n]);
		gs_hash_object(GIT_OBJECT_BLOB, bytes, (size_t)len, &blob);
		git_oid_tostr(hex, sizeof(hex), &blob);
		buf_addf(&b, "100644 blob %s\t%s\n", hex, path);
	}
	scratch_write(t, "want", buf_str(&b));
	scratch_run(t, "sort want > w; git ls-tree -r %s | sort | diff - w",
		    id->hex);
	buf_release(&b);
}

static void ledger__agrees_with_a_plain_copy(void **state)
{
	struct scratch *t = *state;
	struct shadow now = { { 0 } }, marked = { { 0 } };
	struct store_id tip = { "" }, marked_tip = { "" };
	struct ledger *l = NULL;
	size_t mark = 0;
	bool has_mark = false;

	seed = 5;
	scratch_store(t, "");
	assert_ok(S(t)->ledger_new(t->s, &l));
	for (int i = 0; i < 3000; i++) {
		switch (draw(14)) {
		case 0:
			mark = S(t)->ledger_mark(l);
			has_mark = true;
			marked = now;
			marked_tip = tip;
			break;
		case 1:
			if (!has_mark)
				break;
			assert_ok(S(t)->ledger_rewind(l, mark));
			now = marked;
			tip = marked_tip;
			break;
		case 2:
		case 3:
			assert_ok(
				S(t)->ledger_commit(l, WHO, WHO, "x\n", &tip));
			break;
		case 4:
			if (i % 5)
				break;
			assert_ok(
				S(t)->ledger_commit(l, WHO, WHO, "x\n", &tip));
			assert_ok(S(t)->ledger_flush(l));
			has_mark = false;
			holds(t, &tip, &now);
			break;
		case 5:
			if (i % 9)
				break;
			assert_ok(
				S(t)->ledger_commit(l, WHO, WHO, "x\n", &tip));
			assert_ok(S(t)->ledger_flush(l));
			S(t)->ledger_close(l);
			assert_ok(S(t)->ledger_new(t->s, &l));
			assert_ok(S(t)->ledger_load(l, &tip));
			has_mark = false;
			break;
		default:
			put_random(t, l, &now);
		}
	}
	assert_ok(S(t)->ledger_commit(l, WHO, WHO, "x\n", &tip));
	assert_ok(S(t)->ledger_flush(l));
	S(t)->ledger_close(l);
	holds(t, &tip, &now);
	scratch_run(t,
		    "git update-ref refs/migrate/x %s && git fsck --strict "
		    "--no-dangling --no-progress && git gc -q --prune=now "
		    "&& git fsck --strict --no-progress",
		    tip.hex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(authors__agree_with_a_walk_by_git),
		in_repo(worktree__agrees_with_git_status),
		in_repo(configfile__agrees_with_git_on_any_text),
		in_repo(ledger__agrees_with_a_plain_copy),
	};

	return cmocka_run_group_tests_name("gitstore/oracle", tests, NULL,
					   NULL);
}
