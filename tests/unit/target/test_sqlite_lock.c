#include "fixture.h"

#include <signal.h>
#include <time.h>

#include "base/clock.h"

/* One runner at a time, whatever becomes of the processes. */

struct heard {
	int times;
	char who[600];
};

static void waiting(void *payload, const char *who)
{
	struct heard *heard = payload;

	heard->times++;
	snprintf(heard->who, sizeof(heard->who), "%s", who);
}

/* A child that takes the lock, says so, and then sleeps for ms. */
static pid_t start_runner(struct fixture *f, long ms)
{
	const struct timespec nap = { ms / 1000, ms % 1000 * 1000000L };
	int ready[2];
	char c = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct target *t;
		struct err *e = open_url(f, "sqlite:dev.db", false, &t);

		if (!e)
			e = target_lock(t, 0, NULL, NULL);
		if (e || write(ready[1], "x", 1) != 1)
			_exit(1);
		nanosleep(&nap, NULL);
		target_close(t);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void end_runner(pid_t pid, int signal)
{
	int status;

	if (signal)
		kill(pid, signal);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : 0, signal);
}

static const char *lock_file(struct fixture *f)
{
	return in_dir(f, "dev.db-migrate-lock");
}

static void target_lock__names_its_owner_and_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	char line[512] = "", front[32];
	FILE *file;

	assert_ok(target_lock(t, 0, NULL, NULL));
	file = fopen(lock_file(f), "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	snprintf(front, sizeof(front), "%ld ", (long)getpid());
	assert_true(starts_with(line, front));
	assert_true(ends_with(line, "Z\n"));
	target_unlock(t);
	assert_int_not_equal(access(lock_file(f), F_OK), 0);
	target_unlock(t); /* fine when it is not held */
	assert_ok(target_lock(t, 0, NULL, NULL));
}

static void target_lock__tells_who_holds_it(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct heard heard = { 0, "" };
	pid_t pid = start_runner(f, 10000);
	int64_t start = clock_steady_us();
	char name[32];

	snprintf(name, sizeof(name), "process %ld on ", (long)pid);
	expect_error(target_lock(t, 200, waiting, &heard), ERR_STATE, name,
		     "--lock-timeout");
	assert_in_range(clock_steady_us() - start, 200000, 2000000);
	assert_int_equal(heard.times, 1);
	assert_true(starts_with(heard.who, name));
	expect_error(target_lock(t, 0, NULL, NULL), ERR_STATE, "in use", NULL);
	end_runner(pid, SIGKILL);
}

static void target_lock__waits_for_the_other_to_finish(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct heard heard = { 0, "" };
	pid_t pid = start_runner(f, 300);
	int64_t start = clock_steady_us();

	assert_ok(target_lock(t, 20000, waiting, &heard));
	assert_in_range(clock_steady_us() - start, 100000, 10000000);
	assert_int_equal(heard.times, 1);
	end_runner(pid, 0);
	assert_int_equal(access(lock_file(f), F_OK), 0);
}

static void target_lock__is_freed_by_death(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct heard heard = { 0, "" };
	pid_t pid = start_runner(f, 60000);

	end_runner(pid, SIGKILL);
	/* the file is left over, and means nothing */
	assert_int_equal(access(lock_file(f), F_OK), 0);
	assert_ok(target_lock(t, 0, waiting, &heard));
	assert_int_equal(heard.times, 0);
}

static void target_lock__reads_any_left_over_content(void **state)
{
	static const char *const contents[] = { "", "\033[2J garbage", "1 2\n",
						"\n" };
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
		struct target *other = NULL;
		struct heard heard = { 0, "" };

		assert_ok(target_lock(t, 0, NULL, NULL));
		write_file(lock_file(f), contents[i], strlen(contents[i]));
		assert_ok(open_url(f, "sqlite:dev.db", false, &other));
		expect_error(target_lock(other, 0, waiting, &heard), ERR_STATE,
			     "in use by another run", NULL);
		assert_string_equal(heard.who, "another run");
		target_close(other);
		target_unlock(t);
	}
}

static void target_lock__never_prints_escapes(void **state)
{
	static const char content[] = "12 \033[2J git-migrate now\n";
	struct fixture *f = *state;
	struct target *t = open_dev(f), *other = NULL;
	struct err *e;

	assert_ok(target_lock(t, 0, NULL, NULL));
	write_file(lock_file(f), content, strlen(content));
	assert_ok(open_url(f, "sqlite:dev.db", false, &other));
	e = target_lock(other, 0, NULL, NULL);
	assert_non_null(e);
	assert_null(strchr(err_text(e), '\033'));
	expect_error(e, ERR_STATE, "process 12 on \\x1b[2J", NULL);
	target_close(other);
}

