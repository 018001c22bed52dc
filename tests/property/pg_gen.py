"""Random cases for PostgreSQL, tried in a transaction of the same database."""

from case import Table
from generator import TRIES, Generator
from pg_session import SqlError
from pg_world import TABLES as INFO

NAMES = ('a', 'b', 'c', 'd', 'e', 'f', 'name', 'order', 'The Name', '\u00fcn\u00ef')
TABLES = ('t', 'u', 'v', 'users', 'My Table', 'group')
TEXTS = ("''", "'a'", "'b'", "'A'", "'x''y\"z'", "'tab\there'",
         "E'line\\nend\\r'", "E'back\\\\slash \\\\N'", "E'\\\\.'",
         "'\u00e4\u4e2d\U0001f600'", "'12'", "'NULL'", "'{a,\"b\"}'",
         "repeat('q', 300)")
VALUES = {
    'integer': ('0', '1', '2', '3', '-1', '7', '2147483647', '-2147483648'),
    'bigint': ('0', '1', '2', '9223372036854775807', '-9223372036854775808'),
    'smallint': ('0', '1', '2', '32767', '-32768'),
    'numeric': ('0', '1', '1.50', '1.5', "'NaN'", '-0.0',
                '123456789012345678901234567890.123456789', '1e-20'),
    'double precision': ('0', "'-0'", '0.1', "'NaN'", "'Infinity'", '1e300',
                         '5e-324', '9007199254740993'),
    'real': ('0', '0.1', "'-Infinity'", '3.4e38', '16777217'),
    'text': TEXTS,
    'character varying(10)': ("''", "'a'", "'b '", "'\u00e4\u4e2d'", "'12'"),
    'character(3)': ("''", "'a'", "'abc'"),
    'boolean': ('true', 'false'),
    'bytea': ("''", "'\\x00ff10'", "'\\x61'", "decode('00', 'hex')"),
    'timestamp with time zone': ("'2026-01-01 00:00:00.000001+02'",
                                 "'infinity'", "'0044-03-15 12:00:00+00 BC'"),
    'timestamp without time zone': ("'1999-12-31 23:59:59.999999'",
                                    "'-infinity'"),
    'date': ("'2026-02-28'", "'4713-01-01 BC'", "'infinity'"),
    'interval': ("'1 mon -2 days 03:04:05.6'", "'-1 year'", "'0'"),
    'jsonb': ("'{\"a\": [1, null, \"x\"]}'", "'null'", "'\"\\\\u00e4\"'"),
    'json': ("'{\"a\":  1,\"a\":2}'", "'[]'"),
    'integer[]': ("'{}'", "'{1,NULL,3}'", "'{{1,2},{3,4}}'", "'[2:3]={5,6}'"),
    'text[]': ("'{}'", "ARRAY['a,b', NULL, '\"', '\\', 'NULL', '']"),
    'uuid': ("'00000000-0000-0000-0000-000000000001'",
             "'ffffffff-ffff-ffff-ffff-ffffffffffff'"),
    'mood': ("'sad'", "'ok'", "'it''s \"fine\"'"),
    'inet': ("'10.0.0.1/8'", "'::1'"),
    'bit varying': ("B''", "B'101'"),
    'int4range': ("'[1,5)'", "'empty'", "'(,3]'"),
    'point': ("'(1,2)'", "'(0.1,-0)'"),
}
KEYS = ('integer', 'bigint', 'text', 'uuid', 'numeric', 'date', 'boolean',
        'mood', 'character varying(10)', 'double precision', 'bytea')
NO_EQUAL = ('json', 'point')
ACTIONS = ('', ' ON DELETE CASCADE', ' ON DELETE SET NULL',
           ' ON UPDATE CASCADE ON DELETE CASCADE', ' ON DELETE SET DEFAULT',
           ' DEFERRABLE INITIALLY DEFERRED')
SERIALS = {'serial': 'integer', 'bigserial': 'bigint'}


def q(name):
    return '"' + name.replace('"', '""') + '"'


