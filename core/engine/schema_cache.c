#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "engine/impl.h"

/*
 * The last reading of a database's schema, in a file of the common git folder
 * (migrate/cache/schema/), where reading it again is dear. It holds for one tip
 * of the journal, so that a database that was put back to an earlier time, and
 * has gone another way since, has none; and while the database says that
 * nothing has changed since. It may be deleted at any time.
 */

#define MAX_BYTES ((size_t)256 << 20)

static char *path_of(struct engine *e)
{
	struct store *s = e->store;

	return xasprintf("%s/migrate/cache/schema/%.2s/%s",
			 s->ops->common_dir(s), e->meta.uuid, e->meta.uuid + 2);
}

static bool is_kept(const struct engine *e, const char *tip)
{
	return e->target->ops->load_schema && e->meta.present && *tip &&
	       strlen(e->meta.uuid) > 2;
}

/* "<tip> <digest of the rest>\n" before the bytes: a torn file is seen. */
static void add_head(struct engine *e, const char *tip, const char *data,
		     size_t len, struct buf *out)
{
	struct store_id id;

	e->store->ops->chunk_id(e->store, data, len, &id);
	buf_addf(out, "%s %s\n", tip, id.hex);
}

/* The bytes behind a head that is right; or NULL. */
static const char *behind_head(struct engine *e, const char *tip,
			       const struct buf *b)
{
	const char *end = b->len ? memchr(b->data, '\n', b->len) : NULL;
	struct buf head = BUF_INIT;
	bool right;

	if (!end)
		return NULL;
	end++;
	add_head(e, tip, end, b->len - (size_t)(end - b->data), &head);
	right = head.len == (size_t)(end - b->data) &&
		!memcmp(head.data, b->data, head.len);
	buf_release(&head);
	return right ? end : NULL;
}

struct err *schema_cache_inspect(struct engine *e, const char *tip,
				 struct schema *s)
{
	char *path = is_kept(e, tip) ? path_of(e) : NULL;
	struct buf b = BUF_INIT;
	const char *data = NULL;
	struct err *err = NULL;
	bool taken = false;

	if (path && file_exists(path))
		err_free(file_read(path, MAX_BYTES, &b));
	if (path)
		data = behind_head(e, tip, &b);
	if (data)
		err = target_load_schema(e->target, s, data,
					 b.len - (size_t)(data - b.data),
					 &taken);
	buf_release(&b);
	free(path);
	if (err || taken)
		return err;
	return target_inspect(e->target, s, TARGET_ANYTHING, NULL);
}

void schema_cache_keep(struct engine *e, const char *tip,
		       const struct schema *s)
{
	struct buf body = BUF_INIT, head = BUF_INIT;
	char *path;

	if (is_kept(e, tip) && target_save_schema(e->target, s, &body)) {
		path = path_of(e);
		add_head(e, tip, body.data, body.len, &head);
		buf_add(&head, body.data, body.len);
		file_write_cache(path, head.data, head.len);
		free(path);
	}
	buf_release(&head);
	buf_release(&body);
}
