#include "gitstore/dateline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/util.h"

static void add(struct buf *out, int64_t seconds, int zone)
{
	int minutes = zone < 0 ? -zone : zone;

	buf_addf(out, "%lld %c%02d%02d", (long long)seconds,
		 zone < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

static bool is_blank(const char *s)
{
	return !s[strspn(s, " ")];
}

static bool two_digits(const char *s, int *out)
{
	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return false;
	*out = (s[0] - '0') * 10 + s[1] - '0';
	return true;
}

/* "+0100", "+01:00" or "Z", spaces around; false when it is none. */
static bool read_zone(const char *s, int *zone)
{
	int hours = 0, minutes = 0;
	char sign;

	s += strspn(s, " ");
	sign = *s;
	if (sign == 'Z') {
		*zone = 0;
		return is_blank(s + 1);
	}
	if ((sign != '+' && sign != '-') || !two_digits(s + 1, &hours))
		return false;
	s += s[3] == ':' ? 4 : 3;
	if (!two_digits(s, &minutes) || !is_blank(s + 2))
		return false;
	*zone = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
	return true;
}

/* Seconds of a broken-down time that says its zone, or is local. */
static bool finish(struct tm *tm, const char *rest, int64_t *seconds, int *zone)
{
	if (is_blank(rest)) {
		tm->tm_isdst = -1;
		*seconds = mktime(tm);
		*zone = clock_zone_minutes(*seconds);
		return true;
	}
	if (!read_zone(rest, zone))
		return false;
	*seconds = timegm(tm) - (int64_t)*zone * 60;
	return true;
}

static bool read_calendar(const char *date, int64_t *seconds, int *zone)
{
	static const char *const forms[] = {
		"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
		"%Y.%m.%d %H:%M:%S", "%a, %d %b %Y %H:%M:%S",
		"%d %b %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y"
	};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct tm tm;
		const char *rest;

		memset(&tm, 0, sizeof(tm));
		rest = strptime(date, forms[i], &tm);
		if (rest && finish(&tm, rest, seconds, zone))
			return true;
	}
	return false;
}

static bool read_seconds(const char *date, int64_t *seconds, int *zone)
{
	const char *digits = date + (*date == '@');
	char *end;

	if (!strchr("0123456789", *digits) || !*digits)
		return false;
	*seconds = strtoll(digits, &end, 10);
	if (is_blank(end)) {
		*zone = 0;
		/* git takes a bare number for seconds from nine digits on */
		return *date == '@' || end - digits >= 9;
	}
	return *end == ' ' && read_zone(end, zone);
}

struct err *gs_dateline_add(struct buf *out, const char *date, int64_t seconds)
{
	int zone = clock_zone_minutes(seconds);

	if (date && *date && !read_seconds(date, &seconds, &zone) &&
	    !read_calendar(date, &seconds, &zone))
		return err_hint(err_new(ERR_INPUT,
					"GIT_COMMITTER_DATE: invalid date "
					"format '%s'",
					date),
				"write it as '1700000000 +0100' or "
				"'2026-01-31T12:00:00+0100'");
	add(out, seconds, zone);
	return NULL;
}
