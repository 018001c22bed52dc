#ifndef CMD_UNITS_H
#define CMD_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/** "500ms", "5s", "10min", "2h", "1d", "0"; at most 2^31 - 1 ms. */
bool units_duration(const char *text, int64_t *ms);

/** "2GiB", "2g", "500m", "1024"; k, m, g, t are powers of 1024. */
bool units_size(const char *text, uint64_t *bytes);

/** "2026-11-22", "2026-11-22 15:04[:05]" (local time), the same with T and Z
 * or +01:00, or how long ago: "3h", "2d". Seconds since 1970. */
bool units_date(const char *text, int64_t *seconds);

/** As git reads a boolean; NULL (a key without a value) is true. */
bool units_bool(const char *text, bool *out);

#endif
