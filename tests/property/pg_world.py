"""PostgreSQL: a case lives in the schema public of one database."""

import json
import os
import shutil

from case import Invalid
from pg_session import Session, SqlError
from state import Rows, State

TABLES = '''SELECT c.relname AS name, a.attname AS col,
 format_type(a.atttypid, a.atttypmod) AS type, a.attgenerated <> '' AS made,
 pg_get_expr(d.adbin, d.adrelid) AS value,
 (SELECT array_position(i.indkey::int2[], a.attnum) FROM pg_index i
  WHERE i.indrelid = c.oid AND i.indisprimary) AS key, a.attidentity AS ident,
 a.attnotnull AS needed
 FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum'''

SCHEMA = '''SELECT * FROM (
SELECT 'table' AS kind, c.relname::text AS name, concat_ws(' ', c.relkind,
  c.relpersistence, c.reloptions::text, c.relrowsecurity,
  obj_description(c.oid, 'pg_class')) AS text FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
UNION ALL SELECT 'column', c.relname || '.' || row_number() OVER (PARTITION BY
  c.oid ORDER BY a.attnum), concat_ws(' ', quote_ident(a.attname),
  format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
  a.attgenerated, (SELECT collname FROM pg_collation WHERE oid =
  a.attcollation), pg_get_expr(d.adbin, d.adrelid), a.attstattarget,
  a.attstorage)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN
  pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE
  c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') AND
  a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT 'constraint', c.relname || '.' || n.conname, concat_ws(' ',
  pg_get_constraintdef(n.oid), n.convalidated, n.condeferrable,
  n.condeferred) FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
  WHERE n.connamespace = 'public'::regnamespace
UNION ALL SELECT 'index', c.relname || '.' || x.relname, concat_ws(' ',
  pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered,
  i.indisreplident) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
  JOIN pg_class c ON c.oid = i.indrelid
  WHERE c.relnamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', c.relname || '.' || t.tgname, concat_ws(' ',
  pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t JOIN pg_class c ON
  c.oid = t.tgrelid WHERE c.relnamespace = 'public'::regnamespace AND NOT
  t.tgisinternal
UNION ALL SELECT 'view', c.relname, pg_get_viewdef(c.oid) FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
UNION ALL SELECT 'function', p.proname, pg_get_functiondef(p.oid) FROM pg_proc
  p WHERE p.pronamespace = 'public'::regnamespace
UNION ALL SELECT 'type', t.typname, (SELECT string_agg(quote_literal(
  enumlabel), ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid =
  t.oid) FROM pg_type t WHERE t.typnamespace = 'public'::regnamespace AND
  t.typtype = 'e'
UNION ALL SELECT 'sequence', c.relname, concat_ws(' ', s.seqtypid::regtype,
  s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle,
  (SELECT concat_ws('.', d.refobjid::regclass, d.refobjsubid > 0, d.deptype)
   FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass
   AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')))
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
  WHERE c.relnamespace = 'public'::regnamespace) o ORDER BY 1, 2, 3'''

SEQUENCES = '''SELECT sequencename::text AS name, start_value, last_value
 FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1'''


def ident(name):
    return '"' + name.replace('"', '""') + '"'


def read_tables(session):
    out = {}
    for name, col, kind, made, value, key, _, _ in session.ask(TABLES):
        t = out.setdefault(name, Rows(name))
        t.every = getattr(t, 'every', []) + [col]
        if not made:
            t.columns.append(col)
        t.types[col] = kind
        t.defaults[col] = value
        if key is not None:
            t.keys = getattr(t, 'keys', []) + [(key, col)]
    for t in out.values():
        t.key = [c for _, c in sorted(getattr(t, 'keys', []))]
    return out


def read(session):
    s = State()
    s.schema = [tuple(row) for row in session.ask(SCHEMA)]
    s.sequences = {name: (start, last)
                   for name, start, last in session.ask(SEQUENCES)}
    s.tables = read_tables(session)
    parts = [f"SELECT {i} AS t, json_build_array({', '.join(f'x.{ident(c)}::text' for c in t.every)}) AS v FROM public.{ident(name)} x"
             for i, (name, t) in enumerate(s.tables.items())]
    tables = list(s.tables.values())
    if parts:
        text = session.run('SELECT json_agg(json_build_array(t, v)) FROM ('
                           + ' UNION ALL '.join(parts) + ') q')
        for i, values in json.loads(text.strip() or 'null') or ():
            row = {c: ('null',) if v is None else ('val', v)
                   for c, v in zip(tables[i].every, values)}
            tables[i].all.append([None, row])
    for t in tables:
        t.all.sort(key=repr)
    return s


class World:
    name = 'pg'

    def __init__(self, repo, url):
        self.repo = repo
        self.session = Session(url)

    def setup(self, case):
        self.case = case
        shutil.rmtree(self.repo.path, ignore_errors=True)
        self.repo.used = 0
        self.repo.start(case)
        try:
            self.session.run(
                'ROLLBACK; DROP SCHEMA IF EXISTS public, git_migrate CASCADE; '
                'CREATE SCHEMA public')
            self.session.run('BEGIN;\n' + ';\n'.join(case.setup())
                             + ';\nCOMMIT')
        except SqlError as e:
            self.session.run('ROLLBACK')
            raise Invalid(str(e)) from e

    def plain_apply(self):
        """What the migration's SQL alone does; None when it fails."""
        was = self.session.ask(SEQUENCES)
        try:
            self.session.run('BEGIN;\n' + self.case.migration_sql()
                             + 'SET CONSTRAINTS ALL IMMEDIATE')
            return read(self.session)
        except SqlError:
            return None
        finally:
            self.session.run('ROLLBACK')
            for name, start, last in was:
                self.session.run(
                    f"SELECT setval('public.{ident(name)}', {last or start}, "
                    f'{str(last is not None).lower()})')

    def close(self):
        pass

    def state(self):
        return read(self.session)

    def write_later(self):
        for s in self.case.later:
            try:
                self.session.run('BEGIN;\n' + s.sql + ';\nCOMMIT')
            except SqlError as e:
                self.session.run('ROLLBACK')
                raise Invalid(str(e)) from e

    def image(self):
        s = self.state()
        return s.schema, s.sequences, {n: t.all for n, t in s.tables.items()}

    def put_back(self, image):
        """All of it again: there is no copy."""
        self.setup(self.case)
        if self.repo.apply(self.case).status:
            raise Invalid('applied once, not twice')
        self.write_later()
        if self.image() != image:
            raise Invalid('not the same when it is done again')

    def dangling(self):
        return False

    @staticmethod
    def is_random(_):
        return False


def make_database(url):
    """Of this run alone. @return URL, and how to drop it"""
    admin = Session(url)
    name = f'property_{os.getpid()}'
    admin.run(f'CREATE DATABASE {name} TEMPLATE template0')

    def drop():
        admin.drop_database(name)
        admin.close()
    head, _, query = url.partition('?')
    base = head[:head.rindex('/')] if head.count('/') > 2 else head
    return f'{base}/{name}' + ('?' + query if query else ''), drop