static void target_lock__meets_through_a_link(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f), *other = NULL;

	assert_int_equal(symlink("dev.db", in_dir(f, "link.db")), 0);
	assert_ok(open_url(f, "sqlite:link.db", false, &other));
	assert_ok(target_lock(t, 0, NULL, NULL));
	expect_error(target_lock(other, 0, NULL, NULL), ERR_STATE, "in use",
		     NULL);
	target_unlock(t);
	assert_ok(target_lock(other, 0, NULL, NULL));
	target_close(other);
}

/* Eight runners, one counter that only the lock protects. */
static int count_up(struct fixture *f)
{
	for (int i = 0; i < 10; i++) {
		struct target *t;
		struct err *e = open_url(f, "sqlite:dev.db", false, &t);
		const struct timespec nap = { 0, 1000000 };
		FILE *file;
		int n = -1;

		if (!e)
			e = target_lock(t, 60000, NULL, NULL);
		if (e)
			return compare_error(e, ERR_STATE, "?", NULL);
		file = fopen(in_dir(f, "count"), "r+");
		if (!file || fscanf(file, "%d", &n) != 1)
			return 3;
		nanosleep(&nap, NULL);
		rewind(file);
		fprintf(file, "%d", n + 1);
		fclose(file);
		target_close(t);
	}
	return 0;
}

static void target_lock__holds_among_many(void **state)
{
	struct fixture *f = *state;
	pid_t pids[8];
	int n = 0, status;
	FILE *file;

	target_close(open_dev(f));
	f->t = NULL;
	write_file(in_dir(f, "count"), "0", 1);
	fflush(NULL);
	for (size_t i = 0; i < ARRAY_LEN(pids); i++)
		if ((pids[i] = fork()) == 0)
			_exit(count_up(f));
	for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	file = fopen(in_dir(f, "count"), "r");
	assert_int_equal(fscanf(file, "%d", &n), 1);
	fclose(file);
	assert_int_equal(n, 80);
}

static int lock_in_read_only_folder(struct fixture *f)
{
	struct target *t;
	struct err *e = open_url(f, "sqlite:dev.db", false, &t);
	int bad;

	if (e)
		return compare_error(e, ERR_TARGET, "?", NULL);
	bad = compare_error(target_lock(t, 1000, NULL, NULL), ERR_REFUSED,
			    "dev.db-migrate-lock': Permission denied",
			    "has to be writable");
	target_close(t);
	return bad;
}

static void target_lock__refuses_a_read_only_folder(void **state)
{
	struct fixture *f = *state;

	assert_ok(target_exec(open_dev(f), "CREATE TABLE a (x)"));
	chmod(in_dir(f, "dev.db"), 0666);
	chmod(f->dir, 0555);
	assert_int_equal(in_child(lock_in_read_only_folder, f, true), 0);
	chmod(f->dir, 0755);
}

static int lock_somebody_elses_file(struct fixture *f)
{
	struct target *t;
	struct err *e = open_url(f, "sqlite:dev.db", false, &t);

	if (!e)
		e = target_lock(t, 0, NULL, NULL);
	if (e)
		return compare_error(e, ERR_TARGET, "?", NULL);
	target_close(t);
	return 0;
}

static void target_lock__takes_a_file_it_may_only_read(void **state)
{
	struct fixture *f = *state;

	open_dev(f);
	write_file(lock_file(f), "", 0);
	chmod(lock_file(f), 0444);
	assert_int_equal(in_child(lock_somebody_elses_file, f, true), 0);
}

static void target_lock__has_the_databases_rights(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	open_dev(f);
	chmod(in_dir(f, "dev.db"), 0664);
	assert_ok(target_lock(f->t, 0, NULL, NULL));
	assert_int_equal(stat(lock_file(f), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0664);
}

static void target_lock__follows_no_link(void **state)
{
	struct fixture *f = *state;

	open_dev(f);
	write_file(in_dir(f, "precious"), "x", 1);
	assert_int_equal(symlink("precious", lock_file(f)), 0);
	expect_error(target_lock(f->t, 0, NULL, NULL), ERR_REFUSED,
		     "symbolic links", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(target_lock__names_its_owner_and_leaves_nothing),
		fixture_test(target_lock__tells_who_holds_it),
		fixture_test(target_lock__waits_for_the_other_to_finish),
		fixture_test(target_lock__is_freed_by_death),
		fixture_test(target_lock__reads_any_left_over_content),
		fixture_test(target_lock__never_prints_escapes),
		fixture_test(target_lock__meets_through_a_link),
		fixture_test(target_lock__holds_among_many),
		fixture_test(target_lock__refuses_a_read_only_folder),
		fixture_test(target_lock__takes_a_file_it_may_only_read),
		fixture_test(target_lock__has_the_databases_rights),
		fixture_test(target_lock__follows_no_link),
	};

	return cmocka_run_group_tests_name("target/sqlite_lock", tests, NULL,
					   NULL);
}
