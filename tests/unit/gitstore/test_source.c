#include "unit/gitstore/scratch.h"

#include <fcntl.h>

#define S(t) ((t)->s->ops)

/* "kind path blob dirty" per entry: d folder, f file, l link, m submodule */
static struct err *note(void *payload, const struct source_entry *e)
{
	static const char kinds[] = { 'f', 'd', 'l', 'm' };

	buf_addf(payload, "%c %s%s", kinds[e->kind], e->path,
		 e->dirty ? " dirty\n" : "\n");
	assert_true((e->blob != NULL) == (e->kind == SOURCE_FILE));
	return NULL;
}

static struct err *note_blob(void *payload, const struct source_entry *e)
{
	if (e->blob)
		buf_addf(payload, "%s %s\n", e->blob, e->path);
	return NULL;
}

static struct err *stop(void *payload, const struct source_entry *e)
{
	(void)payload;
	return err_new(ERR_CANCELLED, "%s", e->path);
}

static struct source *open_source(struct scratch *t, const char *rev,
				  const char *dir)
{
	struct store_commit c = { 0 };
	struct source *src;

	if (!t->s)
		scratch_store(t, "");
	if (rev)
		assert_ok(S(t)->resolve(t->s, rev, &c));
	assert_ok(S(t)->source(t->s, rev ? &c.id : NULL, dir, &src));
	store_commit_release(&c);
	return src;
}

static void lists(struct scratch *t, const char *rev, const char *dir,
		  const char *want)
{
	struct source *src = open_source(t, rev, dir);
	struct buf b = BUF_INIT;

	assert_ok(src->ops->list(src, note, &b));
	assert_string_equal(buf_str(&b), want);
	src->ops->close(src);
	buf_release(&b);
}

/* Every blob id is the one git gives, and reads back under it. */
static void blobs_are(struct scratch *t, const char *rev, const char *dir,
		      const char *want)
{
	struct source *src = open_source(t, rev, dir);
	struct buf b = BUF_INIT, text = BUF_INIT;

	assert_ok(src->ops->list(src, note_blob, &b));
	if (b.len)
		buf_truncate(&b, b.len - 1);
	assert_string_equal(buf_str(&b), want);
	for (char *p = b.data, *end; p && *p; p = end) {
		end = strchr(p, '\n');
		if (end)
			*end++ = '\0';
		p[40] = '\0';
		buf_reset(&text);
		assert_ok(src->ops->read(src, p + 41, p, 1 << 20, &text));
		if (!end)
			break;
	}
	src->ops->close(src);
	buf_release(&b);
	buf_release(&text);
}

static void make_kinds(struct scratch *t)
{
	scratch_run(t, "cd migrations && mkdir -p sub/deep && echo x > "
		       "sub/deep/2.sql && echo y > sub/3.sql && ln -s 1.sql "
		       "link.sql && echo z > run.sql && chmod +x run.sql && "
		       "mkdir folder.sql && echo w > folder.sql/up.sql && cd "
		       ".. && git init -q m && git -C m commit -q "
		       "--allow-empty -m m && git -c "
		       "advice.addEmbeddedRepo=false add migrations && git "
		       "update-index --add --cacheinfo 160000,$(git -C m "
		       "rev-parse HEAD),migrations/module && git commit -qm "
		       "kinds && rm -rf m");
}

static void source__lists_a_commits_tree_with_kinds(void **state)
{
	struct scratch *t = *state;

	make_kinds(t);
	lists(t, "HEAD", "migrations",
	      "f 1.sql\nd folder.sql\nf folder.sql/up.sql\nl link.sql\n"
	      "m module\nf run.sql\nd sub\nf sub/3.sql\nd sub/deep\n"
	      "f sub/deep/2.sql\n");
	lists(t, "HEAD~1", "migrations", "f 1.sql\n");
	lists(t, "HEAD~1", "./migrations//", "f 1.sql\n");
	lists(t, "HEAD", "migrations/sub/deep", "f 2.sql\n");
	lists(t, "HEAD", "none", "");
	lists(t, "HEAD", "none/at/all", "");
	lists(t, "HEAD~1", "", "d migrations\nf migrations/1.sql\n");
	lists(t, "HEAD~1", ".", "d migrations\nf migrations/1.sql\n");
}

