#include "hooks/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"

#define HEADS "refs/heads/"

void hook_decision_release(struct hook_decision *d)
{
	free(d->steps);
	*d = (struct hook_decision){ NULL, 0, NULL };
}

struct word {
	const char *text;
	int value;
};

/* NULL text is the default. */
static bool look_up(const struct word *words, size_t n, const char *text,
		    int *out)
{
	for (size_t i = 0; text && i < n; i++) {
		if (strcasecmp(text, words[i].text) != 0)
			continue;
		*out = words[i].value;
		return true;
	}
	return !text;
}

bool hook_mode_parse(const char *text, enum hook_mode *out)
{
	static const struct word words[] = {
		{ "on", HOOK_MODE_ON },     { "true", HOOK_MODE_ON },
		{ "yes", HOOK_MODE_ON },    { "1", HOOK_MODE_ON },
		{ "", HOOK_MODE_OFF },      { "off", HOOK_MODE_OFF },
		{ "false", HOOK_MODE_OFF }, { "no", HOOK_MODE_OFF },
		{ "0", HOOK_MODE_OFF },     { "required", HOOK_MODE_REQUIRED },
		{ "warn", HOOK_MODE_WARN },
	};
	int value = HOOK_MODE_ON;
	bool known = look_up(words, ARRAY_LEN(words), text, &value);

	*out = (enum hook_mode)value;
	return known;
}

bool hook_follow_parse(const char *text, enum hook_follow *out)
{
	static const struct word words[] = {
		{ "notify", HOOK_FOLLOW_NOTIFY }, { "auto", HOOK_FOLLOW_AUTO },
		{ "clone", HOOK_FOLLOW_CLONE },   { "off", HOOK_FOLLOW_OFF },
		{ "false", HOOK_FOLLOW_OFF },     { "no", HOOK_FOLLOW_OFF },
	};
	int value = HOOK_FOLLOW_NOTIFY;
	bool known = look_up(words, ARRAY_LEN(words), text, &value);

	*out = (enum hook_follow)value;
	return known;
}

/*
 * Whoever's branch is checked out can write .gitmigrate and every migration,
 * so what it says may only reach a file that is this clone's own, and no row
 * leaves because it says so.
 */
bool hook_target_is_trusted(const struct hook_target *t)
{
	return !t->rows_leave &&
	       ((!t->url_versioned && !t->reconcile_versioned) ||
		(t->inside && !t->tracked));
}

static bool is_zeros(const char *id)
{
	return *id && !id[strspn(id, "0")];
}

static void copy(char out[256], const char *s)
{
	snprintf(out, 256, "%s", s ? s : "");
}

static void add(struct hook_decision *d, enum hook_act act, const char *from,
		const char *to, const char *ref)
{
	struct hook_step *s;

	d->steps = xreallocarray(d->steps, d->n + 1, sizeof(*s));
	s = &d->steps[d->n++];
	memset(s, 0, sizeof(*s));
	s->act = act;
	copy(s->from, from);
	copy(s->to, to);
	copy(s->ref, ref);
}

static const char *arg(const struct hook_call *c, size_t i)
{
	return i < c->n_args ? c->args[i] : "";
}

/* Words of the next line; false at the end. Empty lines are passed over. */
#define WORDS 4
static bool next_line(const char **at, char words[WORDS][256])
{
	size_t n = 0, len;
	const char *p, *end;

	*at += strspn(*at, "\n");
	if (!**at)
		return false;
	memset(words, 0, WORDS * sizeof(*words));
	end = *at + strcspn(*at, "\n");
	for (p = *at; p < end && n < WORDS; n++) {
		len = strcspn(p, " \n");
		/* a name that is cut off would be another's */
		if (len < sizeof(*words))
			memcpy(words[n], p, len);
		p += len;
		p += strspn(p, " ");
	}
	*at = end;
	return true;
}

static bool is_base(const struct hook_facts *f, const char *name)
{
	for (size_t i = 0; i < f->n_bases; i++)
		if (streq(f->bases[i], name))
			return true;
	return false;
}

/* A branch of the remote goes from old to new. */
static void pushed(struct hook_decision *d, const struct hook_facts *f,
		   const char *ref, const char *old, const char *new)
{
	const char *name = ref + strlen(HEADS);

	if (!starts_with(ref, HEADS) || !*new || is_zeros(new)) {
		d->why = "only branches are checked, and not when they go";
	} else if (is_base(f, name)) {
		d->why = "the branch is new";
		if (*old && !is_zeros(old))
			add(d, HOOK_CHECK_STEP, old, new, name);
	} else if (*f->base) {
		add(d, HOOK_CHECK_BRANCH, f->base, new, name);
	} else {
		d->why = "nobody knows what the branch is to be merged into";
	}
}

static void pre_push(struct hook_decision *d, const struct hook_call *c,
		     const struct hook_facts *f)
{
	const char *at = c->lines;
	char w[WORDS][256];

	d->why = "nothing is pushed";
	while (next_line(&at, w)) {
		/* a name reads better than an id: "heads/x" */
		bool named = starts_with(w[0], HEADS) && !is_zeros(w[1]);

		pushed(d, f, w[2], w[3], named ? w[0] + strlen("refs/") : w[1]);
	}
}

