#include "cmd/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/util.h"

const char *url_sqlite_path(const char *url)
{
	return starts_with(url, "sqlite:") ? url + strlen("sqlite:") : NULL;
}

bool url_dialect(const char *url, enum sql_dialect *out)
{
	static const struct {
		const char *front;
		enum sql_dialect dialect;
	} schemes[] = {
		{ "sqlite:", SQL_SQLITE },
		{ "postgresql://", SQL_POSTGRESQL },
		{ "postgres://", SQL_POSTGRESQL },
		{ "service=", SQL_POSTGRESQL },
	};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (!starts_with(url, schemes[i].front))
			continue;
		*out = schemes[i].dialect;
		return true;
	}
	return false;
}

/*
 * The next password at or after `from`: where it starts and how long it is.
 * Either between ':' and the last '@' of the authority, or the value of a
 * key password= or sslpassword= in a query or a list of keywords.
 */
static const char *next_password(const char *url, const char *from, size_t *len)
{
	const char *authority = strstr(url, "://"), *p;

	if (authority) {
		const char *end, *at = NULL, *colon;

		authority += 3;
		end = authority + strcspn(authority, "/?#");
		for (p = authority; p < end; p++)
			if (*p == '@')
				at = p;
		colon = memchr(authority, ':', (size_t)(end - authority));
		if (at && colon && colon < at && colon >= from) {
			*len = (size_t)(at - colon - 1);
			return colon + 1;
		}
	}
	for (p = from; *p; p++) {
		if (strncasecmp(p, "password=", 9) != 0)
			continue;
		p += 9;
		*len = strcspn(p, "& \t#");
		if (*p == '\'') {
			*len = 1 + strcspn(p + 1, "'");
			*len += p[*len] == '\'';
		}
		return p;
	}
	return NULL;
}

bool url_has_password(const char *url)
{
	size_t len;
	const char *p = url;

	while ((p = next_password(url, p, &len))) {
		if (len)
			return true;
		p += 1;
	}
	return false;
}

char *url_masked(const char *url)
{
	struct buf b = BUF_INIT;
	const char *from = url, *p;
	size_t len;

	while ((p = next_password(url, from, &len))) {
		buf_add(&b, from, (size_t)(p - from));
		buf_addstr(&b, "***");
		from = p + len;
	}
	buf_addstr(&b, from);
	return buf_detach(&b);
}

char *url_real_path(const char *path)
{
	char *front = xstrdup(path), *rest = NULL, *real, *out;

	while (!(real = realpath(front, NULL))) {
		char *slash = strrchr(front, '/');
		char *longer;

		if (!slash || slash == front)
			break;
		longer = xasprintf("%s%s", slash, rest ? rest : "");
		free(rest);
		rest = longer;
		*slash = '\0';
	}
	out = real ? xasprintf("%s%s", real, rest ? rest : "") : xstrdup(path);
	free(real);
	free(rest);
	free(front);
	return out;
}

bool url_is_inside(const char *url, const char *base_dir, const char *dir)
{
	const char *path = url_sqlite_path(url);
	char *whole, *file, *folder;
	size_t n;
	bool inside;

	if (!path || !dir)
		return false;
	whole = file_join(base_dir, path);
	file = url_real_path(whole);
	folder = url_real_path(dir);
	n = strlen(folder);
	inside = !strncmp(file, folder, n) && file[n] == '/' &&
		 !strstr(file + n, "/../");
	free(folder);
	free(file);
	free(whole);
	return inside;
}
