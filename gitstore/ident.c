#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "gitstore/dateline.h"
#include "gitstore/repo.h"

/* The first that is set of an environment variable and two keys. */
static struct err *first_of(struct gs *g, const char *env, const char *key,
			    const char *second, char **out)
{
	const char *value = getenv(env);
	struct err *err = NULL;

	*out = NULL;
	if (value && *value) {
		*out = xstrdup(value);
		return NULL;
	}
	err = gs_config_get(&g->base, key, out, NULL);
	if (!err && !*out)
		err = gs_config_get(&g->base, second, out, NULL);
	return err;
}

/* What git strips from both ends of a name. */
static bool is_crud(unsigned char c)
{
	return c <= ' ' || strchr(".,:;<>\"\\'", c);
}

static void add_clean(struct buf *out, const char *s)
{
	size_t n = strlen(s);

	while (n && is_crud((unsigned char)*s))
		s++, n--;
	while (n && is_crud((unsigned char)s[n - 1]))
		n--;
	for (size_t i = 0; i < n; i++)
		if (!strchr("<>\n", s[i]))
			buf_addch(out, s[i]);
}

/* The full name of the account, as git reads it: up to the comma. */
static char *account_name(void)
{
	struct passwd *pw = getpwuid(getuid());
	struct buf out = BUF_INIT;

	for (const char *p = pw ? pw->pw_gecos : ""; p && *p && *p != ','; p++)
		if (*p == '&') {
			buf_addstr(&out, pw->pw_name);
			out.data[out.len - strlen(pw->pw_name)] =
				(char)toupper((unsigned char)*pw->pw_name);
		} else {
			buf_addch(&out, *p);
		}
	return buf_detach(&out);
}

/* login@host where the host has a full name; else NULL, as git gives up. */
static char *account_mail(void)
{
	struct passwd *pw = getpwuid(getuid());
	char host[256] = "";
	FILE *f = fopen("/etc/mailname", "re");

	if (f) {
		if (!fgets(host, sizeof(host), f))
			host[0] = '\0';
		host[strcspn(host, "\n")] = '\0';
		fclose(f);
	} else if (gethostname(host, sizeof(host) - 1)) {
		host[0] = '\0';
	}
	if (!pw || !strchr(host, '.'))
		return NULL;
	return xasprintf("%s@%s", pw->pw_name, host);
}

static struct err *who_are_you(void)
{
	return err_hint(err_new(ERR_INPUT, "please tell me who you are: no "
					   "user.name or user.email is set"),
			"git config --global user.name \"Your Name\" && "
			"git config --global user.email you@example.com");
}

static struct err *may_guess(struct gs *g, bool *out)
{
	char *only = NULL;
	int yes = 0;
	struct err *err =
		gs_config_get(&g->base, "user.useConfigOnly", &only, NULL);

	if (only && git_config_parse_bool(&yes, only) < 0)
		yes = 0;
	free(only);
	*out = !yes;
	return err;
}

struct err *gs_ident(struct store *s, int64_t seconds, struct buf *out)
{
	struct gs *g = gs_of(s);
	char *name = NULL, *mail = NULL;
	size_t start = out->len, at;
	bool guess = false;
	struct err *err = first_of(g, "GIT_COMMITTER_NAME", "committer.name",
				   "user.name", &name);

	if (!err)
		err = first_of(g, "GIT_COMMITTER_EMAIL", "committer.email",
			       "user.email", &mail);
	if (!err && !mail && getenv("EMAIL"))
		mail = xstrdup(getenv("EMAIL"));
	if (!err && (!name || !mail))
		err = may_guess(g, &guess);
	if (!err && !name && guess)
		name = account_name();
	if (!err && !mail && guess)
		mail = account_mail();
	if (err)
		goto done;
	if (name)
		add_clean(out, name);
	at = out->len;
	buf_addstr(out, " <");
	if (mail)
		add_clean(out, mail);
	buf_addstr(out, "> ");
	if (at == start || out->len - at == strlen(" <> "))
		err = who_are_you();
	else
		err = gs_dateline_add(out, getenv("GIT_COMMITTER_DATE"),
				      seconds);
	if (err)
		buf_truncate(out, start);
done:
	free(name);
	free(mail);
	return err;
}
