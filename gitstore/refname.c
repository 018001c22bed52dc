#include "gitstore/refname.h"

#include <stdbool.h>
#include <string.h>

#include "base/util.h"

static bool is_plain(const char *text, size_t i)
{
	unsigned char c = (unsigned char)text[i];

	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '_' || (c == '-' && i))
		return true;
	/* not first, not last, not twice, not that of ".lock" */
	return c == '.' && i && text[i + 1] && text[i + 1] != '.' &&
	       !streq(text + i, ".lock");
}

void gs_refname_add(struct buf *out, const char *text)
{
	for (size_t i = 0; text[i]; i++)
		if (is_plain(text, i))
			buf_addch(out, text[i]);
		else
			buf_addf(out, "%%%02X", (unsigned char)text[i]);
}
