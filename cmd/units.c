#include "cmd/units.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/util.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{ "ms", 1 },      { "s", 1000 },     { "min", 60000 },
	{ "h", 3600000 }, { "d", 86400000 }, { NULL, 0 },
};

static const struct unit sizes[] = {
	{ "", 1 },
	{ "b", 1 },
	{ "k", 1024 },
	{ "kb", 1024 },
	{ "kib", 1024 },
	{ "m", UINT64_C(1) << 20 },
	{ "mb", UINT64_C(1) << 20 },
	{ "mib", UINT64_C(1) << 20 },
	{ "g", UINT64_C(1) << 30 },
	{ "gb", UINT64_C(1) << 30 },
	{ "gib", UINT64_C(1) << 30 },
	{ "t", UINT64_C(1) << 40 },
	{ "tb", UINT64_C(1) << 40 },
	{ "tib", UINT64_C(1) << 40 },
	{ NULL, 0 },
};

/* A whole number and one of the units, white space between allowed. */
static bool parse(const char *text, const struct unit *units, uint64_t max,
		  uint64_t *out)
{
	unsigned long long n;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno)
		return false;
	while (*end == ' ')
		end++;
	for (; units->name; units++) {
		if (strcasecmp(end, units->name) != 0)
			continue;
		if (n > max / units->factor)
			return false;
		*out = n * units->factor;
		return true;
	}
	return false;
}

bool units_duration(const char *text, int64_t *ms)
{
	uint64_t n = 0;

	if (!streq(text, "0") && !parse(text, durations, INT32_MAX, &n))
		return false;
	*ms = (int64_t)n;
	return true;
}

bool units_size(const char *text, uint64_t *bytes)
{
	return parse(text, sizes, INT64_MAX, bytes);
}

static int two_digits(const char *p)
{
	if (!isdigit((unsigned char)p[0]) || !isdigit((unsigned char)p[1]))
		return -1;
	return (p[0] - '0') * 10 + p[1] - '0';
}

/* "Z", "+01:00", "-0730", or nothing: the local zone. */
static bool read_zone(const char *p, bool *local, int *minutes)
{
	int hours, rest;

	*local = !*p;
	*minutes = 0;
	if (!*p || streq(p, "Z"))
		return true;
	if (*p != '+' && *p != '-')
		return false;
	hours = two_digits(p + 1);
	if (hours < 0)
		return false;
	rest = two_digits(p + 3 + (p[3] == ':'));
	*minutes = (hours * 60 + rest) * (*p == '-' ? -1 : 1);
	return rest >= 0 && !p[5 + (p[3] == ':')] && hours < 24 && rest < 60;
}

bool units_date(const char *text, int64_t *seconds)
{
	struct tm t = { .tm_isdst = -1 }, given;
	int64_t ago;
	const char *p;
	int minutes;
	bool local;

	if (units_duration(text, &ago)) {
		*seconds = clock_now() - ago / 1000;
		return true;
	}
	p = strptime(text, "%Y-%m-%d", &t);
	if (p && (*p == 'T' || *p == ' ')) {
		const char *from = p + 1;

		p = strptime(from, "%H:%M:%S", &t);
		if (!p)
			p = strptime(from, "%H:%M", &t);
	}
	if (!p || !read_zone(p, &local, &minutes))
		return false;
	given = t;
	*seconds = local ? mktime(&t) : timegm(&t) - (int64_t)minutes * 60;
	return t.tm_mday == given.tm_mday; /* no 31st of June */
}

bool units_bool(const char *text, bool *out)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0", "" };

	*out = true;
	if (!text)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (!strcasecmp(text, yes[i]))
			return true;
	*out = false;
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (!strcasecmp(text, no[i]))
			return true;
	return false;
}
