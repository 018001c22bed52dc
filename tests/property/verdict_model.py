"""A schema as the generator of pairs sees it, and names and values for it.

Nothing here looks into SQL: each statement is made together with the change
of the model that it means.
"""

import random
import re

COMMON = ('note', 'state', 'score', 'label', 'kind', 'rank')
WORDS = ('amber', 'birch', 'cedar', 'delta', 'ember', 'fjord', 'grove',
         'heath', 'inlet', 'jetty', 'knoll', 'larch', 'maple', 'north',
         'ocean', 'pearl', 'quartz', 'ridge', 'stone', 'tulip')
TEXTS = ('red', 'green', 'blue', 'old', 'new')
SQLITE_TYPES = {'int': 'INTEGER', 'text': 'TEXT', 'num': 'NUMERIC'}
PG_TYPES = {'int': 'integer', 'big': 'bigint', 'text': 'text',
            'short': 'varchar(20)', 'num': 'numeric(8,2)', 'bool': 'boolean',
            'day': 'date'}

CONSTANT = re.compile(r"(-?[0-9.]+|'[^']*'|true|false)$")


class Column:
    def __init__(self, name, kind, notnull=False, default=None):
        self.name = name
        self.kind = kind  # a key of the types, or 'enum <name>'
        self.notnull = notnull
        self.default = default
        self.unique = False
        self.key = False       # the primary key, or a part of it
        self.fresh = False     # added by the migration in hand
        self.made = ''         # serial, identity, rowid: values come alone
        self.words = ''        # of a computed one: its definition


class Table:
    def __init__(self, name):
        self.name = name
        self.columns = []
        self.constraints = {}  # name -> (kind, columns, rest)
        self.indexes = {}      # name -> columns
        self.triggers = {}     # name -> function or None
        self.rows = []         # of the base: {column: literal}
        self.rebuildable = True
        self.tail = ''
        self.module = ''       # of a virtual one
        self.bound = set()     # columns that computed ones read
        self.policies = []
        self.rules = []
        self.parts = None      # of a partitioned one: name -> bounds
        self.like = None       # the table that it is a copy of
        self.heir_of = None

    def column(self, name):
        return next(c for c in self.columns if c.name == name)

    def names(self):
        return [c.name for c in self.columns]

    def plain(self):
        """Columns that are neither a key nor made by the database."""
        return [c for c in self.columns if not c.key and not c.made]

    def loose(self):
        """Plain ones that nothing else is on."""
        held = {c for _, cols, _ in self.constraints.values() for c in cols}
        held |= {c for cols in self.indexes.values() for c in cols}
        return [c for c in self.plain() if not c.unique and
                c.name not in held | self.bound]


class View:
    def __init__(self, name, table, columns, star):
        self.name = name
        self.table = table
        self.columns = columns
        self.star = star


class Schema:
    def __init__(self):
        self.tables = {}
        self.views = {}
        self.functions = {}  # name -> 'plain', 'trigger', 'used'
        self.enums = {}      # name -> labels
        self.sequences = []
        self.domains = {}    # name -> kind, checks
        self.composites = {} # name -> attributes
        self.schemas = []
        self.roles = []
        self.statistics = []
        self.publications = []
        self.matviews = {}   # name -> table
        self.virtuals = {}   # SQLite: of a module


class Maker:
    """Draws; knows the dialect and the schema as it is now."""

    def __init__(self, dialect, seed):
        self.dialect = dialect
        self.pg = dialect == 'postgresql'
        self.rnd = random.Random(f'{dialect} {seed}')
        self.schema = Schema()
        self.focus = None    # name of a table to prefer
        self.touched = set()
        self.fk_actions = {}
        self.hints = []      # (table, {column: literal}): rows that matter
        self.drawn = []      # (kind, constant): what statements name

    def hint(self, t, values):
        """Rows like this one show what a statement does."""
        self.hints.append((t.name, {c: v for c, v in values.items()
                                    if CONSTANT.match(v)}))

    def chance(self, percent):
        return self.rnd.randrange(100) < percent

    def pick(self, items):
        return self.rnd.choice(list(items))

    def some(self, items, most=3):
        items = list(items)
        return self.rnd.sample(items, self.rnd.randint(
            1, min(most, len(items))))

    # --- names ---

    def fresh(self, taken, prefix=''):
        """A name that is free here; now and then one that the other side may
        think of as well."""
        while True:
            if self.chance(15):
                name = prefix + self.pick(COMMON)
            else:
                name = f'{prefix}{self.pick(WORDS)}' \
                    f'{self.rnd.randrange(1000)}'
            if name not in taken:
                return name

    def relations(self):
        s = self.schema
        names = set(s.tables) | set(s.views) | set(s.sequences) | \
            set(s.matviews) | set(s.virtuals)
        for t in s.tables.values():
            names |= set(t.indexes) | set(t.constraints) | set(t.parts or ())
        return names

    # --- values ---

    def types(self):
        return PG_TYPES if self.pg else SQLITE_TYPES

    def type_of(self, kind):
        if ' ' in kind:
            return kind.split()[1]
        return self.types()[kind]

    def literal(self, kind, wide=False):
        """A constant; wide: rarely the same twice."""
        value = self.constant(kind, wide)
        self.drawn.append((kind, value))
        return value

    def constant(self, kind, wide):
        top = 900 if wide else 4
        n = self.rnd.randrange(1, top)
        if kind in ('int', 'big'):
            return str(n + 100 if wide else n)
        if kind == 'num':
            return f'{n}.5'
        if kind == 'bool':
            return self.pick(('true', 'false'))
        if kind == 'day':
            return f"'20{self.rnd.randrange(10, 30)}-0{n % 9 + 1}-11'" \
                if wide else f"'2024-01-0{n}'"
        if kind.startswith('domain '):
            of = self.schema.domains.get(kind[7:])
            return self.literal(of[0], wide) if of else 'NULL'
        if kind.startswith('enum '):
            labels = self.schema.enums.get(kind[5:])
            return f"'{self.pick(labels)}'" if labels else 'NULL'
        word = self.pick(WORDS) + str(n) if wide else self.pick(TEXTS)
        return f"'{word}'"

    def value(self, table, column):
        """A literal that some row of the base has, mostly."""
        have = [r[column.name] for r in table.rows if column.name in r]
        if have and self.chance(85):
            value = self.pick(have)
            self.drawn.append((column.kind, value))
            return value
        if (column.key or column.unique) and column.kind == 'text':
            value = f"'k{self.rnd.randint(1, 5)}'"
            self.drawn.append((column.kind, value))
            return value
        return self.literal(column.kind)

    # --- tables ---

    def table(self, want=lambda t: True):
        """The focus, mostly; None where no table will do."""
        s = self.schema
        fit = [t for t in s.tables.values() if want(t)]
        if not fit:
            return None
        near = [t for t in fit if t.name == self.focus]
        t = near[0] if near and self.chance(88 if self.pg else 80) else \
            self.pick(fit)
        self.touched.add(t.name)
        return t

    def used(self, table, column=None):
        """By a view, which then stands in the way."""
        return table.name in self.schema.matviews.values() or any(
            v.table == table.name and
            (column is None or v.star or column in v.columns)
            for v in self.schema.views.values())

    def referred(self, table):
        return [(t.name, n) for t in self.schema.tables.values()
                for n, (kind, _, rest) in t.constraints.items()
                if kind == 'fk' and rest == table.name]
