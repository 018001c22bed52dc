#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/check_impl.h"

/* Which revisions are compared, in which of the modes; and the sum of it. */

void check_note(struct check *c, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < c->n_notes; i++)
		if (streq(c->notes[i], buf_str(&b))) {
			buf_release(&b);
			return;
		}
	VEC_GROW(c->notes, c->n_notes, c->cap_notes);
	c->notes[c->n_notes++] = arena_strdup(c->arena, buf_str(&b));
	buf_release(&b);
}

struct err *check_resolve(struct check *c, const char *rev,
			  struct store_id *out)
{
	struct store *s = c->e->store;
	struct store_commit commit = { 0 };
	struct err *err = s->ops->resolve(s, rev, &commit);

	*out = commit.id;
	store_commit_release(&commit);
	return err;
}

static void add_names(struct check *c, const struct check_side *s)
{
	for (size_t i = 0; i < s->n_added; i++) {
		const char *name = s->added[i].m->name;

		VEC_GROW(c->checked, c->n_checked, c->cap_checked);
		c->checked[c->n_checked++] = arena_strdup(c->arena, name);
	}
}

void check_add_names(struct check *c, const struct check_trees *t)
{
	add_names(c, &t->ours);
	add_names(c, &t->theirs);
}

/* --- one comparison, its sides read --- */

struct err *check_judge(struct check *c, struct check_trees *t)
{
	struct err *err;

	err = check_effects(c, t);
	if (!err)
		err = check_rules_run(c, t);
	if (!err)
		err = check_replay(c, t);
	if (!err)
		err = check_find_adders(c, t);
	if (!err) {
		check_add_names(c, t);
		check_index_put(c, t);
	}
	return err;
}

struct err *check_compare(struct check *c, struct check_trees *t)
{
	struct err *err;

	c->from = c->n;
	err = check_trees_compare(c, t);
	return err ? err : check_judge(c, t);
}

struct err *check_read_bases(struct check *c, struct check_trees *t,
			     const struct store_id *ids, size_t n)
{
	struct err *err = NULL;

	t->bases = arena_array(c->arena, n + 1, sizeof(*t->bases));
	for (; t->n_bases < n && !err; t->n_bases++)
		err = check_side_read(
			c, &t->bases[t->n_bases], "base",
			arena_printf(c->arena, "%.12s", ids[t->n_bases].hex),
			&ids[t->n_bases]);
	return err;
}

static struct err *folder_of(struct check *c, const struct store_id *commit,
			     struct store_id *out)
{
	return c->e->store->ops->folder_id(c->e->store, commit, c->e->cfg.dir,
					   out);
}

/* Neither side has touched the folder (or not both, when that is enough). */
struct err *check_is_untouched(struct check *c, const struct store_id *base,
			       const struct check_tip *ours,
			       const struct check_tip *theirs, bool both,
			       bool *out)
{
	struct store_id b, o, t;
	struct err *err = folder_of(c, base, &b);

	if (!err)
		err = folder_of(c, &ours->id, &o);
	if (!err)
		err = folder_of(c, &theirs->id, &t);
	if (err)
		return err;
	*out = both ? streq(b.hex, o.hex) || streq(b.hex, t.hex)
		    : streq(b.hex, o.hex) && streq(b.hex, t.hex);
	return NULL;
}

/* What cannot be read as a set, a version twice, is what the sides tell. */
static struct err *read_result(struct check *c, const struct check_merge *m,
			       struct check_trees *t)
{
	struct err *err;

	if (m->result == CHECK_RESULT_INDEX)
		err = check_side_read_index(c, &t->result, "result");
	else
		err = check_side_read(
			c, &t->result, "result",
			arena_printf(c->arena, "%.12s", m->commit.hex),
			&m->commit);
	t->has_result = !err;
	if (!err || err_class_of(err) != ERR_INPUT)
		return err;
	check_note(c, "%s", err_text(err));
	err_free(err);
	return NULL;
}

struct err *check_compare_merge(struct check *c, const struct check_merge *m)
{
	struct check_trees t = { 0 };
	struct err *err = NULL;
	bool untouched = false, done = false;

	if (m->n_bases == 1)
		err = check_is_untouched(c, &m->bases[0], &m->ours, &m->theirs,
					 m->both, &untouched);
	if (err || (untouched && m->result != CHECK_RESULT_INDEX))
		return err;
	if (m->n_bases == 1 && m->result == CHECK_RESULT_NONE)
		err = check_quick(c, m, &done);
	if (err || done)
		return err;
	err = check_read_bases(c, &t, m->bases, m->n_bases);
	if (!err)
		err = check_side_read(c, &t.ours, "ours", m->ours.ref,
				      &m->ours.id);
	if (!err)
		err = check_side_read(c, &t.theirs, "theirs", m->theirs.ref,
				      &m->theirs.id);
	if (!err && m->result != CHECK_RESULT_NONE)
		err = read_result(c, m, &t);
	if (!err)
		err = check_compare(c, &t);
	check_trees_release(&t);
	return err;
}

