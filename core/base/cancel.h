#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include <stdbool.h>

#include "base/err.h"

/*
 * The one global of the project: set from a signal handler, asked between
 * and during steps. The first Ctrl-C asks for a clean stop.
 */
void cancel_install(void);
bool cancel_requested(void);

/**
 * Put a request off while work that was finished before it is done again, so
 * that it is not lost; false lets it through.
 */
void cancel_hold(bool hold);

/** ERR_CANCELLED once a stop was asked for, else NULL. */
MUST_USE struct err *cancel_check(void);

#endif
