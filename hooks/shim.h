#ifndef HOOKS_SHIM_H
#define HOOKS_SHIM_H

#include <stdbool.h>

#include "base/buf.h"
#include "hooks/kind.h"

/*
 * The shell text between git and `git migrate hook`. It needs no terminal and
 * nothing of PATH but git itself (and cat, where a hook from before is fed
 * twice), and names no repository, so that one that is moved keeps its hooks.
 *
 * Exit status: that of the hook from before where it stops git; 1 where the
 * program says so; else 0. A program that is gone or breaks stops git only
 * where migrate.hooks is "required".
 */

/** What the hook that was there before is called from now on. */
#define SHIM_BEFORE ".before-git-migrate"

/** The file of a hook. program: absolute path of git-migrate. */
void shim_file(struct buf *out, enum hook_kind kind, const char *program);

/** The same as one line, for hook.<name>.command: git adds "$@". */
void shim_command(struct buf *out, enum hook_kind kind, const char *program);

/** The text is one of shim_file(), of this or another version. */
bool shim_is_ours(const char *text);

/** The program that a text of either kind runs; NULL = it is none of ours.
 * free() it. */
char *shim_program(const char *text);

#endif