struct err *check_find_bases(struct check *c, struct check_merge *m,
			     struct store_id **ids)
{
	struct store *s = c->e->store;
	struct err *err;

	err = s->ops->merge_bases(s, &m->ours.id, &m->theirs.id, ids,
				  &m->n_bases);
	m->bases = *ids;
	return err;
}

/* --- ours and theirs --- */

static struct err *no_theirs(void)
{
	return err_hint(err_new(ERR_INPUT,
				"nothing to check against: the branch has no "
				"upstream, and migrate.base is not set"),
			"git migrate check BRANCH, or git config migrate.base "
			"origin/main");
}

/* HEAD of a job that checks out the merge of a pull request. */
static struct err *take_apart(struct check *c, struct check_tip *ours,
			      struct check_tip *theirs, bool *done)
{
	struct store *s = c->e->store;
	struct store_id *parents = NULL;
	struct err *err;
	char *branch = NULL;
	size_t n = 0;

	*done = false;
	err = s->ops->branch(s, &branch);
	if (!err && !branch)
		err = s->ops->parents(s, &ours->id, &parents, &n);
	if (!err && n == 2) {
		*theirs = (struct check_tip){ "HEAD^1", parents[0] };
		*ours = (struct check_tip){ "HEAD^2", parents[1] };
		*done = true;
	}
	free(branch);
	free(parents);
	return err;
}

static struct err *default_theirs(struct check *c, struct check_tip *theirs)
{
	struct store *s = c->e->store;
	char *base = NULL;
	struct err *err = s->ops->config(s, "migrate.base", &base, NULL);

	if (!err && !base)
		err = s->ops->upstream(s, &base);
	if (err)
		return err;
	if (!base)
		return no_theirs();
	theirs->ref = arena_strdup(c->arena, base);
	free(base);
	return check_resolve(c, theirs->ref, &theirs->id);
}

static struct err *find_tips(struct check *c, struct check_merge *m)
{
	const struct engine_check_options *o = c->opt;
	struct store *s = c->e->store;
	char *branch = NULL;
	struct err *err;
	bool done = false;

	m->ours.ref = o->ours;
	err = check_resolve(c, o->ours, &m->ours.id);
	if (!err && !o->ours && !o->theirs && !o->base)
		err = take_apart(c, &m->ours, &m->theirs, &done);
	if (err || done)
		return err;
	if (!m->ours.ref)
		err = s->ops->branch(s, &branch);
	if (!m->ours.ref)
		m->ours.ref = arena_strdup(c->arena, branch ? branch : "HEAD");
	free(branch);
	if (err)
		return err;
	if (!o->theirs)
		return default_theirs(c, &m->theirs);
	m->theirs.ref = o->theirs;
	return check_resolve(c, o->theirs, &m->theirs.id);
}

void check_tell_sides(struct check *c, const struct check_merge *m)
{
	struct finding_report *r = &c->out->report;

	r->ours =
		(struct finding_side){ m->ours.ref,
				       arena_strdup(c->arena, m->ours.id.hex) };
	r->theirs = (struct finding_side){
		m->theirs.ref, arena_strdup(c->arena, m->theirs.id.hex)
	};
	if (m->n_bases)
		r->base = (struct finding_side){
			NULL, arena_strdup(c->arena, m->bases[0].hex)
		};
}

static struct err *check_sides(struct check *c)
{
	struct check_merge m = { 0 };
	struct store_id *ids = NULL, base;
	struct err *err = find_tips(c, &m);

	if (!err && c->opt->base) {
		err = check_resolve(c, c->opt->base, &base);
		m.bases = &base;
		m.n_bases = 1;
	} else if (!err) {
		err = check_find_bases(c, &m, &ids);
	}
	if (!err)
		check_tell_sides(c, &m);
	if (!err)
		err = check_compare_merge(c, &m);
	free(ids);
	return err;
}

/* --- the merge under way --- */

struct naming {
	struct check *c;
	const struct store_id *id;
	const char *name;
};

static struct err *name_of(void *payload, const char *name,
			   const struct store_id *id)
{
	struct naming *n = payload;

	if (!n->name && streq(id->hex, n->id->hex))
		n->name = arena_strdup(n->c->arena, name);
	return NULL;
}

