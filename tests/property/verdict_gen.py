"""Random base schemas, and pairs of migrations written side by side on them.

make(dialect, seed) gives a Case. At least half of the pairs share a table.
Not each migration runs on its base: the judge finds out, and asks for
another.
"""

import copy

from verdict_ddl import Ddl
from verdict_dml import Dml
from verdict_model import Maker
from verdict_pg import PRIVILEGES, ROLES, Pg
from verdict_pg_more import PgMore

# statement and how often; what is common in real migrations is so here
BOTH = (
    ('create_table', 8), ('create_table_as', 2), ('drop_table', 3),
    ('rename_table', 2), ('add_column', 12), ('drop_column', 5),
    ('rename_column', 4), ('create_index', 8), ('create_unique_index', 3),
    ('create_expression_index', 3), ('drop_index', 4), ('create_view', 5),
    ('drop_view', 3), ('insert', 7), ('insert_expression', 2),
    ('insert_select', 3), ('update', 6), ('update_expression', 4),
    ('delete', 4), ('upsert', 2))
SQLITE = BOTH + (
    ('create_trigger_sqlite', 4), ('drop_trigger_sqlite', 3), ('rebuild', 5))
PG = BOTH + (
    ('set_default', 5), ('set_not_null', 4), ('retype', 4), ('add_check', 4),
    ('add_unique', 3), ('add_fk', 4), ('drop_constraint', 4),
    ('rename_constraint', 2), ('rename_index', 2), ('replace_view', 3),
    ('create_function', 4), ('replace_function', 3), ('drop_function', 2),
    ('create_trigger_pg', 3), ('replace_trigger_function', 2),
    ('drop_trigger_pg', 2), ('create_enum', 2), ('add_label', 3),
    ('rename_label', 2), ('create_sequence', 2), ('alter_sequence', 2),
    ('drop_sequence', 2), ('comment', 4), ('grant', 4), ('revoke', 2),
    ('truncate', 1), ('create_matview', 2), ('add_generated_column', 2),
    ('add_identity_column', 1), ('do_block', 2), ('create_policy', 2),
    ('row_security', 1), ('disable_trigger', 1), ('column_option', 1),
    ('default_of_sequence', 2), ('set_value', 1), ('cast_column', 2),
    ('update_from', 2))



# what these do, or whether they run, depends on the rows
BY_ROWS = frozenset((
    'insert', 'insert_expression', 'insert_select', 'update',
    'update_expression', 'update_from', 'delete', 'upsert', 'truncate',
    'do_block', 'create_table_as', 'create_matview', 'create_unique_index',
    'create_trigger_sqlite', 'create_trigger_pg', 'drop_trigger_sqlite',
    'drop_trigger_pg', 'replace_trigger_function', 'disable_trigger',
    'rebuild', 'add_check', 'add_unique', 'add_fk', 'drop_constraint',
    'set_not_null', 'set_default', 'retype', 'cast_column',
    'default_of_sequence', 'add_generated_column', 'add_identity_column',
    'add_column', 'drop_table'))
WRITES = frozenset((
    'insert', 'insert_expression', 'insert_select', 'update',
    'update_expression', 'update_from', 'delete', 'upsert', 'truncate',
    'do_block', 'rebuild'))


def script(statements):
    return ''.join(f'{s};\n' for s in statements)


class Side:
    def __init__(self):
        self.statements = []
        self.kinds = []
        self.touched = set()
        self.hints = []

    def sql(self):
        return script(self.statements)

    def near(self, other):
        """What happens may depend on rows that both reach."""
        mine, theirs = set(self.kinds), set(other.kinds)
        return bool(self.touched & other.touched and
                    mine & BY_ROWS and theirs & BY_ROWS and
                    (mine | theirs) & WRITES)


