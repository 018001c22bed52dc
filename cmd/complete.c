#include "cmd/complete.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* What the names of values in option tables and synopses mean. */
static const struct {
	const char *name;
	unsigned kinds;
} values[] = {
	{ "name", COMPLETE_MIGRATIONS },
	{ "migration", COMPLETE_MIGRATIONS },
	{ "first", COMPLETE_MIGRATIONS },
	{ "second", COMPLETE_MIGRATIONS },
	{ "revision", COMPLETE_REVISIONS },
	{ "commit", COMPLETE_REVISIONS },
	{ "branch", COMPLETE_REVISIONS },
	{ "ref", COMPLETE_REVISIONS },
	{ "ours", COMPLETE_REVISIONS },
	{ "theirs", COMPLETE_REVISIONS },
	{ "old", COMPLETE_REVISIONS },
	{ "new", COMPLETE_REVISIONS },
	{ "target", COMPLETE_TARGETS },
	{ "remote", COMPLETE_REMOTES },
	{ "layout", COMPLETE_LAYOUTS },
	{ "format", COMPLETE_FORMATS },
	{ "folder", COMPLETE_FOLDERS },
	{ "file", COMPLETE_FILES },
	{ "path", COMPLETE_FILES },
	{ "hook", COMPLETE_HOOKS },
};

/* Commands whose <name> is no migration's. */
static const struct {
	const char *cmd;
	unsigned kinds;
} names[] = {
	{ "new", COMPLETE_NOTHING },
	{ "target", COMPLETE_TARGETS },
};

/* Options that take one of a few words. */
static const struct {
	const char *option;
	const char *words[8];
} choices[] = {
	{ "state",
	  { "applied", "pending", "failed", "rolled_back", "foreign",
	    "modified", "uncommitted" } },
	{ "on-conflict", { "abort", "keep", "restore" } },
};

/* The line so far. */
struct line {
	struct complete *c;
	const struct cmd *cmd;   /* NULL = not typed yet */
	const struct opt *value; /* its value comes next; or NULL */
	const char *first;       /* argument of the command, or NULL */
	size_t n_args;
	bool only_args; /* behind "--" */
};

static void offer(struct complete *c, const char *word, const char *help)
{
	char *whole = xasprintf("%s%s", c->prefix, word);

	if (starts_with(word, c->word))
		c->add(c->payload, whole, help);
	free(whole);
}

static unsigned kinds_of(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (strlen(values[i].name) == len &&
		    !strncmp(values[i].name, name, len))
			return values[i].kinds;
	return COMPLETE_NOTHING;
}

/* --- options --- */

static const struct opt *find_in(const struct opt *o, const char *name,
				 size_t len, char letter)
{
	for (; o && o->kind != OPT_END; o++) {
		if (letter && o->letter == letter)
			return o;
		if (!letter && o->name && strlen(o->name) == len &&
		    !strncmp(o->name, name, len))
			return o;
	}
	return NULL;
}

static const struct opt *find_option(const struct line *l, const char *name,
				     size_t len, char letter)
{
	const struct opt *o = NULL;

	if (l->cmd)
		o = find_in(l->cmd->options, name, len, letter);
	return o ? o : find_in(l->c->common, name, len, letter);
}

static void note_rev(struct line *l, const struct opt *o, const char *value)
{
	if (o->name && streq(o->name, "rev"))
		l->c->rev = value;
}

/* "-n3" and "-n 3"; "-qv" */
static void read_letters(struct line *l, const char *letters)
{
	for (const char *p = letters; *p; p++) {
		const struct opt *o = find_option(l, NULL, 0, *p);

		if (!o || o->kind == OPT_FLAG)
			continue;
		if (!p[1])
			l->value = o;
		return;
	}
}

static void read_option(struct line *l, const char *word)
{
	const char *eq = strchr(word, '=');
	const struct opt *o;

	if (word[1] != '-') {
		read_letters(l, word + 1);
		return;
	}
	o = find_option(l, word + 2,
			eq ? (size_t)(eq - word - 2) : strlen(word + 2), 0);
	if (!o || o->kind == OPT_FLAG)
		return;
	if (eq)
		note_rev(l, o, eq + 1);
	else
		l->value = o;
}

