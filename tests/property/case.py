"""One case: what is there before, a migration, and what is written later.

All of it are lists of small items, so that a case shrinks by leaving items
out. SQL is text; values in rows are SQL literals.
"""

import json


class Failure(Exception):
    """A property does not hold. `law` names it: shrinking keeps the law."""

    def __init__(self, law, text):
        super().__init__(f'{law}: {text}')
        self.law = law


class Invalid(Exception):
    """The case itself makes no sense: its own SQL fails."""


def quote(name):
    if name.isascii() and name.replace('_', 'a').isalnum() and \
            name.islower() and not name[0].isdigit() and \
            name not in ('select', 'order', 'group', 'table'):
        return name
    return '"' + name.replace('"', '""') + '"'


class Table:
    """A table as it is made: columns can be left out when it shrinks."""

    def __init__(self, name, columns, constraints=(), tail=''):
        self.name = name
        self.columns = [list(c) for c in columns]  # name, declaration
        self.constraints = list(constraints)
        self.tail = tail

    def sql(self):
        parts = [f'{quote(n)} {d}'.rstrip() for n, d in self.columns]
        parts += self.constraints
        return f'CREATE TABLE {quote(self.name)} ({", ".join(parts)})' \
            f'{self.tail}'


class Statement:
    """One statement, or several that belong together.

    kind: what is counted in the distribution
    effects: ('rename_table', old, new), ('rename_column', table, old, new),
    ('drop_table', name), ('drop_column', table, name): how names are followed
    """

    def __init__(self, kind, sql, effects=()):
        self.kind = kind
        self.sql = sql
        self.effects = [tuple(e) for e in effects]


class Case:
    def __init__(self, dialect, seed):
        self.dialect = dialect
        self.seed = seed
        self.prove = False
        self.store = 'clone'
        self.foreign_keys = False
        self.prelude = []    # SQL: types, functions
        self.tables = []     # Table
        self.rows = []       # [table, {column: literal}]
        self.extra = []      # SQL: indexes, views, triggers
        self.migration = []  # Statement
        self.later = []      # Statement

    def setup(self):
        out = list(self.prelude) + [t.sql() for t in self.tables]
        for table, row in self.rows:
            names = ', '.join(quote(n) for n in row)
            values = ', '.join(row.values())
            out.append(f'INSERT INTO {quote(table)} ({names}) '
                       f'VALUES ({values})' if row else
                       f'INSERT INTO {quote(table)} DEFAULT VALUES')
        return out + self.extra

    def migration_sql(self):
        return ''.join(s.sql + ';\n' for s in self.migration)

    def text(self):
        def block(title, statements):
            return [f'-- {title}'] + [s + ';' for s in statements]

        options = [o for o, on in (
            ('apply --prove', self.prove),
            ('snapshotStore = database', self.store == 'database'),
            ('foreignKeys = true', self.foreign_keys)) if on]
        lines = [f'-- {self.dialect}, seed {self.seed}'
                 + ''.join(', ' + o for o in options)]
        lines += block('before', self.setup())
        lines += block('migration', [s.sql for s in self.migration])
        lines += block('later', [s.sql for s in self.later])
        return '\n'.join(lines)


def show(value):
    """A value as the model has it, readable."""
    return json.dumps(value, default=repr, ensure_ascii=True)
