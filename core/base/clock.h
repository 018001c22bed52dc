#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/** Steady time in microseconds, for durations and deadlines. */
int64_t clock_steady_us(void);

/** Seconds since 1970-01-01 UTC. GIT_MIGRATE_TEST_NOW=<seconds> fixes it. */
int64_t clock_now(void);

/** "2026-11-22T15:04:05Z" and its NUL; "" for a year of five digits. */
#define CLOCK_ISO_SIZE 21
void clock_iso(int64_t seconds, char out[CLOCK_ISO_SIZE]);

/** Back from clock_iso() form; -1 when the text is not of that form. */
int64_t clock_parse_iso(const char *text);

/** "20261122150405" and its NUL; "" for a year of five digits. */
#define CLOCK_STAMP_SIZE 15
void clock_stamp(int64_t seconds, char out[CLOCK_STAMP_SIZE]);

/** Minutes east of UTC of the local zone at that time. */
int clock_zone_minutes(int64_t seconds);

#endif