static void read_argument(struct line *l, const char *word)
{
	if (l->cmd) {
		if (!l->n_args++)
			l->first = word;
		return;
	}
	for (size_t i = 0; l->c->cmds[i]; i++)
		if (streq(l->c->cmds[i]->name, word))
			l->cmd = l->c->cmds[i];
}

static void read_word(struct line *l, const char *word)
{
	if (l->value) {
		note_rev(l, l->value, word);
		l->value = NULL;
	} else if (!l->only_args && streq(word, "--")) {
		l->only_args = true;
	} else if (!l->only_args && word[0] == '-' && word[1]) {
		read_option(l, word);
	} else {
		read_argument(l, word);
	}
}

static bool is_given(const struct opt *table, const struct opt *o)
{
	return find_in(table, o->name, strlen(o->name), 0) != NULL;
}

static void offer_options(const struct line *l, const struct opt *o,
			  const struct opt *hidden_by)
{
	for (; o && o->kind != OPT_END; o++) {
		char *word;

		if (!o->help || (o->name && is_given(hidden_by, o)))
			continue;
		word = o->name ? xasprintf("--%s", o->name)
			       : xasprintf("-%c", o->letter);
		offer(l->c, word, o->help);
		free(word);
	}
}

/* --- values --- */

/* "--remote <name>" by its own name, "--commit <revision>" by its value's */
static unsigned kinds_of_option(const struct opt *o)
{
	unsigned kinds;

	if (!streq(o->arg, "name"))
		return kinds_of(o->arg, strlen(o->arg));
	kinds = o->name ? kinds_of(o->name, strlen(o->name)) : 0;
	return kinds ? kinds : COMPLETE_MIGRATIONS;
}

static void move_prefix(struct complete *c, size_t n)
{
	char *longer = xasprintf("%s%.*s", c->prefix, (int)n, c->word);

	free(c->prefix);
	c->prefix = longer;
	c->word += n;
}

/* "a..b": what is typed is b. */
static void skip_range(struct complete *c)
{
	const char *dots = strstr(c->word, "..");

	if (dots && c->kinds & COMPLETE_REVISIONS)
		move_prefix(c, (size_t)(dots - c->word) + strspn(dots, "."));
}

static void offer_value(struct line *l, const struct opt *o)
{
	const char *comma = strrchr(l->c->word, ',');

	l->c->kinds = o->arg ? kinds_of_option(o) : COMPLETE_NOTHING;
	skip_range(l->c);
	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		if (!streq_null(o->name, choices[i].option))
			continue;
		if (comma)
			move_prefix(l->c, (size_t)(comma + 1 - l->c->word));
		for (size_t k = 0;
		     k < ARRAY_LEN(choices[i].words) && choices[i].words[k];
		     k++)
			offer(l->c, choices[i].words[k], NULL);
	}
}

/* --- arguments, as the synopsis has them --- */

/* A word of a synopsis, cut at blanks. */
struct token {
	const char *s;
	size_t len;
};

static bool next_token(const char **p, struct token *t)
{
	*p += strspn(*p, " \n");
	t->s = *p;
	t->len = strcspn(*p, " \n");
	*p += t->len;
	return t->len > 0;
}

static void strip(struct token *t)
{
	while (t->len && strchr("[(", *t->s)) {
		t->s++;
		t->len--;
	}
	while (t->len && strchr("])", t->s[t->len - 1]))
		t->len--;
}

static bool is_literal(const struct token *t)
{
	for (size_t i = 0; i < t->len; i++)
		if (!islower((unsigned char)t->s[i]) && t->s[i] != '-')
			return false;
	return t->len && *t->s != '-';
}

