#include "decide/order.h"

#include <limits.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"

/** An edge: `from` has to run before the node it is chained to. */
struct edge {
	size_t to, next; /* next: index + 1 in the chain of `from` */
};

struct graph {
	struct migration_set *set;
	struct map positions; /* name -> position + 1 */
	struct edge *edges;
	size_t n_edges, cap_edges;
	size_t *first;   /* per node: head of its chain, index + 1 */
	size_t *waiting; /* per node: dependencies not yet placed */
	size_t *heap;    /* nodes that are ready, smallest first */
	size_t n_heap;
	size_t *placed; /* the new order */
	size_t n_placed;
};

static void graph_init(struct graph *g, struct migration_set *set)
{
	memset(g, 0, sizeof(*g));
	g->set = set;
	g->first = xcalloc(set->n + 1, sizeof(*g->first));
	g->waiting = xcalloc(set->n + 1, sizeof(*g->waiting));
	g->heap = xcalloc(set->n + 1, sizeof(*g->heap));
	g->placed = xcalloc(set->n + 1, sizeof(*g->placed));
	for (size_t i = 0; i < set->n; i++)
		map_put_number(&g->positions, set->items[i]->name, i + 1);
}

static void graph_release(struct graph *g)
{
	map_release(&g->positions);
	free(g->edges);
	free(g->first);
	free(g->waiting);
	free(g->heap);
	free(g->placed);
}

static void add_edge(struct graph *g, size_t from, size_t to)
{
	VEC_GROW(g->edges, g->n_edges, g->cap_edges);
	g->edges[g->n_edges].to = to;
	g->edges[g->n_edges].next = g->first[from];
	g->first[from] = ++g->n_edges;
	g->waiting[to]++;
}

static struct err *missing(const struct graph *g, const struct migration *m,
			   const char *name, unsigned line)
{
	const char *dir = g->set->source ? g->set->source->dir : NULL;
	const char *near = NULL;
	unsigned best = UINT_MAX;
	char *path, *shown, *safe = text_safe(name);
	const struct migration *meant = migration_resolve(g->set, name);
	struct err *e;

	path = dir && *dir && !streq(dir, ".")
		       ? xasprintf("%s/%s", dir, m->path)
		       : xstrdup(m->path);
	shown = text_safe(path);
	e = err_new(ERR_INPUT, "%s depends on %s, which is not there", m->name,
		    safe);
	e = err_at(e, (struct err_at){ .path = shown, .line = line });
	for (size_t i = 0; !meant && i < g->set->n; i++)
		if (migration_is_nearer(name, g->set->items[i]->name, &best))
			near = g->set->items[i]->name;
	if (meant)
		near = meant->name;
	if (near)
		e = err_hintf(e, "did you mean %s?", near);
	free(path);
	free(shown);
	free(safe);
	return e;
}

static struct err *connect(struct graph *g, size_t at, decide_depends_fn known,
			   void *payload)
{
	const struct migration *m = g->set->items[at];
	const char *const *names = NULL;

	for (size_t i = 0; m->depends && m->depends[i]; i++) {
		size_t on = map_number(&g->positions, m->depends[i]);

		if (!on)
			return missing(g, m, m->depends[i], m->depends_line[i]);
		add_edge(g, on - 1, at);
	}
	if (!m->loaded && known)
		names = known(payload, m->name);
	for (size_t i = 0; names && names[i]; i++) {
		size_t on = map_number(&g->positions, names[i]);

		if (on)
			add_edge(g, on - 1, at);
	}
	return NULL;
}

static void heap_push(struct graph *g, size_t node)
{
	size_t i = g->n_heap++;

	while (i > 0 && g->heap[(i - 1) / 2] > node) {
		g->heap[i] = g->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	g->heap[i] = node;
}

static size_t heap_pop(struct graph *g)
{
	size_t top = g->heap[0], last = g->heap[--g->n_heap], i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= g->n_heap)
			break;
		if (child + 1 < g->n_heap &&
		    g->heap[child + 1] < g->heap[child])
			child++;
		if (g->heap[child] >= last)
			break;
		g->heap[i] = g->heap[child];
		i = child;
	}
	g->heap[i] = last;
	return top;
}

static void place_all(struct graph *g)
{
	for (size_t i = 0; i < g->set->n; i++)
		if (!g->waiting[i])
			heap_push(g, i);
	while (g->n_heap) {
		size_t node = heap_pop(g);

		g->placed[g->n_placed++] = node;
		for (size_t e = g->first[node]; e; e = g->edges[e - 1].next)
			if (!--g->waiting[g->edges[e - 1].to])
				heap_push(g, g->edges[e - 1].to);
	}
}

/*
 * Whatever still waits is in a circle or behind one. Going from such a node
 * to one that it waits for, again and again, must come back.
 */
static struct err *circle(const struct graph *g)
{
	size_t n = g->set->n, node = 0, start;
	size_t *on = xcalloc(n, sizeof(*on)); /* index + 1 of a dependency */
	bool *seen = xcalloc(n, sizeof(*seen));
	struct buf b = BUF_INIT;
	struct err *e;

	for (size_t i = n; i-- > 0;)
		if (g->waiting[i])
			for (size_t k = g->first[i]; k;
			     k = g->edges[k - 1].next)
				on[g->edges[k - 1].to] = i + 1;
	while (!on[node] || !g->waiting[node])
		node++;
	while (!seen[node]) {
		seen[node] = true;
		node = on[node] - 1;
	}
	start = node;
	do {
		buf_addf(&b, "%s -> ", g->set->items[node]->name);
		node = on[node] - 1;
	} while (node != start);
	buf_addstr(&b, g->set->items[start]->name);
	e = err_new(ERR_INPUT, "dependencies go in a circle: %s", buf_str(&b));
	buf_release(&b);
	free(on);
	free(seen);
	return err_hint(e, "each one waits for the next: take one of these "
			   "dependencies out");
}

static void reorder(struct graph *g)
{
	struct migration **items =
		xcalloc(g->set->n, sizeof(struct migration *));

	for (size_t i = 0; i < g->n_placed; i++) {
		items[i] = g->set->items[g->placed[i]];
		items[i]->rank = i;
	}
	memcpy(g->set->items, items, g->set->n * sizeof(struct migration *));
	free(items);
}

struct err *decide_order(struct migration_set *set, decide_depends_fn known,
			 void *payload)
{
	struct graph g;
	struct err *e = NULL;

	graph_init(&g, set);
	for (size_t i = 0; i < set->n && !e; i++)
		e = connect(&g, i, known, payload);
	if (!e && g.n_edges) {
		place_all(&g);
		if (g.n_placed < set->n)
			e = circle(&g);
		else
			reorder(&g);
	}
	graph_release(&g);
	return e;
}
