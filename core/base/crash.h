#ifndef BASE_CRASH_H
#define BASE_CRASH_H

/*
 * Named places where a test build dies as if the power went: compiled in with
 * -DCRASH_POINTS only. GIT_MIGRATE_CRASH=name or name:N (the Nth passing)
 * makes the process send itself SIGKILL there; GIT_MIGRATE_CRASH_LOG=path
 * has one line "name" appended for each place that is passed, so that a test
 * which kills at random can say where it landed.
 */
#ifdef CRASH_POINTS
void crash_point(const char *name);
#else
static inline void crash_point(const char *name)
{
	(void)name;
}
#endif

#endif