/* A branch that is there, else the id. */
static struct err *call(struct check *c, const struct store_id *id,
			const char **out)
{
	struct store *s = c->e->store;
	struct naming n = { c, id, NULL };
	struct err *err = s->ops->branches(s, false, name_of, &n);

	if (!err && !n.name)
		err = s->ops->branches(s, true, name_of, &n);
	*out = n.name ? n.name : arena_printf(c->arena, "%.12s", id->hex);
	return err;
}

static struct err *check_merge(struct check *c)
{
	struct store *s = c->e->store;
	struct store_id *heads = NULL;
	struct check_merge m = { .result = CHECK_RESULT_INDEX };
	struct err *err = check_resolve(c, NULL, &m.ours.id);
	char *branch = NULL;
	size_t n = 0;

	if (!err)
		err = s->ops->merge_heads(s, &heads, &n);
	if (!err && !n)
		err = err_hint(err_new(ERR_INPUT, "no merge is under way"),
			       "git migrate check BRANCH says beforehand what "
			       "a merge would bring");
	if (!err)
		err = s->ops->branch(s, &branch);
	m.ours.ref = arena_strdup(c->arena, branch ? branch : "HEAD");
	free(branch);
	for (size_t i = 0; i < n && !err; i++) {
		struct store_id *ids = NULL;

		m.theirs.id = heads[i];
		err = call(c, &heads[i], &m.theirs.ref);
		if (!err)
			err = check_find_bases(c, &m, &ids);
		if (!err)
			check_tell_sides(c, &m);
		if (!err)
			err = check_compare_merge(c, &m);
		free(ids);
	}
	free(heads);
	return err;
}

/* --- adding up --- */

static int graver(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int order = (int)y->level - (int)x->level;

	if (!x->waived != !y->waived)
		return x->waived ? 1 : -1;
	if (!order)
		order = strcmp(x->rule, y->rule);
	return order ? order : strcmp(x->message, y->message);
}

static void add_up(struct check *c)
{
	struct engine_check *out = c->out;
	struct finding_report *r = &out->report;
	struct finding *all;
	bool uncertain = false;

	if (c->n)
		qsort(c->findings, c->n, sizeof(*c->findings), graver);
	for (size_t i = 0; i < c->n; i++) {
		const struct finding *f = &c->findings[i];

		if (f->waived)
			out->waived++;
		else if (f->level == FINDING_ERROR)
			out->errors++;
		else if (f->level == FINDING_WARNING)
			out->warnings++;
		else
			out->notes++;
		uncertain |= !f->waived && streq(f->rule, "GM110");
	}
	r->verdict = out->errors ? "conflict"
		     : uncertain ? "uncertain"
				 : "clean";
	r->replay = c->replay;
	all = arena_array(c->arena, c->n + 1, sizeof(*all));
	if (c->n)
		memcpy(all, c->findings, c->n * sizeof(*all));
	r->findings = all;
	r->n = c->n;
	r->checked = arena_array(c->arena, c->n_checked + 1, sizeof(char *));
	if (c->n_checked)
		memcpy(r->checked, c->checked, c->n_checked * sizeof(char *));
	out->notes_text = arena_array(c->arena, c->n_notes + 1, sizeof(char *));
	if (c->n_notes)
		memcpy(out->notes_text, c->notes, c->n_notes * sizeof(char *));
	out->n_notes = c->n_notes;
}

static struct err *run_mode(struct check *c)
{
	const struct engine_check_options *o = c->opt;

	if (o->all_branches)
		return check_branches(c);
	if (o->merge)
		return check_merge(c);
	if (o->to)
		return check_range(c);
	if (o->with_target && !o->theirs && !o->base)
		return check_target(c);
	return err_first(check_sides(c),
			 o->with_target ? check_target(c) : NULL);
}

void check_init(struct check *c, struct engine *e,
		const struct engine_check_options *opt,
		struct engine_check *out)
{
	memset(out, 0, sizeof(*out));
	*c = (struct check){ .e = e, .opt = opt, .out = out };
	c->arena = &out->arena;
	out->report.tool_version = e->cfg.tool;
}

void check_end(struct check *c)
{
	check_cache_prune(c);
	free(c->findings);
	free(c->places);
	free(c->notes);
	free(c->checked);
	map_release(&c->seen);
}

struct err *engine_check(struct engine *e,
			 const struct engine_check_options *opt,
			 struct engine_check *out)
{
	struct check c;
	struct err *err;

	check_init(&c, e, opt, out);
	err = run_mode(&c);
	if (!err)
		add_up(&c);
	check_end(&c);
	return err;
}

void engine_check_release(struct engine_check *c)
{
	arena_release(&c->arena);
	memset(c, 0, sizeof(*c));
}