/* On the server: the branches that others build on move in linear steps. */
static void received(struct hook_decision *d, const struct hook_facts *f,
		     const char *ref, const char *old, const char *new)
{
	if (starts_with(ref, HEADS) && is_base(f, ref + strlen(HEADS)))
		pushed(d, f, ref, old, new);
	else
		d->why = "only branches that others build on are checked";
}

static void pre_receive(struct hook_decision *d, const struct hook_call *c,
			const struct hook_facts *f)
{
	const char *at = c->lines;
	char w[WORDS][256];

	while (next_line(&at, w))
		received(d, f, w[2], w[0], w[1]);
}

/* Each side of an octopus against HEAD, and against each other. */
static void check_merge(struct hook_decision *d, const struct hook_facts *f)
{
	const struct hook_theirs *t = f->theirs;

	add(d, HOOK_CHECK_MERGE, "", "", "");
	for (size_t i = 0; t && i < t->n; i++)
		for (size_t j = 0; j < i; j++)
			add(d, HOOK_CHECK_BRANCH, t->sides[i].id,
			    t->sides[j].id, "");
}

static void pre_commit(struct hook_decision *d, const struct hook_facts *f)
{
	if (f->rebasing)
		d->why = "a rebase is under way";
	else if (f->merging)
		check_merge(d, f);
	else
		d->why = "no merge is under way";
}

/* HEAD is where it is to stay. */
static void moved(struct hook_decision *d, const struct hook_facts *f,
		  const char *old, const char *new)
{
	/* also where the commit is the same, and its migrations */
	if (f->clones && f->on_branch)
		add(d, HOOK_ENTER, "", new, "");
	if (f->bisecting) /* its end: the tree was elsewhere meanwhile */
		add(d, HOOK_FOLLOW, "", new, "");
	else if (streq(old, new))
		d->why = "the commit is the same";
	else
		add(d, HOOK_FOLLOW, old, new, "");
}

static void post_checkout(struct hook_decision *d, const struct hook_call *c,
			  const struct hook_facts *f)
{
	const char *old = arg(c, 0), *new = arg(c, 1);

	if (!streq(arg(c, 2), "1"))
		d->why = "files were checked out, not a branch";
	else if (is_zeros(old))
		add(d, HOOK_TELL, "", new, "");
	else if (f->rebasing && !f->rebase_empty)
		d->why = "a rebase is under way";
	else if (f->rebasing) /* it only fast-forwards, and has no other end */
		add(d, HOOK_TELL, old, new, "");
	else if (f->bisecting && !f->on_branch)
		d->why = "a bisect is under way";
	else
		moved(d, f, old, new);
}

static void post_merge(struct hook_decision *d, const struct hook_call *c,
		       const struct hook_facts *f)
{
	if (streq(arg(c, 0), "1")) {
		d->why = "a squash moves no branch";
		return;
	}
	if (f->rebasing) {
		d->why = "a rebase is under way";
		return;
	}
	if (!f->true_merge && *f->orig_head)
		add(d, HOOK_LOOK_BACK, f->orig_head, "HEAD", "");
	add(d, HOOK_FOLLOW, f->orig_head, "HEAD", "");
}

static void post_rewrite(struct hook_decision *d, const struct hook_call *c,
			 const struct hook_facts *f)
{
	const char *at = c->lines;
	char w[WORDS][256];

	if (streq(arg(c, 0), "rebase"))
		add(d, HOOK_FOLLOW, f->rebase_origin, "HEAD", "");
	else if (f->rebasing)
		d->why = "a rebase is under way";
	else if (!next_line(&at, w))
		d->why = "nothing was rewritten";
	else
		add(d, HOOK_FOLLOW, w[0], "HEAD", "");
}

static bool follows(enum hook_kind kind)
{
	return kind == HOOK_POST_CHECKOUT || kind == HOOK_POST_MERGE ||
	       kind == HOOK_POST_REWRITE;
}

void hook_decide(struct hook_decision *out, const struct hook_call *call,
		 const struct hook_facts *facts, enum hook_mode mode)
{
	*out = (struct hook_decision){ NULL, 0, NULL };
	if (facts->skip || mode == HOOK_MODE_OFF) {
		out->why = "hooks are switched off";
		return;
	}
	if (facts->ci && follows(call->kind)) {
		out->why = "CI is set";
		return;
	}
	switch (call->kind) {
	case HOOK_PRE_COMMIT:
		pre_commit(out, facts);
		break;
	case HOOK_PRE_MERGE_COMMIT:
		check_merge(out, facts);
		break;
	case HOOK_PRE_PUSH:
		pre_push(out, call, facts);
		break;
	case HOOK_POST_CHECKOUT:
		post_checkout(out, call, facts);
		break;
	case HOOK_POST_MERGE:
		post_merge(out, call, facts);
		break;
	case HOOK_POST_REWRITE:
		post_rewrite(out, call, facts);
		break;
	case HOOK_PRE_RECEIVE:
		pre_receive(out, call, facts);
		break;
	case HOOK_UPDATE:
		received(out, facts, arg(call, 0), arg(call, 1), arg(call, 2));
		break;
	case HOOK_COUNT:
		break;
	}
	if (out->n)
		out->why = NULL;
}
