#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t clock_steady_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_now(void)
{
	const char *fixed = getenv("GIT_MIGRATE_TEST_NOW");

	return fixed && *fixed ? strtoll(fixed, NULL, 10) : (int64_t)time(NULL);
}

static void utc(int64_t seconds, struct tm *tm)
{
	time_t t = (time_t)seconds;

	if (!gmtime_r(&t, tm))
		memset(tm, 0, sizeof(*tm));
}

void clock_iso(int64_t seconds, char out[CLOCK_ISO_SIZE])
{
	struct tm tm;

	utc(seconds, &tm);
	if (!strftime(out, CLOCK_ISO_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm))
		out[0] = '\0';
}

void clock_stamp(int64_t seconds, char out[CLOCK_STAMP_SIZE])
{
	struct tm tm;

	utc(seconds, &tm);
	if (!strftime(out, CLOCK_STAMP_SIZE, "%Y%m%d%H%M%S", &tm))
		out[0] = '\0';
}

int64_t clock_parse_iso(const char *text)
{
	struct tm tm = { 0 };
	char back[CLOCK_ISO_SIZE];
	int64_t t;

	if (strlen(text) != CLOCK_ISO_SIZE - 1 ||
	    !strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return -1;
	t = (int64_t)timegm(&tm);
	clock_iso(t, back);
	return strcmp(back, text) ? -1 : t;
}

int clock_zone_minutes(int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	return localtime_r(&t, &tm) ? (int)(tm.tm_gmtoff / 60) : 0;
}
