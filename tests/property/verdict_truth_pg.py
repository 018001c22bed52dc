"""Shape and rows of a PostgreSQL database, but of its own schemas, as text."""

import json

_N = "n.nspname !~ '^(pg_|information_schema$)'"


def _own(of):
    """None of those that the server was made with."""
    return f'{of}.oid >= 16384 AND {_N}'


# a name of a schema in front, but of public
_OF = "CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || "
_IN = 'JOIN pg_namespace n ON n.oid ='


def _acl(column):
    """Who may do what, in an order of its own."""
    return f"(SELECT string_agg(x::text, ',' ORDER BY x::text) FROM " \
        f'unnest({column}) x)'


def _no_member(catalog, of):
    """What an extension brings is the extension's."""
    return "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = " \
        f"'{catalog}'::regclass AND e.objid = {of} AND e.deptype = 'e')"


RELATIONS = f'''
SELECT 'relation' AS kind, {_OF} c.relname AS name, concat_ws(' ', c.relkind,
  c.relpersistence, c.reloptions::text, c.relrowsecurity, c.relreplident,
  pg_get_userbyid(c.relowner), pg_get_expr(c.relpartbound, c.oid),
  pg_get_partkeydef(c.oid), (SELECT string_agg(i.inhparent::regclass::text,
  ',' ORDER BY i.inhparent::regclass::text) FROM pg_inherits i WHERE i.inhrelid = c.oid),
  obj_description(c.oid, 'pg_class'), {_acl('c.relacl')}) AS text
  FROM pg_class c {_IN} c.relnamespace WHERE {_own('c')} AND c.relkind NOT IN
  ('i', 'I')
UNION ALL SELECT 'column', {_OF} c.relname || '.' || a.attname, concat_ws(' ',
  format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
  a.attgenerated, pg_get_expr(d.adbin, d.adrelid), {_acl('a.attacl')},
  a.attstattarget, a.attstorage, a.attcollation::regcollation, a.attislocal,
  a.attinhcount, col_description(c.oid, a.attnum))
  FROM pg_class c {_IN} c.relnamespace JOIN pg_attribute a ON a.attrelid =
  c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE {_own('c')} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND a.attnum > 0
  AND NOT a.attisdropped
UNION ALL SELECT 'constraint', {_OF} c.relname || '.' || k.conname, concat_ws(
  ' ', pg_get_constraintdef(k.oid), k.convalidated, k.condeferrable,
  k.conislocal, k.coninhcount, k.connoinherit) FROM pg_constraint k JOIN
  pg_class c ON c.oid = k.conrelid {_IN} c.relnamespace WHERE {_own('c')}
UNION ALL SELECT 'index', {_OF} c.relname, pg_get_indexdef(c.oid) FROM
  pg_class c {_IN} c.relnamespace WHERE {_own('c')} AND c.relkind IN ('i', 'I')
UNION ALL SELECT 'trigger', {_OF} c.relname || '.' || t.tgname, concat_ws(' ',
  pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t JOIN pg_class c ON
  c.oid = t.tgrelid {_IN} c.relnamespace WHERE {_own('c')} AND NOT t.tgisinternal
UNION ALL SELECT 'rule', {_OF} c.relname || '.' || r.rulename, concat_ws(' ',
  pg_get_ruledef(r.oid), r.ev_enabled) FROM pg_rewrite r JOIN pg_class c ON
  c.oid = r.ev_class {_IN} c.relnamespace WHERE {_own('c')} AND c.relkind NOT IN
  ('v', 'm')
UNION ALL SELECT 'view', {_OF} c.relname, pg_get_viewdef(c.oid) FROM pg_class
  c {_IN} c.relnamespace WHERE {_own('c')} AND c.relkind IN ('v', 'm')
UNION ALL SELECT 'policy', {_OF} c.relname || '.' || p.polname, concat_ws(' ',
  p.polcmd, p.polroles::text, pg_get_expr(p.polqual, p.polrelid),
  pg_get_expr(p.polwithcheck, p.polrelid)) FROM pg_policy p JOIN pg_class c ON
  c.oid = p.polrelid {_IN} c.relnamespace WHERE {_own('c')}
UNION ALL SELECT 'sequence', {_OF} c.relname, concat_ws(' ',
  s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqmin,
  s.seqcycle, pg_sequence_last_value(c.oid), (SELECT concat_ws('.', d.refobjid::regclass, (SELECT attname
  FROM pg_attribute WHERE attrelid = d.refobjid AND attnum = d.refobjsubid),
  d.deptype) FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND
  d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid >
  0)) FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid {_IN}
  c.relnamespace WHERE {_own('c')}
UNION ALL SELECT 'statistics', {_OF} s.stxname, pg_get_statisticsobjdef(s.oid)
  FROM pg_statistic_ext s {_IN} s.stxnamespace WHERE {_N}'''