static void source__has_gits_blob_ids(void **state)
{
	struct scratch *t = *state;

	make_kinds(t);
	blobs_are(t, "HEAD", "migrations",
		  scratch_ask(t, "git ls-tree -r HEAD:migrations | awk '$1 ~ "
				 "/^100/ {print $3, $4}'"));
	blobs_are(t, NULL, "migrations",
		  scratch_ask(t, "cd migrations && git ls-files -s | awk '$1 ~ "
				 "/^100/ {print $2, $4}'"));
}

static void source__refuses_folders_that_are_none(void **state)
{
	struct scratch *t = *state;
	struct store_commit c;
	struct source *src = NULL;

	scratch_store(t, "");
	assert_ok(S(t)->resolve(t->s, NULL, &c));
	assert_fails(S(t)->source(t->s, &c.id, "migrations/1.sql", &src),
		     ERR_INPUT);
	assert_fails(S(t)->source(t->s, &c.id, "../up", &src), ERR_INPUT);
	assert_fails(S(t)->source(t->s, NULL, "/etc", &src), ERR_INPUT);
	assert_fails(S(t)->source(t->s, NULL, "a/../../b", &src), ERR_INPUT);
	assert_null(src);
	store_commit_release(&c);
}

static void source_list__stops_at_an_error(void **state)
{
	struct scratch *t = *state;
	struct source *src = open_source(t, "HEAD", "migrations");

	assert_fails(src->ops->list(src, stop, NULL), ERR_CANCELLED);
	src->ops->close(src);
	src = open_source(t, NULL, "migrations");
	assert_fails(src->ops->list(src, stop, NULL), ERR_CANCELLED);
	src->ops->close(src);
}

static void source_read__keeps_to_the_limit(void **state)
{
	struct scratch *t = *state;
	const char *blob =
		scratch_ask(t, "git rev-parse HEAD:migrations/1.sql");
	const char *none = "1111111111111111111111111111111111111111";
	struct buf b = BUF_INIT;
	struct source *src;

	for (int work = 0; work < 2; work++) {
		src = open_source(t, work ? NULL : "HEAD", "migrations");
		assert_fails(src->ops->read(src, "1.sql", blob, 5, &b),
			     ERR_INPUT);
		buf_reset(&b);
		assert_ok(src->ops->read(src, "1.sql", blob, 22, &b));
		assert_string_equal(buf_str(&b), "create table a(x);\n");
		src->ops->close(src);
		buf_reset(&b);
	}
	src = open_source(t, "HEAD", "migrations");
	assert_fails(src->ops->read(src, "1.sql", none, 100, &b), ERR_INPUT);
	src->ops->close(src);
	src = open_source(t, NULL, "migrations");
	assert_fails(src->ops->read(src, "1.sql", none, 100, &b), ERR_STATE);
	assert_fails(src->ops->read(src, "none.sql", none, 100, &b), ERR_INPUT);
	src->ops->close(src);
	buf_release(&b);
}

static void worktree__says_what_differs_from_head(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "cd migrations && for i in 2 3 4 5 6; do echo $i > "
		       "$i.sql; done && git add . && git commit -qm more && "
		       "echo '*.tmp' > ../.gitignore && echo changed > 2.sql "
		       "&& echo staged > 3.sql && git add 3.sql && rm 4.sql && "
		       "git rm -q --cached 5.sql && echo new > 7.sql && mkdir "
		       "d && echo new > d/8.sql && echo no > d/9.tmp && mkdir "
		       "empty");
	lists(t, NULL, "migrations",
	      "f 1.sql\nf 2.sql dirty\nf 3.sql dirty\nf 5.sql dirty\nf 6.sql\n"
	      "f 7.sql dirty\nd d\nf d/8.sql dirty\n");
	lists(t, NULL, "none", "");
	lists(t, "HEAD", "migrations",
	      "f 1.sql\nf 2.sql\nf 3.sql\nf 4.sql\nf 5.sql\nf 6.sql\n");
}

static void worktree__works_before_the_first_commit(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "git init -q . && mkdir migrations && echo x > "
		       "migrations/1.sql && ln -s 1.sql migrations/l");
	lists(t, NULL, "migrations", "f 1.sql dirty\nl l dirty\n");
	blobs_are(t, NULL, "migrations",
		  scratch_ask(t, "echo $(git hash-object migrations/1.sql) "
				 "1.sql"));
}

