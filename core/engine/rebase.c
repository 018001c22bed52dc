#include "engine/rebase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "decide/order.h"
#include "engine/impl.h"

/* A side: its commit and its migrations. */
struct side {
	struct store_commit commit;
	struct source *source;
	struct migration_set set;
};

struct rebase {
	struct engine *e;
	const struct engine_rebase_options *opt;
	struct engine_rebase *out;
	struct side ours, theirs;
	struct store_id *bases;
	size_t n_bases;
	struct map added; /* path -> how many bases lack it */
	struct map own;   /* name of an own migration -> itself */
};

static void side_release(struct side *s)
{
	migration_set_release(&s->set);
	if (s->source)
		s->source->ops->close(s->source);
	store_commit_release(&s->commit);
}

void engine_rebase_release(struct engine_rebase *r)
{
	renumber_release(&r->plan);
	arena_release(&r->arena);
	memset(r, 0, sizeof(*r));
}

/* --- onto what --- */

static bool resolves(struct rebase *r, const char *rev)
{
	struct store_commit c;
	struct err *err;

	memset(&c, 0, sizeof(c));
	err = r->e->store->ops->resolve(r->e->store, rev, &c);
	store_commit_release(&c);
	err_free(err);
	return !err;
}

/* What was pushed of this branch is no other side of it. */
static bool is_itself(const char *upstream, const char *branch)
{
	const char *slash = strchr(upstream, '/');

	return branch &&
	       (streq(upstream, branch) || (slash && streq(slash + 1, branch)));
}

static struct err *from_merge(struct rebase *r, char **out)
{
	struct store_id *heads = NULL;
	size_t n = 0;
	struct err *err =
		r->e->store->ops->merge_heads(r->e->store, &heads, &n);

	if (!err && n)
		*out = xstrdup(heads[0].hex);
	free(heads);
	return err;
}

static struct err *from_upstream(struct rebase *r, char **out)
{
	const struct store_ops *ops = r->e->store->ops;
	char *upstream = NULL, *branch = NULL, *head;
	struct err *err = ops->upstream(r->e->store, &upstream);

	if (!err)
		err = ops->branch(r->e->store, &branch);
	if (!err && upstream && !is_itself(upstream, branch)) {
		*out = upstream;
		upstream = NULL;
	}
	head = upstream && strchr(upstream, '/')
		       ? xasprintf("%.*s/HEAD", (int)strcspn(upstream, "/"),
				   upstream)
		       : xstrdup("origin/HEAD");
	if (!err && !*out && resolves(r, head)) {
		*out = head;
		head = NULL;
	}
	free(head);
	free(upstream);
	free(branch);
	return err;
}

static struct err *find_onto(struct rebase *r)
{
	char *found = r->opt->onto ? xstrdup(r->opt->onto) : NULL;
	struct err *err = NULL;

	if (!found)
		err = from_merge(r, &found);
	if (!err && !found)
		err = r->e->store->ops->config(r->e->store, "migrate.base",
					       &found, NULL);
	if (!err && !found)
		err = from_upstream(r, &found);
	if (!err && !found)
		err = err_hint(err_new(ERR_INPUT,
				       "there is no other side: the branch "
				       "follows none, and migrate.base is not "
				       "set"),
			       "git migrate rebase --onto main");
	if (found)
		r->out->onto = arena_strdup(&r->out->arena, found);
	free(found);
	return err;
}

/* --- both sides --- */

static struct err *folder_in(struct rebase *r, const struct store_id *commit,
			     char **out)
{
	struct err *err = r->e->store->ops->config_at(r->e->store, commit,
						      "migrate.dir", out, NULL);

	if (!err && !*out)
		*out = xstrdup(r->e->cfg.dir);
	return err;
}

static struct err *read_side(struct rebase *r, const char *rev, const char *dir,
			     struct side *out)
{
	struct migration_options opt = { .layout = r->e->cfg.layout,
					 .pattern = r->e->cfg.pattern,
					 .dialect = r->e->cfg.dialect };
	const struct store_ops *ops = r->e->store->ops;
	char *found = NULL;
	struct err *err = ops->resolve(r->e->store, rev, &out->commit);