class Column:
    def __init__(self, row):
        _, self.name, self.type, self.made, self.default, self.key, \
            self.identity, self.needed = row


class PgGenerator(Generator):
    def __init__(self, session, seed):
        super().__init__('pg', seed)
        self.session = session
        self.cache = None

    # --- what is there ---

    def info(self):
        if self.cache is None:
            self.cache = {}
            for row in self.session.ask(INFO):
                self.cache.setdefault(row[0], []).append(Column(row))
        return self.cache

    def columns(self, table):
        return [c for c in self.info()[table] if not c.made]

    def key(self, table):
        cols = [c for c in self.info()[table] if c.key is not None]
        return sorted(cols, key=lambda c: c.key)

    def table(self):
        return self.pick(sorted(self.info()))

    def names(self, what, of=None):
        where = f"AND c.relname = '{of}'" if of else ''
        return self.session.ask({
            'index': f"""SELECT x.relname AS i, c.relname AS t,
                pg_get_indexdef(x.oid) AS d FROM pg_index i JOIN pg_class x ON
                x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
                WHERE c.relnamespace = 'public'::regnamespace AND NOT EXISTS
                (SELECT 1 FROM pg_constraint n WHERE n.conindid = x.oid)
                {where} ORDER BY 1""",
            'constraint': f"""SELECT n.conname AS n, c.relname AS t,
                pg_get_constraintdef(n.oid) AS d FROM pg_constraint n JOIN
                pg_class c ON c.oid = n.conrelid WHERE n.connamespace =
                'public'::regnamespace {where} ORDER BY 2, 1""",
            'trigger': f"""SELECT t.tgname AS n, c.relname AS t,
                pg_get_triggerdef(t.oid) AS d FROM pg_trigger t JOIN pg_class
                c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND
                c.relnamespace = 'public'::regnamespace {where} ORDER BY 1""",
            'view': """SELECT c.relname AS n, '' AS t, 'CREATE VIEW ' ||
                quote_ident(c.relname) || ' AS ' ||
                pg_get_viewdef(c.oid) AS d FROM pg_class c WHERE
                c.relnamespace = 'public'::regnamespace AND relkind = 'v'
                ORDER BY 1""",
        }[what])

    def literal(self, kind):
        if self.chance(15):
            return 'NULL'
        base = VALUES.get(kind)
        if base is None:
            return 'NULL'
        return f'{self.pick(base)}::{kind}'

    def value_of(self, table, col):
        got = self.session.ask(f'SELECT DISTINCT quote_literal({q(col.name)}'
                               f'::text) AS v FROM {q(table)} WHERE '
                               f'{q(col.name)} IS NOT NULL ORDER BY 1')
        return f'{self.pick(got)[0]}::{col.type}' if got \
            else self.literal(col.type)

    def where(self, table):
        cols = self.columns(table)
        key = self.key(table)
        col = self.pick(key if key and self.chance(60) else cols)
        kind = self.rnd.randrange(8)
        if kind < 5:
            value = self.value_of(table, col)
            cast = '::text' if col.type in NO_EQUAL else ''
            return f'{q(col.name)}{cast} IS NOT DISTINCT FROM ' \
                f'({value}){cast}'
        if kind < 6:
            return f'{q(col.name)}::text > \'1\''
        return f'{q(col.name)} IS ' + self.pick(('NOT NULL', 'NULL'))

    def expression(self, table, col):
        c = q(col.name)
        out = [self.literal(col.type)] * 3 + [self.value_of(table, col),
                                              'NULL']
        same = [o for o in self.columns(table) if o.type == col.type]
        out.append(q(self.pick(same).name) if same else c)
        if col.type in ('integer', 'bigint', 'numeric', 'double precision',
                        'smallint'):
            out += [f'{c} + 1', f'-{c}']
        if col.type == 'text':
            out += [f'upper({c})', f"{c} || 'x'"]
        return self.pick(out)

    def assignments(self, table, key=False):
        cols = self.columns(table)
        keys = [c.name for c in self.key(table)]
        plain = [c for c in cols if c.name not in keys] or cols
        chosen = self.rnd.sample(plain, min(len(plain),
                                            1 + self.rnd.randrange(2)))
        if key:
            chosen = [self.pick(self.key(table) or cols)]
        return ', '.join(f'{q(c.name)} = {self.expression(table, c)}'
                         for c in chosen)

    def values(self, table):
        cols = [c for c in self.columns(table)
                if self.chance(85) and not (c.identity and self.chance(70))]
        cols = cols or self.columns(table)[:1]
        return (', '.join(q(c.name) for c in cols),
                ', '.join(self.value_of(table, c) if self.chance(25)
                          else self.literal(c.type) for c in cols), cols)

    # --- before ---

    def declaration(self, kind, names):
        out = [kind]
        if self.chance(20):
            value = self.pick(VALUES[kind])
            if value.startswith('-'):  # the server prints -(0.0) as another
                value = f"'{value}'"   # value than it reads that for
            out.append(f'DEFAULT {value}::{kind}')
        if self.chance(15):
            out.append('NOT NULL')
        if self.chance(12) and kind not in NO_EQUAL:
            out.append('UNIQUE')
        if self.chance(8) and names:
            out.append(f"CHECK ({q(self.pick(names))}::text <> 'zz')")
        if kind == 'text' and self.chance(10):
            out.append('COLLATE "C"')
        return ' '.join(out)

    def make_table(self, name, others):
        key = self.pick(('id', 'id', 'serial', 'always', 'other', 'other',
                         'composite', 'unique', 'none', 'none'))
        cols, constraints = [], []
        names = self.rnd.sample(NAMES, 1 + self.rnd.randrange(5))
        if key == 'id':
            cols.append(('id', 'integer PRIMARY KEY'))
        elif key == 'serial':
            cols.append(('id', self.pick(list(SERIALS)) + ' PRIMARY KEY'))
        elif key == 'always':
            cols.append(('id', 'bigint GENERATED BY DEFAULT AS IDENTITY '
                         'PRIMARY KEY'))
        elif key == 'other':
            cols.append(('k', self.pick(KEYS) + ' PRIMARY KEY'))
        elif key == 'unique':
            cols.append(('k', self.pick(KEYS) + ' NOT NULL UNIQUE'))
        elif key == 'composite':
            cols += [('k', self.pick(KEYS)), ('l', self.pick(KEYS))]
            constraints.append('PRIMARY KEY (k, l)' if self.chance(70)
                               else 'PRIMARY KEY (l, k)')
        for i, n in enumerate(names):
            if others and self.chance(20):
                other = self.pick(others)
                to = [c for c in other.columns
                      if 'PRIMARY KEY' in c[1] or 'UNIQUE' in c[1]]
                if to:
                    kind = to[0][1].split(' ')[0]
                    kind = SERIALS.get(kind, kind)
                    kind = {'double': 'double precision',
                            'character': 'character varying(10)'}.get(
                                kind, kind)
                    cols.append((n, f'{kind} REFERENCES {q(other.name)}'
                                 f'({q(to[0][0])}){self.pick(ACTIONS)}'))
                    continue
            if i and self.chance(8):
                cols.append((n, f"boolean GENERATED ALWAYS AS "
                             f"({q(names[0])} IS NULL) STORED"))
                continue
            cols.append((n, self.declaration(self.pick(sorted(VALUES)),
                                             names[:i])))
        if self.chance(40):
            self.rnd.shuffle(cols)
        if len(names) > 1 and self.chance(15):
            constraints.append(f'UNIQUE ({q(names[0])}, {q(names[1])})')
        return Table(name, cols, constraints)

    def attempt(self, sql):
        try:
            self.session.run(f'SAVEPOINT attempt;\n{sql};\n'
                             'RELEASE attempt')
            self.cache = None
            return True
        except SqlError:
            self.session.run('ROLLBACK TO attempt; RELEASE attempt')
            return False

    def add_rows(self, table):
        for _ in range(self.pick((0, 1, 2, 3, 4, 6))):
            for _ in range(TRIES):
                row = {c.name: self.literal(c.type)
                       for c in self.columns(table.name)
                       if self.chance(85)
                       and not ('nextval' in (c.default or '') or c.identity)}
                names = ', '.join(map(q, row))
                sql = f'INSERT INTO {q(table.name)} ({names}) VALUES ' \
                    f'({", ".join(row.values())})' if row else \
                    f'INSERT INTO {q(table.name)} DEFAULT VALUES'
                if self.attempt(sql):
                    self.case.rows.append([table.name, row])
                    break

    def hang_on(self):
        return ((self.index_sql, 45), (self.index_sql, 20),
                (self.view_sql, 25), (self.trigger_sql, 25),
                (self.trigger_sql, 10))

    def index_sql(self):
        t = self.table()
        cols = self.info()[t]
        chosen = self.rnd.sample(cols, min(len(cols),
                                           1 + self.rnd.randrange(2)))
        keys = ', '.join(q(c.name) + self.pick(('', '', ' DESC',
                                                ' NULLS FIRST'))
                         for c in chosen)
        if self.chance(15):
            keys = f'({q(chosen[0].name)} IS NULL)'
        tail = f' WHERE {q(chosen[0].name)} IS NOT NULL' \
            if self.chance(15) else ''
        unique = 'UNIQUE ' if self.chance(40) else ''
        return f'CREATE {unique}INDEX {self.fresh("ix")} ON {q(t)} ' \
            f'({keys}){tail}'

    def view_sql(self):
        t = self.table()
        what = '*' if self.chance(40) else \
            q(self.pick(self.info()[t]).name)
        return f'CREATE VIEW {self.fresh("vw")} AS SELECT {what} FROM {q(t)}'

    def trigger_sql(self):
        on, to = self.table(), self.table()
        event = self.pick(('INSERT', 'UPDATE', 'DELETE'))
        row = 'OLD' if event == 'DELETE' else 'NEW'
        if self.chance(60):
            names, values, _ = self.values(to)
            body = f'INSERT INTO {q(to)} ({names}) VALUES ({values}) ' \
                'ON CONFLICT DO NOTHING'
        elif self.chance(60):
            body = f'UPDATE {q(to)} SET {self.assignments(to)}'
        else:
            body = f'DELETE FROM {q(to)} WHERE ' \
                f'{q(self.pick(self.columns(to)).name)}::text = ' \
                f'{row}.{q(self.pick(self.columns(on)).name)}::text'
        name = self.fresh('tr')
        back = row if self.chance(80) else 'NULL'
        when = self.pick(('AFTER', 'AFTER', 'BEFORE'))
        return f'CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql ' \
            f'AS $$BEGIN IF pg_trigger_depth() < 3 THEN {body}; END IF; ' \
            f'RETURN {back}; END$$;\n' \
            f'CREATE TRIGGER {name} {when} {event} ON {q(on)} FOR EACH ROW ' \
            f'EXECUTE FUNCTION {name}()'

    # --- the migration ---

    DML = ('update_all', 'update_all', 'update_some', 'update_some',
           'update_key', 'delete_all', 'delete_some', 'delete_some', 'upsert',
           'insert_select', 'insert', 'merge', 'truncate', 'move_rows')
    DDL = ('drop_column', 'drop_column', 'rename_column', 'add_column',
           'add_column', 'alter_type', 'alter_type', 'alter_column',
           'rename_table', 'drop_table', 'create_table', 'create_as',
           'create_index', 'create_view', 'create_trigger', 'drop_index',
           'drop_view', 'drop_trigger', 'drop_constraint', 'add_constraint')
    LATER = ('update_some', 'update_some', 'update_all', 'update_key',
             'delete_some', 'insert', 'insert', 'upsert', 'again')

    def dml(self, kind):
        t = self.table()
        if kind == 'update_all':
            return f'UPDATE {q(t)} SET {self.assignments(t)}'
        if kind == 'update_some':
            return f'UPDATE {q(t)} SET {self.assignments(t)} WHERE ' \
                f'{self.where(t)}'
        if kind == 'update_key':
            where = f' WHERE {self.where(t)}' if self.chance(70) else ''
            return f'UPDATE {q(t)} SET {self.assignments(t, True)}{where}'
        if kind == 'delete_all':
            return f'DELETE FROM {q(t)}'
        if kind == 'delete_some':
            return f'DELETE FROM {q(t)} WHERE {self.where(t)}'
        if kind == 'truncate':
            return f'TRUNCATE {q(t)}' + self.pick((
                '', ' CASCADE', ' RESTART IDENTITY', ' RESTART IDENTITY '
                'CASCADE'))
        if kind == 'move_rows':
            return self.move_rows(t)
        names, values, _ = self.values(t)
        if kind == 'merge':
            return self.merge(t, names, values)
        if kind == 'upsert':
            key = self.key(t)
            if not key:
                raise IndexError
            on = ', '.join(q(c.name) for c in key)
            return f'INSERT INTO {q(t)} ({names}) VALUES ({values}) ' \
                f'ON CONFLICT ({on}) DO UPDATE SET ' + \
                self.excluded(t)
        if kind == 'insert_select':
            cols = self.rnd.sample(self.columns(t), 1)
            rest = [c for c in self.columns(t) if c not in cols]
            other = self.table()
            kinds = {c.type: c.name for c in self.info()[other]}
            into = cols + [c for c in rest if self.chance(80)]
            return f'INSERT INTO {q(t)} (' + \
                ', '.join(q(c.name) for c in into) + ') SELECT ' + \
                ', '.join(q(kinds[c.type]) if c.type in kinds and
                          self.chance(80) else self.literal(c.type)
                          for c in into) + \
                f' FROM {q(other)} ON CONFLICT DO NOTHING'
        return f'INSERT INTO {q(t)} ({names}) VALUES ({values})'

    def excluded(self, t):
        c = q(self.pick(self.columns(t)).name)
        return f'{c} = EXCLUDED.{c}'

    def merge(self, t, names, values):
        key = self.pick(self.key(t) or self.columns(t))
        k = q(key.name)
        col = self.pick(self.columns(t))
        done = self.pick((f'UPDATE SET {q(col.name)} = '
                          f'{self.literal(col.type)}', 'DELETE'))
        return f'MERGE INTO {q(t)} x USING (SELECT ' \
            f'{self.value_of(t, key)} AS v) s ON x.{k} = s.v ' \
            f'WHEN MATCHED THEN {done} WHEN NOT MATCHED THEN INSERT ' \
            f'({names}) VALUES ({values})'

    def move_rows(self, t):
        """Rows go from one table to another."""
        other = self.table()
        there = {c.type: c.name for c in self.info()[t]}
        pairs = [(c.name, there[c.type]) for c in self.columns(other)
                 if c.type in there]
        if not pairs or other == t:
            raise IndexError
        return f'WITH gone AS (DELETE FROM {q(t)} WHERE {self.where(t)} ' \
            f'RETURNING *) INSERT INTO {q(other)} (' + \
            ', '.join(q(a) for a, _ in pairs) + ') SELECT ' + \
            ', '.join(q(b) for _, b in pairs) + \
            ' FROM gone ON CONFLICT DO NOTHING'

    def ddl(self, kind):
        """SQL and effects"""
        t = self.table()
        col = self.pick(self.info()[t])
        c = q(col.name)
        alter = f'ALTER TABLE {q(t)} '
        if kind == 'drop_column':
            return alter + f'DROP COLUMN {c}' + \
                self.pick(('', ' CASCADE')), [('drop_column', t, col.name)]
        if kind == 'rename_column':
            new = self.pick(NAMES)
            return alter + f'RENAME COLUMN {c} TO {q(new)}', \
                [('rename_column', t, col.name, new)]
        if kind == 'add_column':
            decl = self.declaration(self.pick(sorted(VALUES)), [])
            return alter + f'ADD COLUMN {q(self.pick(NAMES))} {decl}', []
        if kind == 'alter_type':
            new = self.pick(sorted(VALUES))
            using = self.pick((f'{c}::text::{new}', f'{c}::{new}',
                               f'NULL::{new}'))
            return alter + f'ALTER COLUMN {c} TYPE {new} USING {using}', []
        if kind == 'alter_column':
            return alter + f'ALTER COLUMN {c} ' + self.pick((
                'SET NOT NULL', 'DROP NOT NULL', 'DROP DEFAULT',
                f'SET DEFAULT {self.literal(col.type)}',
                'DROP IDENTITY IF EXISTS', 'DROP EXPRESSION IF EXISTS')), []
        if kind == 'rename_table':
            new = self.pick(TABLES)
            return alter + f'RENAME TO {q(new)}', [('rename_table', t, new)]
        if kind == 'drop_table':
            return f'DROP TABLE {q(t)}' + self.pick(('', ' CASCADE')), \
                [('drop_table', t)]
        if kind == 'create_table':
            return self.make_table(self.pick(TABLES), []).sql(), []
        if kind == 'create_as':
            return f'CREATE TABLE {q(self.pick(TABLES))} AS SELECT * FROM ' \
                f'{q(t)}', []
        if kind == 'add_constraint':
            return alter + self.pick((
                f'ADD UNIQUE ({c})', f"ADD CHECK ({c}::text <> 'zz')",
                f'ADD PRIMARY KEY ({c})')), []
        if kind.startswith('create_'):
            return {'create_index': self.index_sql,
                    'create_view': self.view_sql,
                    'create_trigger': self.trigger_sql}[kind](), []
        return self.drop(kind.split('_')[1]), []

    def drop(self, what):
        name, t, sql = self.pick(self.names(what))
        again = f';\n{sql.rstrip(";")}' if self.chance(30) else ''
        if what == 'constraint':
            again = f';\nALTER TABLE {q(t)} ADD CONSTRAINT {q(name)} {sql}' \
                if again else ''
            return f'ALTER TABLE {q(t)} DROP CONSTRAINT {q(name)}' + \
                self.pick(('', ' CASCADE')) + again
        if what == 'trigger':
            return f'DROP TRIGGER {q(name)} ON {q(t)}{again}'
        return f'DROP {what.upper()} {q(name)}{again}'

    def again(self):
        """A freed key is given to somebody else."""
        t = self.pick([t for t in sorted(self.info()) if self.key(t)])
        key = self.key(t)
        rows = self.session.ask('SELECT ' + ', '.join(
            f'quote_nullable({q(c.name)}::text) AS c{i}'
            for i, c in enumerate(key)) + f' FROM {q(t)} ORDER BY 1')
        lits = [f'{v}::{c.type}' for v, c in zip(self.pick(rows), key)]
        where = ' AND '.join(f'{q(c.name)} = {v}' for c, v in zip(key, lits))
        names = [c.name for c in key]
        rest = [c for c in self.columns(t) if c.name not in names]
        cols = ', '.join(q(n) for n in names + [c.name for c in rest])
        values = ', '.join(lits + [self.literal(c.type) for c in rest])
        return f'DELETE FROM {q(t)} WHERE {where};\n' \
            f'INSERT INTO {q(t)} ({cols}) VALUES ({values})'

    def run(self):
        self.options()
        self.case.foreign_keys = False
        self.case.prelude = ["CREATE TYPE mood AS ENUM ('sad', 'ok', "
                             "'it''s \"fine\"')"]
        self.session.run('ROLLBACK; DROP SCHEMA IF EXISTS public CASCADE; '
                         'CREATE SCHEMA public; BEGIN')
        self.session.run(self.case.prelude[0])
        try:
            self.before(TABLES)
            if self.info():
                self.migration()
            if self.info():
                self.later()
        finally:
            self.session.run('ROLLBACK')
        return self.case


def generate(session, seed):
    return PgGenerator(session, seed).run()
