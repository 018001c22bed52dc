#include "schema/sqlite_heap.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>

static sqlite3_mem_methods plain; /* SQLite's own */
static pthread_once_t installed = PTHREAD_ONCE_INIT;
static _Thread_local struct sqlite_budget *budget;

/* Whether n more bytes may be had. */
static bool take(int64_t n)
{
	struct sqlite_budget *b = budget;

	if (!b)
		return true;
	if (n > 0 && b->used + n > b->max) {
		b->exceeded = true;
		return false;
	}
	b->used += n;
	return true;
}

/* What was allocated may be larger than what was asked for. */
static void adjust(int64_t n)
{
	if (budget)
		budget->used += n;
}

static void *heap_malloc(int n)
{
	void *p;

	if (!take(n))
		return NULL;
	p = plain.xMalloc(n);
	adjust((p ? plain.xSize(p) : 0) - n);
	return p;
}

static void heap_free(void *p)
{
	if (budget && p)
		adjust(-plain.xSize(p));
	plain.xFree(p);
}

static void *heap_realloc(void *p, int n)
{
	int64_t before = plain.xSize(p);
	void *q;

	if (!take(n - before))
		return NULL;
	q = plain.xRealloc(p, n);
	adjust((q ? plain.xSize(q) : before) - n);
	return q;
}

static void install(void)
{
	sqlite3_mem_methods counting;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain) != SQLITE_OK)
		return;
	counting = plain;
	counting.xMalloc = heap_malloc;
	counting.xFree = heap_free;
	counting.xRealloc = heap_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &counting);
}

void sqlite_heap_install(void)
{
	pthread_once(&installed, install);
}

struct sqlite_budget *sqlite_heap_use(struct sqlite_budget *b)
{
	struct sqlite_budget *before = budget;

	budget = b;
	return before;
}