	if (!err && !dir)
		err = folder_in(r, &out->commit.id, &found);
	if (!err)
		err = ops->source(r->e->store, &out->commit.id,
				  dir ? dir : found, &out->source);
	if (!err)
		err = migration_set_read(&out->set, out->source, &opt);
	free(found);
	return err;
}

/* --- the branch's own --- */

static struct err *see_change(void *payload, const char *path,
			      const char *old_blob, const char *new_blob)
{
	struct rebase *r = payload;

	(void)new_blob;
	if (!old_blob)
		map_put_number(&r->added, path,
			       map_number(&r->added, path) + 1);
	return NULL;
}

static struct err *find_added(struct rebase *r)
{
	const struct store_ops *ops = r->e->store->ops;
	struct err *err =
		ops->merge_bases(r->e->store, &r->ours.commit.id,
				 &r->theirs.commit.id, &r->bases, &r->n_bases);

	for (size_t i = 0; i < r->n_bases && !err; i++)
		err = ops->folder_changes(r->e->store, &r->bases[i],
					  &r->ours.commit.id, r->e->cfg.dir,
					  see_change, r);
	if (!err)
		r->out->base = r->bases[0];
	return err;
}

static bool has_same(const struct migration_set *set, const struct migration *m)
{
	const struct migration *there = migration_find(set, m->name);

	return there && streq_null(there->blob, m->blob);
}

static struct err *find_own(struct rebase *r)
{
	struct err *err = find_added(r);

	for (size_t i = 0; i < r->ours.set.n && !err; i++) {
		struct migration *m = r->ours.set.items[i];

		if (map_number(&r->added, m->path) != r->n_bases ||
		    has_same(&r->theirs.set, m))
			continue;
		map_put(&r->own, m->name, m);
		err = migration_load(&r->ours.set, m);
	}
	return err;
}

/* --- who has them already --- */

/* Names of what moves and is known to somebody, for a message. */
static struct err *refuse(const struct buf *names, const char *who)
{
	return err_hint(
		err_new(ERR_REFUSED, "%s has already: %s", who, buf_str(names)),
		"others may have applied them under their names; "
		"--force renames them nevertheless");
}

static void add_name(struct buf *names, const char *name)
{
	buf_addf(names, "%s%s", names->len ? ", " : "", name);
}

/* A branch that this one follows, and that is not what it goes onto. */
static struct err *check_branch(struct rebase *r, const char *rev)
{
	struct side side = { 0 };
	struct buf names = BUF_INIT;
	char *branch = NULL;
	struct err *err = r->e->store->ops->branch(r->e->store, &branch);

	if (!err && resolves(r, rev))
		err = read_side(r, rev, r->e->cfg.dir, &side);
	for (size_t i = 0; !err && i < r->out->plan.n; i++) {
		const struct renumber_item *item = &r->out->plan.items[i];

		if (item->renamed && has_same(&side.set, item->m))
			add_name(&names, item->m->name);
	}
	if (!err && names.len && is_itself(rev, branch))
		session_note(r->e, ENGINE_HINT,
			     "%s has %s under the old name; who has applied it "
			     "learns the new one at the next apply",
			     rev, buf_str(&names));
	else if (!err && names.len)
		err = refuse(&names, rev);
	side_release(&side);
	buf_release(&names);
	free(branch);
	return err;
}

struct seen {
	const struct rebase *r;
	struct buf *names;
};

/* The ledger keeps each applied file under "migrations". */
static struct err *see_applied(void *payload, const struct source_entry *e)
{
	struct seen *s = payload;
	const struct renumber *plan = &s->r->out->plan;

	for (size_t i = 0; i < plan->n; i++)
		if (plan->items[i].renamed &&
		    streq_null(plan->items[i].m->blob, e->blob))
			add_name(s->names, plan->items[i].m->name);
	return NULL;
}

static struct err *check_target(struct rebase *r,
				const struct engine_rebase_target *t)
{
	const struct store_ops *ops = r->e->store->ops;
	struct buf names = BUF_INIT;
	struct seen seen = { r, &names };
	struct source *source = NULL;
	struct store_id tip = { "" };
	char uuid[37] = "", *who;
	struct err *err = ops->ledger_of_target(r->e->store, t->name, uuid);

	if (!err && *uuid)
		err = ops->ledger_tip(r->e->store, uuid, &tip);
	if (!err && *tip.hex)
		err = ops->source(r->e->store, &tip, "migrations", &source);
	if (!err && source)
		err = source->ops->list(source, see_applied, &seen);
	if (source)
		source->ops->close(source);
	if (!err && names.len && t->is_protected && !r->opt->force) {
		who = xasprintf("protected target '%s'", t->name);
		err = refuse(&names, who);
		free(who);
	} else if (!err && names.len) {
		session_note(r->e, ENGINE_HINT,
			     "target '%s' has applied %s; it learns the new "
			     "name at the next apply",
			     t->name, buf_str(&names));
	}
	buf_release(&names);
	return err;
}

