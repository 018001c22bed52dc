#include "cmd/url_branch.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "cmd/slug.h"
#include "cmd/url.h"

#define BRANCH "${branch}"
#define WORKTREE "${worktree}"
#define FILE_SLUG_MAX 100

bool url_has_branch(const char *url)
{
	return strstr(url, BRANCH);
}

bool url_has_worktree(const char *url)
{
	return strstr(url, WORKTREE);
}

/* --- where a URL says which database of a server --- */

struct span {
	const char *s; /* NULL = nowhere */
	size_t len;
	bool keyword; /* dbname=..., not a part of a URI */
};

/* "service=x dbname='a b'": the last one counts. */
static struct span find_keyword(const char *url)
{
	struct span out = { NULL, 0, true };
	const char *p = url;

	while (*p) {
		size_t key, len = 0;

		p += strspn(p, " \t\n");
		key = strcspn(p, "= \t\n");
		if (p[key] != '=')
			break;
		if (p[key + 1] == '\'') {
			for (len = 1;
			     p[key + 1 + len] && p[key + 1 + len] != '\'';
			     len++)
				len += p[key + 1 + len] == '\\' &&
				       p[key + 2 + len];
			len += p[key + 1 + len] == '\'';
		} else {
			len = strcspn(p + key + 1, " \t\n");
		}
		if (key == strlen("dbname") && starts_with(p, "dbname"))
			out = (struct span){ p + key + 1, len, true };
		p += key + 1 + len;
	}
	return out;
}

/* The path of a URI, unless its query says dbname=. */
static struct span find_in_uri(const char *url)
{
	const char *p = strstr(url, "://");
	const char *query = strchr(url, '?'), *slash;
	struct span out = { NULL, 0, false };

	if (!p)
		return out;
	slash = strchr(p + 3, '/');
	if (slash && (!query || slash < query)) {
		out.s = slash + 1;
		out.len = strcspn(out.s, "?#");
	}
	while (query && *query) {
		query++;
		if (starts_with(query, "dbname="))
			out = (struct span){ query + 7,
					     strcspn(query + 7, "&#"), false };
		query += strcspn(query, "&");
	}
	return out;
}

static struct span find_database(const char *url)
{
	if (url_sqlite_path(url))
		return (struct span){ NULL, 0, false };
	return starts_with(url, "service=") ? find_keyword(url)
					    : find_in_uri(url);
}

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0'
					 : tolower((unsigned char)c) - 'a' + 10;
}

static void decode_uri(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '%' && i + 2 < len &&
		    isxdigit((unsigned char)s[i + 1]) &&
		    isxdigit((unsigned char)s[i + 2])) {
			buf_addch(out, (char)(hex_digit(s[i + 1]) * 16 +
					      hex_digit(s[i + 2])));
			i += 2;
		} else {
			buf_addch(out, s[i]);
		}
	}
}

static void decode_keyword(struct buf *out, const char *s, size_t len)
{
	bool quoted = len > 1 && *s == '\'';

	for (size_t i = quoted; i < len - quoted; i++) {
		if (s[i] == '\\' && i + 1 < len - quoted)
			i++;
		buf_addch(out, s[i]);
	}
}

static char *decode(const struct span *at)
{
	struct buf b = BUF_INIT;

	if (!at->s || !at->len)
		return NULL;
	if (at->keyword)
		decode_keyword(&b, at->s, at->len);
	else
		decode_uri(&b, at->s, at->len);
	return buf_detach(&b);
}

char *url_database(const char *url)
{
	struct span at = find_database(url);

	return decode(&at);
}

/* RFC 3986, 2.3: what needs no percent sign. */
static void encode(struct buf *out, const char *name, bool keyword)
{
	if (keyword)
		buf_addch(out, '\'');
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (keyword && strchr("'\\", c))
			buf_addf(out, "\\%c", c);
		else if (keyword ||
			 (c < 0x80 && (isalnum(c) || strchr("-._~", c))))
			buf_addch(out, (char)c);
		else
			buf_addf(out, "%%%02X", c);
	}
	if (keyword)
		buf_addch(out, '\'');
}

/* --- a copy beside it --- */

/* "dev.db-feature.db": the line "/dev.db*" of .gitignore means it too, and it
 * ends like none of the files that SQLite makes. */
static char *copy_of_file(const char *url, const char *branch)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "%s-", url);
	slug_add(&b, branch, FILE_SLUG_MAX);
	buf_addstr(&b, ".db");
	return buf_detach(&b);
}

char *url_of_copy(const char *url, const char *branch)
{
	struct span at = find_database(url);
	struct buf name = BUF_INIT, b = BUF_INIT;
	char *base;
	size_t room;

	if (url_sqlite_path(url))
		return copy_of_file(url, branch);
	base = decode(&at);
	if (!base)
		return NULL;
	/* a long name is cut, so that its branches still differ */
	buf_addf(&name, "%.*s_", SLUG_DATABASE_MAX - 1 - 2 * SLUG_MIN, base);
	room = SLUG_DATABASE_MAX - name.len;
	slug_add(&name, branch, room);
	buf_add(&b, url, (size_t)(at.s - url));
	encode(&b, buf_str(&name), at.keyword);
	buf_addstr(&b, at.s + at.len);
	buf_release(&name);
	free(base);
	return buf_detach(&b);
}

/* --- placeholders --- */

static size_t placeholder(const char *p)
{
	if (starts_with(p, BRANCH))
		return strlen(BRANCH);
	return starts_with(p, WORKTREE) ? strlen(WORKTREE) : 0;
}

/* How long each may be, so that the whole name is not cut by the server. */
static struct err *room_in(const struct span *at, size_t *out)
{
	size_t n = 0, fixed = 0;

	*out = SLUG_DATABASE_MAX;
	for (size_t i = 0; i < at->len;) {
		size_t len = placeholder(at->s + i);

		n += len > 0;
		fixed += len ? 0 : 1;
		i += len ? len : 1;
	}
	if (!n)
		return NULL;
	if (fixed + n * SLUG_MIN > SLUG_DATABASE_MAX)
		return err_hint(err_new(ERR_INPUT,
					"the database's name leaves no room "
					"for that of a branch: a server's has "
					"at most %d bytes",
					SLUG_DATABASE_MAX),
				"choose a shorter one in the url");
	*out = (SLUG_DATABASE_MAX - fixed) / n;
	return NULL;
}

static struct err *unknown(const char *p)
{
	return err_hint(err_new(ERR_INPUT,
				"the url has '%.*s', which stands for nothing",
				(int)(strcspn(p, "}") + (strchr(p, '}') != 0)),
				p),
			"${branch} and ${worktree} are known; in a "
			"postgresql:// URL, %24 is a plain $");
}

struct err *url_expand(const char *url, const char *branch,
		       const char *worktree, char **out)
{
	struct span at = find_database(url);
	struct buf b = BUF_INIT;
	size_t room;
	struct err *err = room_in(&at, &room);

	*out = NULL;
	if (url_sqlite_path(url))
		room = FILE_SLUG_MAX;
	for (const char *p = url; *p && !err;) {
		size_t len = placeholder(p);

		if (!len && starts_with(p, "${")) {
			err = unknown(p);
		} else if (!len) {
			buf_addch(&b, *p++);
		} else {
			bool is_branch = starts_with(p, BRANCH);
			bool inside = at.s && p >= at.s && p < at.s + at.len;

			slug_add(&b, is_branch ? branch : worktree,
				 inside || !at.s ? room : SLUG_DATABASE_MAX);
			p += len;
		}
	}
	if (err)
		buf_release(&b);
	else
		*out = buf_detach(&b);
	return err;
}
