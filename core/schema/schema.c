#include "schema/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_state.h"

void schema_init(struct schema *s)
{
	memset(s, 0, sizeof(*s));
}

void schema_release(struct schema *s)
{
	map_release(&s->by_path);
	arena_release(&s->arena);
	free(s->rows);
	schema_pg_free(s->pg);
	schema_init(s);
}

static const char *folder_of(const char *kind)
{
	static const char *const folders[][2] = {
		{ "table", "tables" },
		{ "index", "indexes" },
		{ "view", "views" },
		{ "trigger", "triggers" },
		{ "virtual", "virtual" },
		{ "pragma", "pragmas" },
		/* PostgreSQL */
		{ "access_method", "access_methods" },
		{ "aggregate", "aggregates" },
		{ "cast", "casts" },
		{ "collation", "collations" },
		{ "conversion", "conversions" },
		{ "event_trigger", "event_triggers" },
		{ "extension", "extensions" },
		{ "foreign_data_wrapper", "foreign_data_wrappers" },
		{ "foreign_table", "foreign_tables" },
		{ "function", "functions" },
		{ "language", "languages" },
		{ "materialized_view", "materialized_views" },
		{ "operator", "operators" },
		{ "operator_class", "operator_classes" },
		{ "operator_family", "operator_families" },
		{ "policy", "policies" },
		{ "procedure", "procedures" },
		{ "publication", "publications" },
		{ "rule", "rules" },
		{ "schema", "schemas" },
		{ "sequence", "sequences" },
		{ "server", "servers" },
		{ "subscription", "subscriptions" },
		{ "text_search_configuration", "text_search_configurations" },
		{ "text_search_dictionary", "text_search_dictionaries" },
		{ "text_search_parser", "text_search_parsers" },
		{ "text_search_template", "text_search_templates" },
		{ "transform", "transforms" },
		{ "type", "types" },
		{ "user_mapping", "user_mappings" },
	};

	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (streq(folders[i][0], kind))
			return folders[i][1];
	return kind;
}

void schema_add_path(struct buf *out, const char *kind, const char *name)
{
	buf_addstr(out, folder_of(kind));
	buf_addch(out, '/');
	schema_encode_name(out, name);
	buf_addstr(out, ".sql");
}

/* Letters of ASCII only, whatever the locale. */
static bool same_no_case(const char *a, const char *b)
{
	for (; *a || *b; a++, b++) {
		unsigned char c = (unsigned char)*a, d = (unsigned char)*b;

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (d >= 'A' && d <= 'Z')
			d |= 0x20;
		if (c != d)
			return false;
	}
	return true;
}

const struct schema_object *schema_find(const struct schema *s,
					const char *kind, const char *name)
{
	struct buf path = BUF_INIT;
	const struct schema_object *o;

	schema_add_path(&path, kind, name);
	o = map_get(&s->by_path, buf_str(&path));
	buf_release(&path);
	if (o && streq(o->name, name))
		return o;
	map_each (&s->by_path, e) {
		o = e->value;
		if (streq(o->kind, kind) &&
		    (s->ignores_case ? same_no_case(o->name, name)
				     : streq(o->name, name)))
			return o;
	}
	return NULL;
}