static struct err *check_published(struct rebase *r)
{
	const struct store_ops *ops = r->e->store->ops;
	char *upstream = NULL, *base = NULL;
	struct err *err = NULL;

	if (!r->opt->force) {
		err = ops->upstream(r->e->store, &upstream);
		if (!err)
			err = ops->config(r->e->store, "migrate.base", &base,
					  NULL);
	}
	if (!err && upstream && !streq(upstream, r->out->onto))
		err = check_branch(r, upstream);
	if (!err && base && !streq(base, r->out->onto))
		err = check_branch(r, base);
	for (size_t i = 0; !err && i < r->opt->n_targets; i++)
		err = check_target(r, &r->opt->targets[i]);
	free(upstream);
	free(base);
	return err;
}

/* --- doing it --- */

static struct err *move_files(struct rebase *r)
{
	const struct renumber *plan = &r->out->plan;
	struct store_move *moves = xcalloc(plan->n_files + 1, sizeof(*moves));
	struct arena *a = &r->out->arena;
	struct err *err = NULL;

	for (size_t i = 0; i < plan->n_files; i++) {
		const struct renumber_file *f = &plan->files[i];

		moves[i].from = migration_path_in(a, r->e->cfg.dir, f->from);
		moves[i].to = migration_path_in(a, r->e->cfg.dir, f->to);
		moves[i].data = f->text;
		moves[i].len = f->len;
	}
	if (plan->n_files && !r->opt->dry_run)
		err = r->e->store->ops->move_files(r->e->store, moves,
						   plan->n_files);
	free(moves);
	return err;
}

static struct err *plan(struct rebase *r)
{
	char stamp[CLOCK_STAMP_SIZE];
	struct err *err = decide_order(&r->ours.set, NULL, NULL);

	clock_stamp(clock_now(), stamp);
	if (!err)
		err = renumber_plan(&r->out->plan, &r->ours.set, &r->own,
				    &r->theirs.set, stamp);
	for (size_t i = 0; !err && i < r->out->plan.n; i++) {
		r->out->n_renamed += r->out->plan.items[i].renamed;
		r->out->n_rewritten += r->out->plan.items[i].rewritten;
	}
	return err;
}

/* The items outlive the set that they were read from. */
static void keep_items(struct rebase *r)
{
	struct renumber *p = &r->out->plan;

	for (size_t i = 0; i < p->n; i++) {
		struct migration *m = arena_alloc(&p->arena, sizeof(*m));

		memset(m, 0, sizeof(*m));
		m->name = arena_strdup(&p->arena, p->items[i].m->name);
		m->version = arena_strdup(&p->arena, p->items[i].m->version);
		m->path = arena_strdup(&p->arena, p->items[i].m->path);
		m->blob = arena_strdup(&p->arena, p->items[i].m->blob);
		p->items[i].m = m;
	}
}

struct err *engine_rebase(struct engine *e,
			  const struct engine_rebase_options *opt,
			  struct engine_rebase *out)
{
	struct rebase r = { .e = e, .opt = opt, .out = out };
	struct err *err;

	memset(out, 0, sizeof(*out));
	err = find_onto(&r);
	if (!err)
		err = read_side(&r, NULL, e->cfg.dir, &r.ours);
	if (!err)
		err = read_side(&r, out->onto, NULL, &r.theirs);
	if (!err) {
		out->onto_id = r.theirs.commit.id;
		err = find_own(&r);
	}
	if (!err)
		err = plan(&r);
	if (!err)
		err = check_published(&r);
	if (!err)
		err = move_files(&r);
	keep_items(&r);
	map_release(&r.added);
	map_release(&r.own);
	free(r.bases);
	side_release(&r.ours);
	side_release(&r.theirs);
	return err;
}
