"""Random cases for SQLite, tried on a database in memory."""

import sqlite3

from case import Case, Table, quote
from generator import TRIES, Generator
from sqlite_world import connect, name_of, split

TYPES = ('INTEGER', 'INTEGER', 'TEXT', 'TEXT', 'REAL', 'BLOB', 'NUMERIC', '',
         'VARCHAR(10)', 'BOOLEAN')
NAMES = ('a', 'b', 'c', 'd', 'e', 'f', 'name', 'order', 'The Name', 'ünï')
TABLES = ('t', 'u', 'v', 'users', 'My Table', 'group')
LITERALS = (
    'NULL', '0', '1', '2', '3', '-1', '7', '9223372036854775807',
    '-9223372036854775808', '9007199254740993', '0.5', '-0.0', '1e300', '1.0',
    '5e-324', '-1.5', '9e15', "''", "'a'", "'b'", "'A'", "'x''y\"z'",
    "'tab\there'", "'line\nend\r'", "'back\\slash \\N'", "'\u00e4\u4e2d\U0001f600'",
    "'12'", "'1e5'", "' 3 '", "'a' || char(0) || 'b'", "x''", "x'00ff10'",
    "x'61'", "CAST(x'ff80' AS TEXT)", "printf('%.300c', 'q')", 'zeroblob(300)')
ACTIONS = ('', ' ON DELETE CASCADE', ' ON DELETE SET NULL',
           ' ON UPDATE CASCADE', ' ON DELETE CASCADE ON UPDATE CASCADE',
           ' ON DELETE SET DEFAULT', ' DEFERRABLE INITIALLY DEFERRED')


