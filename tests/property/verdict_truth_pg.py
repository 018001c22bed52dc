"""Shape and rows of a PostgreSQL database's schema public, as text."""

import json

_T = "c.relnamespace = 'public'::regnamespace"

SHAPE = f'''SELECT json_build_array(kind, name, text) FROM (
SELECT 'relation' AS kind, c.relname::text AS name, concat_ws(' ', c.relkind,
  c.relpersistence, c.reloptions::text, c.relrowsecurity,
  obj_description(c.oid, 'pg_class'), (SELECT string_agg(x::text, ',' ORDER
  BY x::text) FROM unnest(c.relacl) x)) AS text FROM pg_class c
  WHERE {_T} AND c.relkind <> 'i'
UNION ALL SELECT 'column', c.relname || '.' || a.attname, concat_ws(' ',
  format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
  a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attacl::text,
  a.attstattarget,
  col_description(c.oid, a.attnum))
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN
  pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE {_T} AND
  c.relkind IN ('r', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT 'constraint', c.relname || '.' || n.conname,
  pg_get_constraintdef(n.oid) || n.convalidated FROM pg_constraint n JOIN
  pg_class c ON c.oid = n.conrelid WHERE {_T}
UNION ALL SELECT 'index', c.relname, pg_get_indexdef(c.oid) FROM pg_class c
  WHERE {_T} AND c.relkind = 'i'
UNION ALL SELECT 'trigger', c.relname || '.' || t.tgname, concat_ws(' ',
  pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t JOIN pg_class c ON
  c.oid = t.tgrelid WHERE {_T} AND NOT t.tgisinternal
UNION ALL SELECT 'view', c.relname, pg_get_viewdef(c.oid) FROM pg_class c
  WHERE {_T} AND c.relkind IN ('v', 'm')
UNION ALL SELECT 'policy', c.relname || '.' || p.polname, concat_ws(' ',
  p.polcmd, p.polroles::text, pg_get_expr(p.polqual, p.polrelid))
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE {_T}
UNION ALL SELECT 'function', p.oid::regprocedure::text,
  pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace =
  'public'::regnamespace
UNION ALL SELECT 'enum', t.typname, (SELECT string_agg(quote_literal(
  enumlabel), ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid =
  t.oid) FROM pg_type t WHERE t.typnamespace = 'public'::regnamespace AND
  t.typtype = 'e'
UNION ALL SELECT 'sequence', c.relname, concat_ws(' ', s.seqtypid::regtype,
  s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcycle)
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid WHERE {_T}
) o ORDER BY kind, name, text'''


def rows_sql(shape):
    """A query of all rows of the tables that a shape has: jsonb puts columns
    in an order of its own."""
    things = [json.loads(line) for line in shape.splitlines()]
    parts = [f"SELECT '{name}' AS t, to_jsonb(x)::text AS r FROM "
             f'public.{name} x' for kind, name, text in things
             if kind == 'relation' and text[0] in 'rm']
    if not parts:
        return "SELECT ''"
    return ' UNION ALL '.join(parts) + ' ORDER BY 1, 2'
