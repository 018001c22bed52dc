#ifndef GITSTORE_REFNAME_H
#define GITSTORE_REFNAME_H

#include "base/buf.h"

/**
 * Append one part of a ref name made from any text: letters, digits, '-',
 * '_' and inner single dots stay, every other byte becomes %HH, so that two
 * texts never give the same name and git takes each (git check-ref-format).
 */
void gs_refname_add(struct buf *out, const char *text);

#endif