/* "--to", and not "--json]": its value is the next token. */
static bool takes_value(const struct line *l, const struct token *t)
{
	const struct opt *o;
	struct token name = *t;

	strip(&name);
	if (name.len < 2 || *name.s != '-' || name.s[name.len - 1] == '>')
		return false;
	if (name.s[1] == '-')
		o = find_option(l, name.s + 2, name.len - 2, 0);
	else
		o = find_option(l, NULL, 0, name.s[1]);
	return o && o->kind != OPT_FLAG;
}

static unsigned kinds_of_name(const struct line *l, const char *name,
			      size_t len)
{
	if (len == 4 && !strncmp(name, "name", 4))
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (streq(names[i].cmd, l->cmd->name))
				return names[i].kinds;
	return kinds_of(name, len);
}

/* Each "<...>" of a token. */
static unsigned kinds_of_token(const struct line *l, const struct token *t)
{
	const char *end = t->s + t->len, *p = t->s;
	unsigned kinds = 0;

	while ((p = memchr(p, '<', (size_t)(end - p)))) {
		const char *close = memchr(p, '>', (size_t)(end - p));

		if (!close)
			break;
		kinds |= kinds_of_name(l, p + 1, (size_t)(close - p - 1));
		p = close;
	}
	return kinds;
}

static unsigned kinds_of_rest(const struct line *l, const char *p)
{
	unsigned kinds = 0;
	struct token t;

	while (next_token(&p, &t)) {
		if (takes_value(l, &t))
			next_token(&p, &t);
		else if (*t.s != '-')
			kinds |= kinds_of_token(l, &t);
	}
	return kinds;
}

/* The words that a form starts with, "show ..." or "bash | zsh | fish": true
 * when it has none, or the line has one of them. */
static bool read_head(struct line *l, const char **p)
{
	bool any = false, chosen = false;
	const char *ahead = *p;
	struct token t;

	while (next_token(&ahead, &t)) {
		char *word;

		strip(&t);
		if (!is_literal(&t))
			break;
		word = xstrndup(t.s, t.len);
		any = true;
		if (!l->n_args)
			offer(l->c, word, NULL);
		else
			chosen |= streq(l->first, word);
		free(word);
		*p = ahead;
		if (!next_token(&ahead, &t) || t.len != 1 || *t.s != '|')
			break;
	}
	return !any || chosen;
}

static void offer_arguments(struct line *l)
{
	for (const char *const *s = l->cmd->synopsis; *s; s++) {
		const char *p = *s;

		if (read_head(l, &p))
			l->c->kinds |= kinds_of_rest(l, p);
	}
	skip_range(l->c);
}

static void offer_commands(const struct line *l)
{
	for (size_t i = 0; l->c->cmds[i]; i++)
		if (!l->c->cmds[i]->hidden)
			offer(l->c, l->c->cmds[i]->name,
			      l->c->cmds[i]->summary);
}

void complete_words(struct complete *c, int argc, char **argv)
{
	struct line l = { .c = c };
	const char *eq;

	c->kinds = COMPLETE_NOTHING;
	c->prefix = xstrdup("");
	c->word = argc ? argv[argc - 1] : "";
	c->rev = NULL;
	for (int i = 0; i + 1 < argc; i++)
		read_word(&l, argv[i]);
	eq = starts_with(c->word, "--") ? strchr(c->word, '=') : NULL;
	if (l.value) {
		offer_value(&l, l.value);
	} else if (eq && !l.only_args) {
		const struct opt *o = find_option(
			&l, c->word + 2, (size_t)(eq - c->word - 2), 0);

		move_prefix(c, (size_t)(eq + 1 - c->word));
		if (o && o->kind != OPT_FLAG)
			offer_value(&l, o);
	} else if (*c->word == '-' && !l.only_args) {
		if (l.cmd)
			offer_options(&l, l.cmd->options, NULL);
		offer_options(&l, c->common, l.cmd ? l.cmd->options : NULL);
	} else if (!l.cmd) {
		offer_commands(&l);
	} else {
		offer_arguments(&l);
	}
}

void complete_release(struct complete *c)
{
	free(c->prefix);
	c->prefix = NULL;
}
