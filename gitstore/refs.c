#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/file.h"
#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/hash.h"
#include "gitstore/reflock.h"
#include "gitstore/refname.h"
#include "gitstore/repo.h"

static char *ledger_ref(const char *uuid)
{
	return xasprintf("refs/migrate/db/%s/ledger", uuid);
}

static char *target_ref(const char *folder, const char *target)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "refs/migrate/%s/", folder);
	gs_refname_add(&b, target);
	return buf_detach(&b);
}

/* rc of a ref update, with what each means to a second writer. */
static struct err *update_failed(int rc, const char *ref)
{
	if (rc == GIT_EMODIFIED || rc == GIT_ENOTFOUND || rc == GIT_EEXISTS ||
	    rc == GIT_ELOCKED)
		return err_hint(err_new(ERR_STATE,
					rc == GIT_ELOCKED
						? "%s is locked"
						: "%s is not where it was",
					ref),
				"another git-migrate ran; try again");
	return gs_fault(ERR_STORE, "update %s", ref);
}

struct err *gs_ledger_tip(struct store *s, const char *uuid,
			  struct store_id *out)
{
	char *ref = ledger_ref(uuid);
	git_oid id;
	int rc = git_reference_name_to_id(&id, gs_of(s)->repo, ref);
	struct err *err = NULL;

	out->hex[0] = '\0';
	if (!rc)
		gs_id_print(&id, out);
	else if (rc != GIT_ENOTFOUND)
		err = gs_fault(ERR_STORE, "read %s", ref);
	free(ref);
	return err;
}

struct err *gs_ledger_forget(struct store *s, const char *target)
{
	struct gs *g = gs_of(s);
	char *ref = target_ref("ledger", target);
	struct err *err = gs_writable(g);
	unsigned tries = 0;
	int rc = 0;

	if (!err)
		do
			rc = git_reference_remove(g->repo, ref);
		while (gs_ref_try_again(g->common, ref, rc, &tries));
	if (rc < 0 && rc != GIT_ENOTFOUND)
		err = gs_fault(ERR_STORE, "remove %s", ref);
	free(ref);
	return err;
}

struct err *gs_ledger_of_target(struct store *s, const char *target,
				char out[37])
{
	char *name = target_ref("ledger", target);
	git_reference *ref = NULL;
	int rc = git_reference_lookup(&ref, gs_of(s)->repo, name);
	struct err *err = NULL;
	const char *to;

	out[0] = '\0';
	if (rc < 0 && rc != GIT_ENOTFOUND && rc != GIT_EINVALIDSPEC)
		err = gs_fault(ERR_STORE, "read %s", name);
	to = ref ? git_reference_symbolic_target(ref) : NULL;
	if (to && sscanf(to, "refs/migrate/db/%36[^/]/ledger", out) != 1)
		out[0] = '\0';
	git_reference_free(ref);
	free(name);
	return err;
}

/* Would libgit2 write to a log that exists? In a bare one it does not. */
static bool logs_by_itself(struct gs *g)
{
	git_config *cfg = NULL;
	const char *value = NULL;
	bool out = !git_repository_is_bare(g->repo);
	int yes;

	if (!git_repository_config_snapshot(&cfg, g->repo) &&
	    !git_config_get_string(&value, cfg, "core.logallrefupdates"))
		out = git_config_parse_bool(&yes, value) < 0 || yes;
	git_config_free(cfg);
	return out;
}

/* Append a line to the ref's log as git itself would. */
static struct err *append_log(struct gs *g, const char *ref,
			      const git_oid *from, const git_oid *to,
			      const char *why)
{
	char *path = xasprintf("%s/logs/%s", g->common, ref);
	char a[GIT_OID_HEXSZ + 1], b[GIT_OID_HEXSZ + 1];
	struct buf who = BUF_INIT;
	struct err *err = gs_ident(&g->base, clock_now(), &who);
	FILE *f = NULL;

	if (!err && !(f = fopen(path, "ae")))
		err = err_new(ERR_STORE, "open the log of %s", ref);
	if (!err) {
		git_oid_tostr(a, sizeof(a), from);
		git_oid_tostr(b, sizeof(b), to);
		fprintf(f, "%s %s %s\t%s\n", a, b, buf_str(&who), why);
	}
	if (f && fclose(f) && !err)
		err = err_new(ERR_STORE, "write the log of %s", ref);
	buf_release(&who);
	free(path);
	return err;
}

