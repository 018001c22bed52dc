#include "cmd/tty.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/util.h"
#include "cmd/units.h"

enum color_when {
	COLOR_UNSET,
	COLOR_NEVER,
	COLOR_AUTO,
	COLOR_ALWAYS,
};

static enum color_when color_config(struct store *store, const char *key)
{
	enum color_when when = COLOR_UNSET;
	bool on;
	char *v;

	err_free(store->ops->config(store, key, &v, NULL));
	if (!v)
		return when;
	if (!strcasecmp(v, "always"))
		when = COLOR_ALWAYS;
	else if (!strcasecmp(v, "never"))
		when = COLOR_NEVER;
	else if (!strcasecmp(v, "auto"))
		when = COLOR_AUTO;
	else if (units_bool(v, &on))
		when = on ? COLOR_AUTO : COLOR_NEVER;
	free(v);
	return when;
}

static int columns(int fd)
{
	const char *env = getenv("COLUMNS");
	struct winsize w;
	int n = env ? (int)strtol(env, NULL, 10) : 0;

	if (n > 0)
		return n;
	if (!ioctl(fd, TIOCGWINSZ, &w) && w.ws_col)
		return w.ws_col;
	return 80;
}

void tty_init(struct tty *t, struct store *store, bool no_color)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
	bool dumb = !term || streq(term, "dumb");
	enum color_when when = COLOR_UNSET;

	t->width = isatty(STDOUT_FILENO) ? columns(STDOUT_FILENO) : 0;
	t->err_width = columns(STDERR_FILENO);
	t->progress = isatty(STDERR_FILENO) && !dumb;
	if (no_color || (none && *none)) {
		t->color = false;
		return;
	}
	if (store)
		when = color_config(store, "color.migrate");
	if (store && when == COLOR_UNSET)
		when = color_config(store, "color.ui");
	t->color = when == COLOR_ALWAYS ||
		   (when != COLOR_NEVER && t->width && !dumb);
}

const char *tty_color(const struct tty *t, enum tty_color c)
{
	static const char *const codes[TTY_COLOR_COUNT] = {
		[TTY_RESET] = "\033[m",     [TTY_RED] = "\033[31m",
		[TTY_GREEN] = "\033[32m",   [TTY_YELLOW] = "\033[33m",
		[TTY_MAGENTA] = "\033[35m", [TTY_CYAN] = "\033[36m",
		[TTY_BOLD] = "\033[1m",     [TTY_DIM] = "\033[2m",
	};

	return t->color ? codes[c] : "";
}