OTHERS = f'''
SELECT 'function', p.oid::regprocedure::text, concat_ws(' ', CASE p.prokind
  WHEN 'a' THEN (SELECT concat_ws(' ', a.aggtransfn, a.aggtranstype::regtype,
  a.agginitval) FROM pg_aggregate a WHERE a.aggfnoid = p.oid) ELSE
  pg_get_functiondef(p.oid) END, pg_get_userbyid(p.proowner),
  {_acl('p.proacl')}) FROM pg_proc p {_IN}
  p.pronamespace WHERE {_own('p')} AND {_no_member('pg_proc', 'p.oid')}
UNION ALL SELECT 'type', {_OF} t.typname, concat_ws(' ', t.typtype,
  t.typnotnull, t.typdefault, format_type(t.typbasetype, t.typtypmod),
  pg_get_userbyid(t.typowner), {_acl('t.typacl')}, (SELECT
  string_agg(quote_literal(enumlabel), ',' ORDER
  BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid), (SELECT
  string_agg(k.conname || pg_get_constraintdef(k.oid) || k.convalidated, ','
  ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid)) FROM
  pg_type t {_IN} t.typnamespace WHERE {_own('t')} AND t.typtype IN ('e', 'd', 'r',
  'c') AND (t.typtype <> 'c' OR t.typacl IS NOT NULL) AND
  {_no_member('pg_type', 't.oid')}
UNION ALL SELECT 'schema', n.nspname, concat_ws(' ', {_acl('n.nspacl')},
  pg_get_userbyid(n.nspowner)) FROM pg_namespace n WHERE {_N}
UNION ALL SELECT 'extension', extname, extversion FROM pg_extension
UNION ALL SELECT 'role', rolname, concat_ws(' ', rolcanlogin, rolcreatedb,
  rolconnlimit, rolinherit, (SELECT string_agg(setconfig::text, ',') FROM
  pg_db_role_setting WHERE setrole = r.oid), (SELECT string_agg(concat(
  m.roleid::regrole, m.admin_option), ',' ORDER BY m.roleid::regrole::text) FROM pg_auth_members m
  WHERE m.member = r.oid)) FROM pg_roles r WHERE rolname LIKE 'verdict%'
UNION ALL SELECT 'default privileges', concat_ws(' ', defaclrole::regrole,
  defaclnamespace::regnamespace, defaclobjtype), {_acl('defaclacl')} FROM
  pg_default_acl
UNION ALL SELECT 'operator', o.oid::regoperator::text, o.oprcode::text FROM
  pg_operator o {_IN} o.oprnamespace WHERE {_own('o')} AND
  {_no_member('pg_operator', 'o.oid')}
UNION ALL SELECT 'collation', {_OF} o.collname, o.collcollate FROM
  pg_collation o {_IN} o.collnamespace WHERE {_own('o')}
UNION ALL SELECT 'publication', pubname, concat_ws(' ', puballtables,
  pubinsert, pubupdate, pubdelete, pubtruncate, (SELECT string_agg(concat_ws(
  ' ', prrelid::regclass, (SELECT array_agg(attname ORDER BY attname) FROM
  pg_attribute WHERE attrelid = prrelid AND attnum = ANY (prattrs))::text,
  pg_get_expr(prqual, prrelid)), ',' ORDER BY prrelid::regclass::text) FROM
  pg_publication_rel WHERE
  prpubid = p.oid), (SELECT string_agg(pnnspid::regnamespace::text, ',' ORDER
  BY pnnspid::regnamespace::text) FROM pg_publication_namespace WHERE pnpubid = p.oid)) FROM
  pg_publication p'''

SHAPE = f'''SELECT json_build_array(kind, name, text) FROM (
{RELATIONS}
UNION ALL {OTHERS}
) o (kind, name, text) ORDER BY kind, name, text'''


def rows_sql(shape):
    """A query of all rows of the tables that a shape has: jsonb puts columns
    in an order of its own."""
    things = [json.loads(line) for line in shape.splitlines()]
    parts = [f"SELECT '{name}' AS t, to_jsonb(x)::text AS r FROM ONLY "
             f'{name} x' for kind, name, text in things
             if kind == 'relation' and text[0] in 'rm']
    if not parts:
        return "SELECT ''"
    return ' UNION ALL '.join(parts) + ' ORDER BY 1, 2'
