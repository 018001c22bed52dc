#ifndef TESTS_UNIT_DECIDE_WORLD_H
#define TESTS_UNIT_DECIDE_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "decide/order.h"
#include "decide/plan.h"
#include "support/fake_source.h"
#include "support/unit.h"

/*
 * A tree and a database, both written as words.
 *
 * Tree: words of fake_source_add_word(). Database: "<name> <status> [text]",
 * in order of application; the text stands for the file that was applied and
 * is that of the tree's file when it is left out.
 */
#define WORDS_MAX 16

struct world {
	struct fake_source source;
	struct migration_set set;
	struct decide_state states[WORDS_MAX];
	char *kept[WORDS_MAX];
	size_t n_states;
	struct plan_view view;
};

static inline const char *world_blob(struct world *w, const char *path)
{
	for (size_t i = 0; i < w->source.n; i++)
		if (streq(w->source.files[i].path, path))
			return w->source.files[i].blob;
	return NULL;
}

/* The blob id that a text would have, through a source of its own. */
static inline const char *world_blob_of_text(struct world *w, const char *text)
{
	struct fake_source other;
	char *copy;

	fake_source_init(&other);
	fake_source_add(&other, "x", text);
	copy = arena_strdup(&w->set.arena, other.files[0].blob);
	fake_source_release(&other);
	return copy;
}

static inline void world_add_state(struct world *w, const char *word)
{
	struct decide_state *s = &w->states[w->n_states];
	char *name = w->kept[w->n_states] = xstrdup(word), *status, *text;
	const struct migration *m;

	status = strchr(name, ' ');
	*status++ = '\0';
	text = strchr(status, ' ');
	if (text)
		*text++ = '\0';
	m = migration_find(&w->set, name);
	s->name = name;
	s->status = status;
	s->version = m ? m->version
		       : arena_strndup(&w->set.arena, name,
				       strspn(name, "0123456789"));
	s->blob = text ? world_blob_of_text(w, text)
		  : m  ? world_blob(w, m->path)
		       : "gone";
	s->applied_rank = ++w->n_states;
}

static inline void world_init(struct world *w, const char *layout,
			      const char *const *files,
			      const char *const *states)
{
	struct migration_options opt = { .layout = layout };

	memset(w, 0, sizeof(*w));
	fake_source_init(&w->source);
	for (size_t i = 0; i < WORDS_MAX && files[i]; i++)
		fake_source_add_word(&w->source, files[i]);
	assert_ok(migration_set_read(&w->set, &w->source.base, &opt));
	for (size_t i = 0; i < WORDS_MAX && states && states[i]; i++)
		world_add_state(w, states[i]);
}

static inline void world_release(struct world *w)
{
	plan_view_release(&w->view);
	migration_set_release(&w->set);
	fake_source_release(&w->source);
	for (size_t i = 0; i < w->n_states; i++)
		free(w->kept[i]);
}

static inline void world_load_all(struct world *w)
{
	for (size_t i = 0; i < w->set.n; i++)
		assert_ok(migration_load(&w->set, w->set.items[i]));
}

static inline void same_text(const char *about, const char *expect,
			     const char *got)
{
	if (!streq(expect, got))
		fail_msg("%s\n--- expected\n%s\n--- got\n%s", about, expect,
			 got);
}

#endif
