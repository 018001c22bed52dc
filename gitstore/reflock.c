#include "gitstore/reflock.h"

#include <git2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"

#define STALE_SECONDS 3
#define WAIT_US 10000
#define TRIES_MAX 500

bool gs_ref_try_again(const char *common, const char *ref, int rc,
		      unsigned *tries)
{
	char *path;
	struct stat st;

	if (rc != GIT_ELOCKED || ++*tries > TRIES_MAX)
		return false;
	path = xasprintf("%s/%s.lock", common, ref);
	if (!stat(path, &st) && time(NULL) - st.st_mtime > STALE_SECONDS)
		unlink(path);
	else
		usleep(WAIT_US);
	free(path);
	return true;
}
