#ifndef CMD_TTY_H
#define CMD_TTY_H

#include <stdbool.h>

#include "engine/store.h"

enum tty_color {
	TTY_RESET,
	TTY_RED,
	TTY_GREEN,
	TTY_YELLOW,
	TTY_MAGENTA,
	TTY_CYAN,
	TTY_BOLD,
	TTY_DIM,
	TTY_COLOR_COUNT,
};

/** What standard output and standard error are good for. */
struct tty {
	bool color;    /**< on standard output */
	bool progress; /**< standard error is a terminal that can go back */
	int width;     /**< columns of standard output; 0 = no terminal */
	int err_width; /**< columns of standard error; 80 when unknown */
};

/**
 * Decide about colour: --no-color, NO_COLOR, color.migrate, color.ui, and
 * whether there is a terminal, in this order.
 *
 * @param store where configuration is read; NULL = none
 */
void tty_init(struct tty *t, struct store *store, bool no_color);

/** The sequence that switches a colour on; "" when colour is off. */
const char *tty_color(const struct tty *t, enum tty_color c);

#endif