class SqliteGenerator(Generator):
    def __init__(self, seed):
        super().__init__('sqlite', seed)
        self.db = None

    def literal(self):
        return self.pick(self.pool if self.chance(75) else LITERALS)

    # --- what is there ---

    def ask(self, sql, *args):
        return self.db.execute(sql, args).fetchall()

    def names(self, kind):
        return [name_of(r[0]) for r in self.ask(
            'SELECT name FROM sqlite_schema WHERE type = ? AND sql IS NOT '
            "NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
            kind)]

    def columns(self, table, generated=False):
        try:
            found = self.ask(f'PRAGMA table_xinfo({self.q(table)})')
        except sqlite3.OperationalError:  # a view of a table that is gone
            found = []
        return [name_of(r[1]) for r in found if generated or r[6] < 2]

    def key(self, table):
        found = sorted((r[5], name_of(r[1])) for r in self.ask(
            f'PRAGMA table_info({self.q(table)})') if r[5])
        return [c for _, c in found]

    def sql_of(self, kind, name):
        return name_of(self.ask('SELECT sql FROM sqlite_schema WHERE type = ? '
                                'AND name = ?', kind, name)[0][0])

    def q(self, name):
        return quote(name)

    def value_of(self, table, col):
        """A literal of what some row has."""
        got = self.ask(f'SELECT quote({self.q(col)}) FROM {self.q(table)} '
                       'ORDER BY 1')
        got = [r[0] for r in got if r[0] is not None]
        return self.pick(got).decode('utf-8', 'replace') \
            .replace('\0', '') if got else self.literal()

    def where(self, table):
        cols = self.columns(table)
        key = [c for c in self.key(table) if c in cols]
        col = self.pick(key if key and self.chance(60) else cols)
        kind = self.rnd.randrange(8)
        if kind < 5:
            return f'{self.q(col)} IS {self.value_of(table, col)}'
        if kind < 6:
            return f'{self.q(col)} > {self.value_of(table, col)}'
        if kind < 7:
            return f'{self.q(col)} IS NOT NULL'
        return f'{self.q(col)} IS NULL OR {self.q(col)} IS ' \
            f'{self.value_of(table, col)}'

    def expression(self, table, col):
        c = self.q(col)
        other = self.q(self.pick(self.columns(table)))
        return self.pick((
            self.literal(), self.literal(), self.value_of(table, col),
            f'{c} + 1', f"{c} || 'x'", 'NULL', other,
            f'upper({c})', f'CASE WHEN {c} IS NULL THEN {self.literal()} '
            f'ELSE {c} END', f'-{c}', f'CAST({c} AS TEXT)'))

    def assignments(self, table, key=False):
        cols = self.columns(table)
        plain = [c for c in cols if c not in self.key(table)] or cols
        chosen = self.rnd.sample(plain, min(len(plain),
                                            1 + self.rnd.randrange(2)))
        if key:
            chosen = [self.pick(self.key(table) or cols)]
        return ', '.join(f'{self.q(c)} = {self.expression(table, c)}'
                         for c in chosen)

    def values(self, table):
        """Columns and literals of a row."""
        cols = [c for c in self.columns(table) if self.chance(85)]
        cols = cols or self.columns(table)[:1]
        return (', '.join(map(self.q, cols)),
                ', '.join(self.value_of(table, c) if self.chance(25)
                          else self.literal() for c in cols), cols)

    # --- before ---

    def declaration(self, kind, names):
        out = [kind] if kind else []
        if self.chance(20):
            default = self.pick(('0', "'def'", '5', '1.5', "x'ab'", 'NULL',
                                 "(1 + 1)"))
            out.append(f'DEFAULT {default}')
        if self.chance(15):
            out.append('NOT NULL')
        if self.chance(12):
            out.append('UNIQUE')
        if self.chance(8):
            out.append('COLLATE NOCASE')
        if self.chance(10) and names:
            out.append(f"CHECK ({self.q(self.pick(names))} IS NOT 'zz')")
        return ' '.join(out)

    def make_table(self, name, others):
        key = self.pick(('ipk', 'ipk', 'auto', 'text', 'composite', 'without',
                         'without2', 'none', 'none'))
        cols, constraints, tail = [], [], ''
        names = self.rnd.sample(NAMES, 1 + self.rnd.randrange(5))
        if key == 'ipk':
            cols.append(('id', 'INTEGER PRIMARY KEY'))
        elif key == 'auto':
            cols.append(('id', 'INTEGER PRIMARY KEY AUTOINCREMENT'))
        elif key in ('text', 'without'):
            kind = self.pick(('TEXT', 'TEXT', 'INT', 'BLOB', 'REAL'))
            cols.append(('k', kind + ' PRIMARY KEY'))
        elif key in ('composite', 'without2'):
            cols += [('k', 'TEXT'), ('l', 'INT')]
            constraints.append('PRIMARY KEY (k, l)' if self.chance(70)
                               else 'PRIMARY KEY (l, k)')
        if key.startswith('without'):
            tail = ' WITHOUT ROWID'
        for i, n in enumerate(names):
            if others and self.chance(20):
                other = self.pick(others)
                to = [c[0] for c in other.columns
                      if 'PRIMARY KEY' in c[1] or 'UNIQUE' in c[1]]
                if to:
                    cols.append((n, self.pick(('INT', 'TEXT', '')) +
                                 f' REFERENCES {self.q(other.name)}'
                                 f'({self.q(to[0])}){self.pick(ACTIONS)}'))
                    continue
            if i and self.chance(8):
                of = self.q(names[0])
                cols.append((n, f"TEXT AS ({of} || '!') "
                             + self.pick(('STORED', 'VIRTUAL'))))
                continue
            cols.append((n, self.declaration(self.pick(TYPES), names[:i])))
        if key in ('none', 'ipk') and self.chance(50):
            self.rnd.shuffle(cols)
        if len(names) > 1 and self.chance(15):
            constraints.append(f'UNIQUE ({self.q(names[0])}, '
                               f'{self.q(names[1])})')
        if self.chance(10):
            constraints.append(f'CHECK (length({self.q(names[0])}) < 1000)')
        return Table(name, cols, constraints, tail)

    def attempt(self, sql):
        """Whether it works; what does not has left nothing."""
        try:
            self.db.execute('SAVEPOINT attempt')
            for one in split(sql):
                self.db.execute(one)
            self.db.execute('RELEASE attempt')
            return True
        except (sqlite3.Error, sqlite3.Warning):
            if self.db.in_transaction:
                self.db.execute('ROLLBACK TO attempt')
                self.db.execute('RELEASE attempt')
            else:
                self.replay()  # some errors undo all of it
            return False

    def replay(self):
        self.open()
        for sql in self.case.setup() + [s.sql for s in self.case.migration
                                        + self.case.later]:
            for one in split(sql):
                if one != 'VACUUM;':
                    self.db.execute(one)

    def open(self):
        if self.db:
            self.db.close()
        self.db = connect(':memory:', self.case.foreign_keys)
        self.db.execute('BEGIN')

    def add_rows(self, table):
        for _ in range(self.pick((0, 1, 2, 3, 4, 6, 9))):
            for _ in range(TRIES):
                cols = [c for c in self.columns(table.name)
                        if self.chance(85)]
                row = {c: self.literal() for c in cols}
                trial = Case('sqlite', 0)
                trial.rows = [[table.name, row]]
                if self.attempt(trial.setup()[0]):
                    self.case.rows.append([table.name, row])
                    break

    def index_sql(self):
        table = self.pick(self.names('table'))
        cols = self.columns(table, True)
        chosen = self.rnd.sample(cols, min(len(cols),
                                           1 + self.rnd.randrange(2)))
        keys = ', '.join(self.q(c) + self.pick(('', '', ' DESC',
                                                ' COLLATE NOCASE'))
                         for c in chosen)
        if self.chance(15):
            keys = f'length({self.q(chosen[0])})'
        tail = f' WHERE {self.q(chosen[0])} IS NOT NULL' \
            if self.chance(15) else ''
        unique = 'UNIQUE ' if self.chance(40) else ''
        return f'CREATE {unique}INDEX {self.fresh("ix")} ON ' \
            f'{self.q(table)} ({keys}){tail}'

    def view_sql(self):
        table = self.pick(self.names('table') + self.names('view'))
        cols = self.columns(table)
        what = '*' if self.chance(40) else self.q(self.pick(cols))
        return f'CREATE VIEW {self.fresh("vw")} AS SELECT {what} FROM ' \
            f'{self.q(table)}'

    def trigger_sql(self):
        tables = self.names('table')
        on, to = self.pick(tables), self.pick(tables)
        event = self.pick(('INSERT', 'UPDATE', 'DELETE'))
        row = 'old' if event == 'DELETE' else 'new'
        col = self.pick(self.columns(on))
        if self.chance(60):
            names, values, cols = self.values(to)
            values = ', '.join(f'{row}.{self.q(col)}' if self.chance(40)
                               else self.literal() for _ in cols)
            verb = self.pick(('INSERT', 'INSERT OR IGNORE',
                              'INSERT OR REPLACE'))
            body = f'{verb} INTO {self.q(to)} ({names}) VALUES ({values})'
        elif self.chance(60):
            body = f'UPDATE {self.q(to)} SET {self.assignments(to)}'
        else:
            body = f'DELETE FROM {self.q(to)} WHERE ' \
                f'{self.q(self.pick(self.columns(to)))} IS ' \
                f'{row}.{self.q(col)}'
        return f'CREATE TRIGGER {self.fresh("tr")} ' \
            f'{self.pick(("AFTER", "BEFORE"))} {event} ON {self.q(on)} ' \
            f'BEGIN {body}; END'

    def hang_on(self):
        return ((self.index_sql, 45), (self.index_sql, 20),
                (self.view_sql, 25), (self.trigger_sql, 25),
                (self.trigger_sql, 10))

    # --- the migration ---

    def dml(self, kind):
        t = self.pick(self.names('table'))
        q = self.q(t)
        if kind == 'update_all':
            return f'UPDATE {q} SET {self.assignments(t)}'
        if kind == 'update_some':
            return f'UPDATE {q} SET {self.assignments(t)} WHERE ' \
                f'{self.where(t)}'
        if kind == 'update_key':
            where = f' WHERE {self.where(t)}' if self.chance(70) else ''
            return f'UPDATE {q} SET {self.assignments(t, True)}{where}'
        if kind == 'update_or_replace':
            return f'UPDATE OR REPLACE {q} SET ' \
                f'{self.assignments(t, self.chance(50))}'
        if kind == 'delete_all':
            return f'DELETE FROM {q}'
        if kind == 'delete_some':
            return f'DELETE FROM {q} WHERE {self.where(t)}'
        names, values, cols = self.values(t)
        if kind == 'replace':
            return f'REPLACE INTO {q} ({names}) VALUES ({values})'
        if kind == 'upsert':
            return f'INSERT INTO {q} ({names}) VALUES ({values}) ' \
                f'ON CONFLICT DO UPDATE SET {self.assignments(t)}'
        if kind == 'insert_select':
            other = self.pick(self.names('table'))
            there = self.columns(other)
            return f'INSERT OR IGNORE INTO {q} ({names}) SELECT ' + ', '.join(
                self.q(self.pick(there)) if self.chance(80)
                else self.literal() for _ in cols) + f' FROM {self.q(other)}'
        return f'INSERT INTO {q} ({names}) VALUES ({values})'

    def ddl(self, kind):
        """SQL and effects"""
        t = self.pick(self.names('table'))
        q = self.q(t)
        col = self.pick(self.columns(t, True))
        if kind == 'drop_column':
            return f'ALTER TABLE {q} DROP COLUMN {self.q(col)}', \
                [('drop_column', t, col)]
        if kind == 'rename_column':
            new = self.pick(NAMES)
            return f'ALTER TABLE {q} RENAME COLUMN {self.q(col)} TO ' \
                f'{self.q(new)}', [('rename_column', t, col, new)]
        if kind == 'add_column':
            new = self.pick(NAMES)
            kinds = self.pick(TYPES)
            tail = self.pick(('', '', " DEFAULT 'd'", ' DEFAULT 7',
                              " NOT NULL DEFAULT ''",
                              f" AS ({self.q(col)} || '?')"))
            return f'ALTER TABLE {q} ADD COLUMN {self.q(new)} {kinds}' \
                f'{tail}', []
        if kind == 'rename_table':
            new = self.pick(TABLES)
            return f'ALTER TABLE {q} RENAME TO {self.q(new)}', \
                [('rename_table', t, new)]
        if kind == 'drop_table':
            return f'DROP TABLE {q}', [('drop_table', t)]
        if kind == 'create_table':
            made = self.make_table(self.pick(TABLES), [])
            return made.sql(), []
        if kind == 'create_as':
            return f'CREATE TABLE {self.q(self.pick(TABLES))} AS SELECT * ' \
                f'FROM {q}', []
        if kind == 'rebuild':
            return self.rebuild(t)
        if kind == 'create_index':
            return self.index_sql(), []
        if kind == 'create_view':
            return self.view_sql(), []
        if kind == 'create_trigger':
            return self.trigger_sql(), []
        what = kind.split('_')[1]
        name = self.pick(self.names(what))
        sql = f'DROP {what.upper()} {self.q(name)}'
        if self.chance(30):  # and as it was
            sql += ';\n' + self.sql_of(what, name)
        return sql, []

    def rebuild(self, t):
        """The twelve steps: other types, other constraints, fewer columns."""
        new = self.make_table(self.fresh('new_'), [])
        had = self.columns(t)
        new.columns = []
        effects = [('rebuild', t)]
        info = {name_of(r[1]): r for r in self.ask(
            f'PRAGMA table_info({self.q(t)})')}
        keys = self.key(t)
        for c in had:
            if self.chance(12) and c not in keys:
                effects.append(('drop_column', t, c))
                continue
            kind = name_of(info[c][2])
            decl = kind if self.chance(60) else self.pick(TYPES)
            if c in keys and len(keys) == 1:
                decl = kind + (' PRIMARY KEY' if self.chance(90) else '')
            elif self.chance(15):
                decl += " DEFAULT 'new'"
            new.columns.append((c, decl))
        if not new.columns:
            new.columns.append((had[0], 'TEXT'))
        kept = [c for c, _ in new.columns]
        if self.chance(25):
            new.columns.append((self.fresh('n'), 'INT DEFAULT 1'))
        if self.chance(20):
            self.rnd.shuffle(new.columns)
        new.constraints = ['PRIMARY KEY (' + ', '.join(map(self.q, keys))
                           + ')'] if len(keys) > 1 else []
        tail = ' WITHOUT ROWID' if 'WITHOUT ROWID' in \
            self.sql_of('table', t).upper() else ''
        new.tail = tail if self.chance(90) else ''
        cols = ', '.join(map(self.q, kept))
        where = f' WHERE {self.where(t)}' if self.chance(15) else ''
        again = [name_of(r[0]) for r in self.ask(
            "SELECT sql FROM sqlite_schema WHERE type IN ('index', 'trigger') "
            'AND tbl_name = ? AND sql IS NOT NULL ORDER BY rowid', t)]
        steps = [new.sql(), f'INSERT INTO {self.q(new.name)} ({cols}) SELECT '
                 f'{cols} FROM {self.q(t)}{where}', f'DROP TABLE {self.q(t)}',
                 f'ALTER TABLE {self.q(new.name)} RENAME TO {self.q(t)}']
        if self.chance(80):
            steps += again
        return ';\n'.join(steps), effects

    DML = ('update_all', 'update_all', 'update_some', 'update_some',
           'update_key', 'update_or_replace', 'delete_all', 'delete_some',
           'delete_some', 'replace', 'upsert', 'insert_select', 'insert')
    DDL = ('drop_column', 'drop_column', 'rename_column', 'add_column',
           'add_column', 'rename_table', 'drop_table', 'create_table',
           'create_as', 'rebuild', 'rebuild', 'create_index', 'create_view',
           'create_trigger', 'drop_index', 'drop_view', 'drop_trigger')
    LATER = ('update_some', 'update_some', 'update_all', 'update_key',
             'delete_some', 'insert', 'insert', 'replace', 'upsert', 'again',
             'vacuum')

    def again(self):
        """A freed key is given to somebody else."""
        t = self.pick([t for t in self.names('table') if self.key(t)])
        key = self.key(t)
        row = self.pick(self.ask(
            'SELECT ' + ', '.join(f'quote({self.q(c)})' for c in key)
            + f' FROM {self.q(t)}'))
        lits = [v.decode('utf-8', 'replace').replace('\0', '') for v in row]
        where = ' AND '.join(f'{self.q(c)} IS {v}'
                             for c, v in zip(key, lits))
        rest = [c for c in self.columns(t) if c not in key]
        names = ', '.join(map(self.q, key + rest))
        values = ', '.join(lits + [self.literal() for _ in rest])
        return f'DELETE FROM {self.q(t)} WHERE {where};\n' \
            f'INSERT INTO {self.q(t)} ({names}) VALUES ({values})'

    def run(self):
        self.options()
        self.pool = self.rnd.sample(LITERALS, 5) + ['1', "'a'"]
        self.open()
        self.before(TABLES)
        self.migration()
        self.later()
        self.db.close()
        return self.case


def generate(seed):
    return SqliteGenerator(seed).run()
