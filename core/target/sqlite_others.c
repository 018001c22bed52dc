#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/text.h"
#include "base/util.h"
#include "base/xalloc.h"
#include "target/sqlite_driver.h"

/*
 * Processes that hold a lock on the database's files, from /proc/locks
 * (proc(5)): "1: POSIX ADVISORY READ 1234 08:02:3456 120 123". Opening one of
 * the files to ask with fcntl() would drop the locks that SQLite holds for us.
 */

#define OTHERS_MAX 5

struct holders {
	struct stat files[2]; /* the database, and its index of the WAL */
	size_t n_files;
	long pids[OTHERS_MAX];
	size_t n;
};

/* "08:02:3456": device and inode. */
static bool is_of(const struct holders *h, const char *id)
{
	for (size_t i = 0; i < h->n_files; i++) {
		char mine[64];

		snprintf(mine, sizeof(mine), "%02x:%02x:%lu",
			 major(h->files[i].st_dev), minor(h->files[i].st_dev),
			 (unsigned long)h->files[i].st_ino);
		if (streq(mine, id))
			return true;
	}
	return false;
}

static void take_line(struct holders *h, const char *line)
{
	char number[32], id[64];
	long pid;

	if (sscanf(line, "%*s POSIX %*s %*s %31s %63s", number, id) != 2 ||
	    !is_of(h, id))
		return;
	pid = strtol(number, NULL, 10);
	if (pid <= 0 || pid == getpid())
		return;
	for (size_t i = 0; i < h->n; i++)
		if (h->pids[i] == pid)
			return;
	if (h->n < OTHERS_MAX)
		h->pids[h->n++] = pid;
}

static void tell(long pid, void (*fn)(void *payload, const char *who),
		 void *payload)
{
	char path[64], name[64] = "a program", *who, *safe;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	f = fopen(path, "re");
	if (f) {
		if (fgets(name, sizeof(name), f))
			name[strcspn(name, "\n")] = '\0';
		fclose(f);
	}
	safe = text_safe(name);
	who = xasprintf("%s (pid %ld)", safe, pid);
	fn(payload, who);
	free(who);
	free(safe);
}

struct err *sqlite_others(struct target *base,
			  void (*fn)(void *payload, const char *who),
			  void *payload)
{
	struct sqlite_target *t = sqlite_target_of(base);
	const char *path = sqlite3_db_filename(t->db, "main");
	struct holders h = { .n = 0 };
	char line[256], *shm;
	FILE *f;

	if (!path || !*path)
		return NULL;
	shm = xasprintf("%s-shm", path);
	h.n_files += stat(path, &h.files[h.n_files]) == 0;
	h.n_files += stat(shm, &h.files[h.n_files]) == 0;
	free(shm);
	f = fopen("/proc/locks", "re"); /* not Linux: nobody is known */
	while (f && fgets(line, sizeof(line), f))
		take_line(&h, line);
	if (f)
		fclose(f);
	for (size_t i = 0; i < h.n; i++)
		tell(h.pids[i], fn, payload);
	return NULL;
}
