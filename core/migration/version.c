#include "migration/migration.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/util.h"
#include "migration/scan.h"

static bool ends_part(char c)
{
	return !c || c == '.' || c == '_' || c == '-' || c == '/';
}

static bool ends_level(char c)
{
	return !c || c == '/';
}

/* One part of each: digits by value, else bytes; moves both behind it. */
static int compare_part(const char **a, const char **b)
{
	while (!ends_part(**a) || !ends_part(**b)) {
		size_t n, m;
		int order;

		*a += strspn(*a, "0");
		*b += strspn(*b, "0");
		n = scan_digits(*a);
		m = scan_digits(*b);
		if (n != m)
			return n < m ? -1 : 1;
		order = memcmp(*a, *b, n);
		if (order)
			return order;
		*a += n;
		*b += n;
		if (ends_part(**a) || ends_part(**b)) {
			if (ends_part(**a) && ends_part(**b))
				break;
			return ends_part(**a) ? -1 : 1;
		}
		if (**a != **b)
			return (unsigned char)**a < (unsigned char)**b ? -1 : 1;
		++*a;
		++*b;
	}
	return 0;
}

int migration_compare_versions(const char *a, const char *b)
{
	static const char zero[] = "0";

	for (;;) {
		const char *none = zero;
		bool end_a = ends_level(*a), end_b = ends_level(*b);
		int order;

		if (end_a && end_b) {
			if (!*a || !*b)
				return (*a != 0) - (*b != 0);
			a++;
			b++;
			continue;
		}
		order = compare_part(end_a ? &none : &a, end_b ? &none : &b);
		if (order)
			return order;
		/* a separator inside the level is stepped over */
		if (!ends_level(*a))
			a++;
		if (!ends_level(*b))
			b++;
	}
}

bool migration_is_nearer(const char *typed, const char *candidate,
			 unsigned *best)
{
	size_t n = strlen(typed);
	unsigned limit = n < 4 ? 1 : n < 12 ? 2 : n < 20 ? (unsigned)n / 4 : 5;
	unsigned d = text_distance(typed, candidate);

	/* a slug without its version is a part of the name */
	if (d > 1 && n >= 3 && strstr(candidate, typed))
		d = 1;
	if (d > limit || d >= *best)
		return false;
	*best = d;
	return true;
}

const char *scan_greatest(const struct migration_set *set)
{
	const char *best = NULL;

	for (size_t i = 0; i < set->n; i++) {
		const char *v = set->items[i]->version;

		if (*v && (!best || migration_compare_versions(best, v) < 0))
			best = v;
	}
	return best;
}

/* Of a version that is a whole name, the number in front counts. */
static bool has_version(const struct migration_set *set, const char *version)
{
	size_t n = strlen(version);

	for (size_t i = 0; i < set->n; i++) {
		const struct migration *m = set->items[i];

		if (!migration_compare_versions(m->version, version))
			return true;
		if (streq(m->version, m->name) && scan_digits(m->name) == n &&
		    !strncmp(m->name, version, n))
			return true;
	}
	return false;
}

/* Seconds since 1970 of "YYYYMMDDHHMMSS", -1 when it is not of that form. */
static int64_t stamp_seconds(const char *stamp)
{
	char iso[CLOCK_ISO_SIZE];

	if (scan_digits(stamp) != 14 || stamp[14])
		return -1;
	snprintf(iso, sizeof(iso), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", stamp,
		 stamp + 4, stamp + 6, stamp + 8, stamp + 10, stamp + 12);
	return clock_parse_iso(iso);
}

char *scan_free_stamp(const struct migration_set *set, const char *stamp)
{
	char text[CLOCK_STAMP_SIZE];
	int64_t at = stamp_seconds(stamp);

	snprintf(text, sizeof(text), "%s", stamp);
	while (at >= 0 && has_version(set, text))
		clock_stamp(++at, text);
	return xstrdup(text);
}

char *scan_count_up(const char *digits)
{
	size_t n = strlen(digits), i = n;
	char *out = xasprintf("0%s", digits);

	for (; i > 0 && out[i] == '9'; i--)
		out[i] = '0';
	out[i]++;
	if (i > 0)
		memmove(out, out + 1, n + 1);
	return out;
}

/* Only the last run of digits counts up: "1.2" gives "1.3". */
static char *next_small(const char *greatest)
{
	size_t n = strlen(greatest), start;
	char *last, *out;

	for (start = n;
	     start > 0 && isdigit((unsigned char)greatest[start - 1]);)
		start--;
	last = scan_count_up(greatest + start);
	out = xasprintf("%.*s%s", (int)start, greatest, last);
	free(last);
	return out;
}

char *scan_next_version(const struct migration_set *set, const char *stamp,
			const char *first_small)
{
	const char *top = scan_greatest(set);
	size_t n = top ? strlen(top) : 0;

	if (!top && first_small)
		return xstrdup(first_small);
	if (!top || (n >= 14 && scan_digits(top) == n)) {
		char *free_stamp = scan_free_stamp(set, stamp), *wide;

		if (n <= 14)
			return free_stamp;
		/* milliseconds and the like behind the seconds */
		wide = xasprintf("%s%0*d", free_stamp, (int)(n - 14), 0);
		free(free_stamp);
		if (!has_version(set, wide))
			return wide;
		free(wide);
		return next_small(top);
	}
	if (n == 10 && scan_digits(top) == n) {
		int64_t at = stamp_seconds(stamp);
		char *unix_time = xasprintf("%lld", (long long)at);

		if (at >= 0 && strlen(unix_time) == 10 &&
		    !has_version(set, unix_time))
			return unix_time;
		free(unix_time);
	}
	return next_small(top);
}
