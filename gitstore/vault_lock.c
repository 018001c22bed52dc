#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/util.h"
#include "gitstore/vault.h"

#define PATIENCE_US ((int64_t)30 * 1000000)
#define POLL_NS 50000000L

static struct err *busy(bool alone)
{
	if (alone)
		return err_hint(err_new(ERR_STATE, "another run is writing "
						   "snapshots in this clone"),
				"try again when it has ended");
	return err_hint(err_new(ERR_STATE, "snapshots of this clone are being "
					   "pruned"),
			"try again when that has ended");
}

/* The system frees it with its owner, whatever becomes of him. */
static struct err *wait_for(int fd, bool alone)
{
	const struct timespec pause = { 0, POLL_NS };
	int64_t until = clock_steady_us() + PATIENCE_US;
	struct err *err = NULL;

	while (flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_new(ERR_STORE, "lock the snapshots: %s",
				       strerror(errno));
		err = cancel_check();
		if (err)
			return err;
		if (clock_steady_us() > until)
			return busy(alone);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

struct err *gs_vault_lock(struct gs_vault *v, bool alone, int *fd)
{
	char *path = file_join(v->in.common, "migrate-lock");
	struct err *err;

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*fd < 0)
		err = err_new(errno == EACCES || errno == EROFS ? ERR_REFUSED
								: ERR_STORE,
			      "open %s: %s", path, strerror(errno));
	else
		err = wait_for(*fd, alone);
	if (err && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	free(path);
	return err;
}