class Generator(Maker, Ddl, Dml, Pg, PgMore):
    def many(self, least, most, fn, *args):
        return [fn(*args) for _ in range(self.rnd.randint(least, most))]

    # --- the base ---

    def base(self):
        out = []
        if self.pg:
            out += [f'CREATE ROLE {r}' for r in ROLES]
            out += self.many(0, 2, self.create_enum)
        for _ in range(self.rnd.randint(2, 4)):
            out.append(self.create_table())
        head, out = out, []
        rows = self.data(5)
        out += self.many(1, 3, self.create_index)
        out += self.many(0, 1, self.create_view)
        if self.chance(40):
            out += self.many(0, 1, self.create_trigger_pg if self.pg
                             else self.create_trigger_sqlite)
        if self.pg:
            out += self.many(0, 2, self.create_function)
            out += self.many(0, 1, self.create_sequence)
            out += [f'GRANT {self.pick(PRIVILEGES)} ON {t} TO {ROLES[0]}'
                    for t in self.schema.tables if self.chance(30)]
        return script(head), rows, script(out)

    def rows_of(self, t, most, *sides):
        """Few values: conditions meet, and rows are alike."""
        out, t.rows = [], []
        given = [c.name for c in t.columns if not c.made]
        for i in range(self.how_many(t, most, sides)):
            row = {c.name: self.seeded(t, c, i) for c in t.columns}
            for side in sides:
                self.overlay(t, row, side, str(i + 1))
            t.rows.append({n: v for n, v in row.items() if v != 'NULL'})
            out.append('(' + ', '.join(row[n] for n in given) + ')')
        if not out:
            return []
        return [f"INSERT INTO {t.name} ({', '.join(given)}) VALUES "
                f"{', '.join(out)}"]

    def how_many(self, t, most, sides):
        """The next key is now and then one that a side asks for."""
        asked = [int(values[c.name]) - 1 for s in sides
                 for name, values in s.hints if name == t.name
                 for c in t.columns if c.made and c.name in values]
        if asked and self.chance(50):
            return min(8, max(0, self.pick(asked)))
        return self.rnd.randint(0 if sides else 3, most)

    def overlay(self, t, row, side, number):
        """Now and then a row that this side looks for, or makes."""
        made = [c.name for c in t.columns if c.made]
        near = [values for name, values in side.hints if name == t.name and
                all(values.get(c, number) == number for c in made)]
        if not near or self.chance(20):
            return
        for name, value in self.pick(near).items():
            if name not in row or self.chance(10):
                continue
            c = t.column(name)
            if not (c.key or c.unique or c.made) and \
                    self.has_parent(t, name, value):
                row[name] = value

    def has_parent(self, t, name, value):
        for kind, on, rest in t.constraints.values():
            if kind == 'fk' and name in on:
                parent = self.schema.tables[rest]
                key = parent.columns[0].name
                return any(r.get(key) == value for r in parent.rows)
        return True

    def seeded(self, t, c, i):
        parents = [rest for kind, on, rest in t.constraints.values()
                   if kind == 'fk' and c.name in on]
        if c.made or (c.key or c.unique) and c.kind != 'text':
            return str(i + 1)
        if c.key or c.unique:
            return f"'k{i + 1}'"
        if parents:
            return self.parent_key(parents[0])
        if not c.notnull and self.chance(10):
            return 'NULL'
        return self.literal(c.kind)

    def data(self, most, *sides):
        """Rows for all tables."""
        return script(s for t in self.schema.tables.values()
                      for s in self.rows_of(t, most, *sides))

    def data_for(self, *sides):
        """Other rows than those that values were taken from."""
        kept = {t.name: t.rows for t in self.schema.tables.values()}
        rows = self.data(6, *sides)
        for t in self.schema.tables.values():
            t.rows = kept[t.name]
        return rows

    # --- a migration ---

    def side(self):
        side, kinds = Side(), PG if self.pg else SQLITE
        names = [k for k, _ in kinds]
        weights = [w for _, w in kinds]
        before, self.touched = copy.deepcopy(self.schema), set()
        self.hints = side.hints
        wanted = 1 + self.chance(40) + self.chance(15)
        while len(side.statements) < wanted:
            kind = self.rnd.choices(names, weights)[0]
            sql = getattr(self, kind)()
            if sql:
                side.statements.append(sql)
                side.kinds.append(kind)
        side.touched, self.schema = self.touched & set(before.tables), before
        return side


class Case:
    """A base, and as many migrations on it as are asked for."""

    def __init__(self, dialect, seed):
        self.maker = Generator(dialect, seed)
        self.dialect = dialect
        self.seed = seed
        self.parts = self.maker.base()
        self.base = ''.join(self.parts)
        if self.maker.chance(70):
            self.maker.focus = self.maker.pick(self.maker.schema.tables)

    def base_for(self, a, b):
        """The base with other rows: such as both look for, or make."""
        return self.parts[0] + self.maker.data_for(a, b) + self.parts[2]

    def side(self):
        return self.maker.side()

    def twin(self, side):
        """Now and then both sides do the same."""
        return copy.deepcopy(side) if self.maker.chance(2) else None
