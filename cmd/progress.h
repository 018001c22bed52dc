#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One line on standard error that is drawn over, at most ten times a second,
 * and gone at the end. Whoever prints anything else first calls
 * progress_clear().
 */
struct progress {
	bool on;
	bool drawn;
	int width;
	int64_t last_us; /**< when it was drawn last */
};

void progress_init(struct progress *p, bool on, int width);

/** "apply 3/10 20260101120000_users"; name is made safe here. */
void progress_step(struct progress *p, const char *verb, const char *name,
		   size_t i, size_t n);
void progress_clear(struct progress *p);

#endif