static int move_ref(struct gs *g, const char *ref, const git_oid *from,
		    const git_oid *to, const char *why)
{
	git_reference *made = NULL;
	unsigned tries = 0;
	int rc;

	do
		rc = git_reference_create_matching(&made, g->repo, ref, to, 1,
						   from, why);
	while (gs_ref_try_again(g->common, ref, rc, &tries));
	git_reference_free(made);
	return rc;
}

/* The reflog is signed by who git says we are; "unknown" is fine there. */
static void sign_logs(struct gs *g)
{
	struct buf who = BUF_INIT;
	struct err *err = gs_ident(&g->base, clock_now(), &who);
	char *lt = err ? NULL : strchr(who.data, '<'), *gt;

	if (lt && lt > who.data + 1 && (gt = strchr(lt, '>'))) {
		lt[-1] = *gt = '\0';
		git_repository_set_ident(g->repo, who.data, lt + 1);
	}
	err_free(err);
	buf_release(&who);
}

static struct err *point_target(struct gs *g, const char *target,
				const char *ledger)
{
	char *name = target_ref("ledger", target);
	git_reference *ref = NULL;
	struct err *err = NULL;
	const char *to = NULL;

	if (!git_reference_lookup(&ref, g->repo, name))
		to = git_reference_symbolic_target(ref);
	if (!to || !streq(to, ledger)) {
		unsigned tries = 0;
		int rc;

		git_reference_free(ref);
		ref = NULL;
		do
			rc = git_reference_symbolic_create(&ref, g->repo, name,
							   ledger, 1, NULL);
		while (gs_ref_try_again(g->common, name, rc, &tries));
		if (rc < 0)
			err = update_failed(rc, name);
	}
	git_reference_free(ref);
	free(name);
	return err;
}

struct err *gs_ledger_move(struct store *s, const char *uuid,
			   const char *target, const struct store_id *prev,
			   const struct store_id *next, const char *why)
{
	struct gs *g = gs_of(s);
	char *ref = ledger_ref(uuid);
	git_oid from = { { 0 } }, to; /* all zero: must not exist */
	struct err *err = gs_writable(g);
	int rc;

	if (!err && prev && prev->hex[0])
		err = gs_id_parse(prev->hex, &from);
	if (!err)
		err = gs_id_parse(next->hex, &to);
	if (err)
		goto done;
	sign_logs(g);
	if (git_reference_ensure_log(g->repo, ref) < 0) {
		err = gs_fault(ERR_STORE, "make the log of %s", ref);
		goto done;
	}
	rc = move_ref(g, ref, &from, &to, why);
	if (rc < 0)
		err = update_failed(rc, ref);
	else if (!logs_by_itself(g))
		err = append_log(g, ref, &from, &to, why);
	crash_point("ledger-moved");
	if (!err && target && *target)
		err = point_target(g, target, ref);
done:
	free(ref);
	return err;
}

struct err *gs_ledger_archive(struct store *s, const char *uuid,
			      const struct store_id *id, int64_t seconds)
{
	struct gs *g = gs_of(s);
	char stamp[CLOCK_STAMP_SIZE];
	struct err *err = gs_writable(g);
	git_oid oid, there;

	if (!err)
		err = gs_id_parse(id->hex, &oid);
	clock_stamp(seconds, stamp);
	for (int n = 1; !err; n++) {
		git_reference *ref = NULL;
		char *name = n == 1 ? xasprintf("refs/migrate/archive/%s/%s",
						uuid, stamp)
				    : xasprintf("refs/migrate/archive/%s/%s-%d",
						uuid, stamp, n);
		int rc = git_reference_create(&ref, g->repo, name, &oid, 0,
					      NULL);
		bool again = rc == GIT_EEXISTS &&
			     !git_reference_name_to_id(&there, g->repo, name);

		if (rc < 0 && !again)
			err = update_failed(rc, name);
		git_reference_free(ref);
		free(name);
		if (!again || git_oid_equal(&there, &oid))
			break;
	}
	return err;
}
