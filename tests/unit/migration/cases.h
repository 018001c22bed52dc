#ifndef TESTS_UNIT_MIGRATION_CASES_H
#define TESTS_UNIT_MIGRATION_CASES_H

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"
#include "support/fake_source.h"
#include "support/unit.h"

/* Tables of folders and of files, and what has to come out of them. */

#define FILES_MAX 12

/** A folder: words of fake_source_add_word(), and fake_add_set()'s text. */
struct folder_case {
	const char *about;
	const char *layout, *pattern; /**< NULL = detect */
	enum sql_dialect dialect;
	const char *files[FILES_MAX];
	const char *expect; /**< lines; an error's line when it must fail */
};

/** A migration's files: words; the first is the one that is loaded. */
struct file_case {
	const char *about;
	const char *files[3];
	const char *expect;
};

static inline void show_difference(const char *about, const char *expect,
				   const char *got)
{
	if (!streq(expect, got))
		fail_msg("%s\n--- expected\n%s--- got\n%s", about, expect, got);
}

static inline void check_folder(const struct folder_case *c)
{
	struct migration_options opt = { .layout = c->layout,
					 .pattern = c->pattern,
					 .dialect = c->dialect };
	struct fake_source s;
	struct migration_set set;
	struct buf got = BUF_INIT;
	struct err *e;

	fake_source_init(&s);
	for (size_t i = 0; i < FILES_MAX && c->files[i]; i++)
		fake_source_add_word(&s, c->files[i]);
	e = migration_set_read(&set, &s.base, &opt);
	if (e)
		fake_add_err(&got, e);
	else
		fake_add_set(&got, &set);
	show_difference(c->about, c->expect, buf_str(&got));
	buf_release(&got);
	migration_set_release(&set);
	fake_source_release(&s);
}

static inline void check_folders(const struct folder_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_folder(&cases[i]);
}

static inline void add_section(struct buf *b, const char *what,
			       const struct migration_section *s)
{
	char *text, *safe;

	if (!s->text)
		return;
	text = xstrndup(s->text, s->len);
	safe = text_safe(text);
	buf_addf(b, "%s %u: %s\n", what, s->line, safe);
	free(text);
	free(safe);
}

/* "up <line>: <text>", "down ...", then one word per thing that is set. */
static inline void add_migration(struct buf *b, const struct migration *m)
{
	add_section(b, "up", &m->up);
	add_section(b, "down", &m->down);
	if (m->description)
		buf_addf(b, "description %s\n", m->description);
	for (size_t i = 0; m->depends && m->depends[i]; i++)
		buf_addf(b, "depends %s %u\n", m->depends[i],
			 m->depends_line[i]);
	for (size_t i = 0; i < m->n_allows; i++)
		buf_addf(b, "allow %s %u: %s\n", m->allows[i].rule,
			 m->allows[i].line, m->allows[i].reason);
	buf_addstr(b, m->no_transaction ? "no-transaction\n" : "");
	buf_addstr(b, m->no_transaction_down ? "no-transaction-down\n" : "");
	buf_addstr(b, m->irreversible ? "irreversible\n" : "");
	if (m->batch)
		buf_addf(b, "batch %u\n", m->batch);
	if (m->lock_timeout_ms >= 0)
		buf_addf(b, "lock %lld\n", (long long)m->lock_timeout_ms);
	if (m->statement_timeout_ms >= 0)
		buf_addf(b, "statement %lld\n",
			 (long long)m->statement_timeout_ms);
}

static inline void check_file(const char *layout, const struct file_case *c)
{
	struct migration_options opt = { .layout = layout };
	struct fake_source s;
	struct migration_set set;
	struct buf got = BUF_INIT;
	struct err *e;

	fake_source_init(&s);
	for (size_t i = 0; i < ARRAY_LEN(c->files) && c->files[i]; i++)
		fake_source_add_word(&s, c->files[i]);
	assert_ok(migration_set_read(&set, &s.base, &opt));
	assert_true(set.n > 0);
	e = migration_load(&set, set.items[0]);
	if (e) {
		fake_add_err(&got, e);
		assert_false(set.items[0]->loaded);
	} else {
		add_migration(&got, set.items[0]);
		assert_true(set.items[0]->loaded);
	}
	show_difference(c->about, c->expect, buf_str(&got));
	buf_release(&got);
	migration_set_release(&set);
	fake_source_release(&s);
}

static inline void check_files(const char *layout,
			       const struct file_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_file(layout, &cases[i]);
}

/** What migration_new() writes: "<path>\n<content with \n as text>\n". */
static inline struct err *collect_new(void *payload, const char *path,
				      const char *content)
{
	buf_addf(payload, "%s|", path);
	text_add_safe(payload, content);
	buf_addch(payload, '\n');
	return NULL;
}

/** A new migration in a folder of these files. */
struct new_case {
	const char *about;
	const char *layout, *pattern;
	const char *stamp, *slug;
	const char *files[6];
	const char *expect;
};

static inline void check_new(const struct new_case *c)
{
	struct migration_options opt = { .layout = c->layout,
					 .pattern = c->pattern };
	struct fake_source s;
	struct migration_set set;
	struct buf got = BUF_INIT;
	struct err *e;

	fake_source_init(&s);
	for (size_t i = 0; i < ARRAY_LEN(c->files) && c->files[i]; i++)
		fake_source_add_word(&s, c->files[i]);
	assert_ok(migration_set_read(&set, &s.base, &opt));
	e = migration_new(&set, c->stamp ? c->stamp : "20261122150405",
			  c->slug ? c->slug : "add users", collect_new, &got);
	if (e) {
		assert_int_equal(err_class_of(e), ERR_USAGE);
		fake_add_err(&got, e);
	}
	show_difference(c->about, c->expect, buf_str(&got));
	buf_release(&got);
	migration_set_release(&set);
	fake_source_release(&s);
}

#endif
