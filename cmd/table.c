#include <stddef.h>

#include "cmd/cmd.h"

/* in the order in which a person meets them */
const struct cmd *const cmds[] = {
	&cmd_init,       &cmd_new,      &cmd_status, &cmd_plan,
	&cmd_apply,      &cmd_rollback, &cmd_check,  &cmd_rebase,
	&cmd_reconcile,  &cmd_branches, &cmd_log,    &cmd_show,
	&cmd_snapshot,   &cmd_target,   &cmd_hooks,  &cmd_hook,
	&cmd_completion, &cmd_version,  NULL,
};
