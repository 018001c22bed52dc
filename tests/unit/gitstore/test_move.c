#include "unit/gitstore/scratch.h"

#define S(t) ((t)->s->ops)
#define M "migrations/"

static void set_up(struct scratch *t)
{
	scratch_run(t, "echo 2 > migrations/2.sql && echo 3 > migrations/3.sql "
		       "&& chmod +x migrations/3.sql && git add . && git "
		       "commit -qm more");
	scratch_store(t, "");
}

/* Everything of the work tree and the index, but for times. */
static const char *state_of(const struct scratch *t)
{
	return scratch_ask(t, "git ls-files -s; git status --porcelain; find . "
			      "-path ./.git -prune -o -type f -print | sort | "
			      "xargs md5sum; ls -l migrations | cut -c1-10");
}

static void move__may_go_round(void **state)
{
	static const struct store_move moves[] = {
		{ M "1.sql", M "2.sql", NULL, 0 },
		{ M "2.sql", M "3.sql", "two\n", 4 },
		{ M "3.sql", M "new/1.sql", NULL, 0 },
	};
	struct scratch *t = *state;

	set_up(t);
	assert_ok(S(t)->move_files(t->s, moves, 3));
	scratch_run(t, "test \"$(cat migrations/2.sql)\" = 'create table "
		       "a(x);' && test \"$(cat migrations/3.sql)\" = two && "
		       "test \"$(cat migrations/new/1.sql)\" = 3 && test -x "
		       "migrations/new/1.sql && test ! -x migrations/3.sql && "
		       "test ! -e migrations/1.sql && git diff --exit-code && "
		       "test -z \"$(git ls-files -o --exclude-standard)\" && "
		       "test \"$(git show :migrations/3.sql)\" = two && "
		       "git diff-files --quiet && git fsck --strict");
}

static void move__is_undone_where_it_cannot_end(void **state)
{
	static const struct store_move moves[] = {
		{ M "1.sql", M "2.sql", NULL, 0 },
		{ M "2.sql", M "3.sql", "two\n", 4 },
		{ M "3.sql", M "new/1.sql", NULL, 0 },
	};
	struct scratch *t = *state;
	char *before;

	set_up(t);
	before = xstrdup(state_of(t));
	scratch_run(t, "touch .git/index.lock");
	assert_fails(S(t)->move_files(t->s, moves, 3), ERR_STORE);
	scratch_run(t, "rm .git/index.lock && test ! -e migrations/new");
	assert_string_equal(state_of(t), before);
	/* a file where the folder of the last one should be */
	scratch_run(t, "mkdir migrations/2.sql.git-migrate-old && touch "
		       "migrations/2.sql.git-migrate-old/x");
	assert_fails(S(t)->move_files(t->s, moves, 3), ERR_STORE);
	scratch_run(t, "rm -r migrations/2.sql.git-migrate-old");
	assert_string_equal(state_of(t), before);
	free(before);
}

static void move__of_content_alone_keeps_the_name(void **state)
{
	static const struct store_move moves[] = {
		{ M "1.sql", M "1.sql", "new\n", 4 },
	};
	struct scratch *t = *state;

	set_up(t);
	assert_ok(S(t)->move_files(t->s, moves, 1));
	scratch_run(t, "test \"$(git status --porcelain)\" = 'M  "
		       "migrations/1.sql' && test \"$(cat migrations/1.sql)\" "
		       "= new && test $(ls migrations | wc -l) = 3");
}

static void move__is_refused_in_a_bare_repository(void **state)
{
	static const struct store_move moves[] = {
		{ M "1.sql", M "2.sql", NULL, 0 },
	};
	struct scratch *t = *state;

	scratch_run(t, "git clone -q --bare . bare.git");
	scratch_store(t, "bare.git");
	assert_fails(S(t)->move_files(t->s, moves, 1), ERR_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_repo(move__may_go_round),
		in_repo(move__is_undone_where_it_cannot_end),
		in_repo(move__of_content_alone_keeps_the_name),
		in_repo(move__is_refused_in_a_bare_repository),
	};

	return cmocka_run_group_tests_name("gitstore/move", tests, NULL, NULL);
}