/* The checksum is of what git would store, not of what is on disk. */
static void worktree__filters_as_git_does(void **state)
{
	struct scratch *t = *state;
	struct source *src;
	struct buf b = BUF_INIT;
	const char *blob;

	scratch_run(t, "echo '*.sql text eol=crlf' > .gitattributes && git add "
		       ". && git commit -qm a && rm migrations/1.sql && git "
		       "checkout -q migrations/1.sql && printf 'new\\r\\n' > "
		       "migrations/2.sql");
	scratch_run(t, "grep -q \"$(printf '\\r')\" migrations/1.sql");
	blob = scratch_ask(t, "git hash-object migrations/2.sql");
	lists(t, NULL, "migrations", "f 1.sql\nf 2.sql dirty\n");
	blobs_are(t, NULL, "migrations",
		  scratch_ask(t,
			      "echo $(git rev-parse HEAD:migrations/1.sql) "
			      "1.sql; echo %s 2.sql",
			      blob));
	src = open_source(t, NULL, "migrations");
	assert_ok(src->ops->read(src, "2.sql", blob, 100, &b));
	assert_string_equal(buf_str(&b), "new\n");
	src->ops->close(src);
	buf_release(&b);
}

static void worktree_read__follows_no_link(void **state)
{
	struct scratch *t = *state;
	struct source *src = open_source(t, NULL, "migrations");
	struct buf b = BUF_INIT;

	scratch_run(t, "cd migrations && echo secret > ../s && ln -s ../s "
		       "l.sql && mkfifo f.sql");
	assert_fails(src->ops->read(src, "l.sql", NULL, 100, &b), ERR_INPUT);
	assert_fails(src->ops->read(src, "f.sql", NULL, 100, &b), ERR_INPUT);
	assert_int_equal(b.len, 0);
	src->ops->close(src);
	buf_release(&b);
}

static void worktree__of_a_linked_one_is_its_own(void **state)
{
	struct scratch *t = *state;

	scratch_run(t, "git worktree add -q side && echo x > "
		       "side/migrations/2.sql");
	scratch_store(t, "side/migrations");
	lists(t, NULL, "migrations", "f 1.sql\nf 2.sql dirty\n");
	scratch_store(t, "");
	lists(t, NULL, "migrations", "f 1.sql\n");
}

static void worktree__is_refused_in_a_bare_repository(void **state)
{
	struct scratch *t = *state;
	struct source *src = NULL;

	scratch_run(t, "git clone -q --bare . bare.git");
	scratch_store(t, "bare.git");
	assert_fails(S(t)->source(t->s, NULL, "migrations", &src), ERR_REFUSED);
	lists(t, "HEAD", "migrations", "f 1.sql\n");
}

static void source__takes_strange_names(void **state)
{
	struct scratch *t = *state;

	scratch_run(t,
		    "cd migrations && touch 'a b.sql' 'q\"x.sql' "
		    "\"$(printf 'nl\\nx.sql')\" \"$(printf 'e\\033[0m.sql')\" "
		    "'[x]*.sql' && git add . && git commit -qm strange");
	lists(t, "HEAD", "migrations",
	      "f 1.sql\nf [x]*.sql\nf a b.sql\nf e\033[0m.sql\nf nl\nx.sql\n"
	      "f q\"x.sql\n");
	lists(t, NULL, "migrations",
	      "f 1.sql\nf [x]*.sql\nf a b.sql\nf e\033[0m.sql\nf nl\nx.sql\n"
	      "f q\"x.sql\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(source__lists_a_commits_tree_with_kinds),
		in_repo(source__has_gits_blob_ids),
		in_repo(source__refuses_folders_that_are_none),
		in_repo(source_list__stops_at_an_error),
		in_repo(source_read__keeps_to_the_limit),
		in_repo(worktree__says_what_differs_from_head),
		in_folder(worktree__works_before_the_first_commit),
		in_repo(worktree__filters_as_git_does),
		in_repo(worktree_read__follows_no_link),
		in_repo(worktree__of_a_linked_one_is_its_own),
		in_repo(worktree__is_refused_in_a_bare_repository),
		in_repo(source__takes_strange_names),
	};

	return cmocka_run_group_tests_name("gitstore/source", tests, NULL,
					   NULL);
}
