"""Random base schemas, and pairs of migrations written side by side on them.

make(dialect, seed) gives a Case. At least half of the pairs share a table.
Not each migration runs on its base: the judge finds out, and asks for
another.
"""

import copy

from verdict_ddl import Ddl
from verdict_dml import Dml
from verdict_lite import Lite
from verdict_lite_rows import LiteRows
from verdict_lite_seed import LiteSeed
from verdict_model import Maker
from verdict_pg import PRIVILEGES, ROLES, Pg
from verdict_pg_kinds import IN_BASE, PG
from verdict_pg_more import PgMore
from verdict_pg_tables import PgTables
from verdict_pg_types import PgTypes

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
    ('create_trigger_sqlite', 4), ('drop_trigger_sqlite', 3), ('rebuild', 5),
    ('create_autoincrement', 2), ('create_without_rowid', 3),
    ('create_strict', 2), ('create_child_table', 3), ('create_generated', 3),
    ('create_soft', 2), ('add_generated_column_sqlite', 3),
    ('add_reference', 3), ('add_checked_column', 3),
    ('rename_used_column', 4), ('rename_used_table', 3),
    ('drop_used_table', 3), ('create_partial_index', 3),
    ('create_unique_partial_index', 3),
    ('create_unique_expression_index', 10), ('create_view_join', 3),
    ('create_view_counting', 2), ('create_view_on_view', 4),
    ('create_trigger_raise', 3), ('create_trigger_own', 3),
    ('create_trigger_log', 4), ('create_trigger_of', 3),
    ('create_trigger_view', 4), ('create_trigger_search', 7),
    ('create_fts', 3), ('create_rtree', 2), ('drop_virtual', 4),
    ('rename_virtual', 5), ('insert_virtual', 5), ('update_virtual', 4),
    ('delete_virtual', 5), ('fill_virtual', 5), ('set_user_version', 2),
    ('insert_or_ignore', 3), ('insert_or_replace', 3),
    ('insert_or_other', 6), ('insert_many', 3), ('insert_view', 25),
    ('update_key', 5), ('update_or', 3), ('update_from_other', 3),
    ('update_from_key', 3), ('update_row', 3), ('update_cte', 4),
    ('delete_cte', 3), ('insert_cte', 3), ('delete_in', 3),
    ('delete_limited', 2))
LITE_WRITES = (
    'insert_virtual', 'update_virtual', 'delete_virtual', 'fill_virtual',
    'insert_or_ignore', 'insert_or_replace', 'insert_or_other',
    'insert_many', 'insert_view', 'update_key', 'update_or',
    'update_from_other', 'update_from_key', 'update_row', 'update_cte', 'delete_cte',
    'insert_cte', 'delete_in', 'delete_limited')
LITE_BY_ROWS = (
    'create_unique_partial_index', 'create_unique_expression_index',
    'create_trigger_raise', 'create_trigger_own', 'create_trigger_log',
    'create_trigger_of', 'create_trigger_view', 'create_trigger_search',
    'add_reference', 'add_checked_column', 'add_generated_column_sqlite',
    'drop_used_table')
PG_WRITES = (
    'call_procedure', 'merge', 'delete_using', 'move_rows', 'insert_rows',
    'insert_defaults', 'write_view', 'truncate_more', 'do_loop', 'do_if',
    'do_execute')
PG_BY_ROWS = (
    'alter_domain', 'add_domain_column', 'refresh_matview', 'create_partition',
    'attach_partition', 'detach_partition', 'no_inherit', 'create_rule',
    'drop_rule', 'create_before_trigger', 'validate_constraint',
    'defer_constraint', 'add_exclude', 'key_of_index', 'change_identity',
    'drop_cascade', 'drop_column_cascade', 'default_of_function',
    'add_column_soft')
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
    'add_column', 'drop_table') + LITE_WRITES + LITE_BY_ROWS + PG_WRITES +
    PG_BY_ROWS)
WRITES = frozenset((
    'insert', 'insert_expression', 'insert_select', 'update',
    'update_expression', 'update_from', 'delete', 'upsert', 'truncate',
    'do_block', 'rebuild') + LITE_WRITES + PG_WRITES)

FAR = ['CREATE FOREIGN DATA WRAPPER verdict_wrapper',
       'CREATE SERVER verdict_far FOREIGN DATA WRAPPER verdict_wrapper']


def script(statements):
    return ''.join(f'{s};\n' for s in statements)


class Side:
    def __init__(self):
        self.statements = []
        self.kinds = []
        self.touched = set()
        self.hints = []
        self.drawn = []

    def sql(self):
        return script(self.statements)

    def near(self, other):
        """What happens may depend on rows that both reach."""
        mine, theirs = set(self.kinds), set(other.kinds)
        return bool(self.touched & other.touched and
                    mine & BY_ROWS and theirs & BY_ROWS and
                    (mine | theirs) & WRITES)


class Generator(Maker, Ddl, Dml, Pg, PgMore, PgTables, PgTypes, Lite, LiteRows,
                LiteSeed):
    def many(self, least, most, fn, *args):
        return [fn(*args) for _ in range(self.rnd.randint(least, most))]

    # --- the base ---

    def base(self):
        out = []
        if self.pg:
            out += [f'CREATE ROLE {r}' for r in ROLES]
            out += FAR
            out += self.many(0, 2, self.create_enum)
            out += self.many(0, 1, self.create_domain)
        for _ in range(self.rnd.randint(2, 4)):
            out.append(self.create_partitioned() if self.pg and
                       self.chance(18) else self.create_table())
        out += [] if self.pg else self.lite_base()
        head, out = out, []
        self.early = list(self.schema.tables)
        rows = self.data(5, self.early)
        out += self.many(1, 3, self.create_index)
        out += self.many(0, 1, self.create_view)
        if self.chance(40):
            out += self.many(0, 1, self.create_trigger_pg if self.pg
                             else self.create_trigger_sqlite)
        out += [] if self.pg else self.lite_parts()
        if self.pg:
            out += self.many(0, 2, self.create_function)
            out += self.many(0, 1, self.create_sequence)
            out += [sql for kind, often in IN_BASE if self.chance(often)
                    for sql in (getattr(self, kind)(),) if sql]
            out += [f'GRANT {self.pick(PRIVILEGES)} ON {t} TO {ROLES[0]}'
                    for t in self.schema.tables if self.chance(30)]
        return script(head), rows, script(out)

    def rows_of(self, t, most, *sides):
        """Few values: conditions meet, and rows are alike."""
        out, t.rows = [], []
        near = self.pick((20, 50, 85)) if sides else 0
        given = [c.name for c in t.columns if not c.made]
        for i in range(self.how_many(t, most, sides)):
            row = {c.name: self.seeded(t, c, i) for c in t.columns}
            for side in sides:
                self.overlay(t, row, side, str(i + 1), near)
            t.rows.append({n: v for n, v in row.items() if v != 'NULL'})
            out.append('(' + ', '.join(row[n] for n in given) + ')')
        if not out:
            return []
        sql = [f"INSERT INTO {t.name} ({', '.join(given)}) VALUES "
               f"{', '.join(out)}"]
        return sql + self.number_asked(t, len(out), sides)

    def number_asked(self, t, n, sides):
        """Rows that are gone had numbers: the next may be one that a side
        gives by itself."""
        asked = [int(v) for v in self.asked(t, sides) if int(v) > n + 1]
        if not (self.pg and asked and self.chance(40)):
            return []
        key = next(c.name for c in t.columns if c.made)
        return [f"SELECT setval(pg_get_serial_sequence('{t.name}', '{key}'), "
                f'{self.pick(asked) - 1})']

    def asked(self, t, sides):
        return [values[c.name] for s in sides for name, values in s.hints
                if name == t.name for c in t.columns
                if c.made in ('serial', 'identity', 'rowid', 'count') and
                values.get(c.name, '').isdigit()]

    def how_many(self, t, most, sides):
        """The next key is now and then one that a side asks for."""
        asked = [int(v) - 1 for v in self.asked(t, sides)]
        if asked and self.chance(50):
            return min(8, max(0, self.pick(asked)))
        return self.rnd.randint(0 if sides else 3, most)

    def overlay(self, t, row, side, number, often=80):
        """Now and then a row that this side looks for, or makes."""
        made = [c.name for c in t.columns if c.made]
        near = [values for name, values in side.hints if name == t.name and
                all(values.get(c, number) == number for c in made)]
        if not near or not self.chance(often):
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

    def data(self, most, names, *sides):
        """Rows for these tables."""
        return script([s for name in names
                       for s in self.rows_of(self.schema.tables[name], most,
                                             *sides)] + self.virtual_rows())

    def data_for(self, *sides):
        """Other rows than those that values were taken from."""
        kept = {t.name: t.rows for t in self.schema.tables.values()}
        rows, late = script(self.lite_data(*sides)) if not self.pg else \
            self.data(6, self.early, *sides), ''
        if self.pg:
            late = self.data(6, [n for n in kept if n not in self.early],
                             *sides)
        for t in self.schema.tables.values():
            t.rows = kept[t.name]
        return rows, late

    # --- a migration ---

    def side(self):
        side, kinds = Side(), PG if self.pg else SQLITE
        names = [k for k, _ in kinds]
        weights = [w for _, w in kinds]
        before, self.touched = copy.deepcopy(self.schema), set()
        self.hints, self.drawn = side.hints, side.drawn
        wanted = 1 + self.chance(50 if self.pg else 40) + \
            self.chance(40 if self.pg else 15)
        while len(side.statements) < wanted:
            kind = self.rnd.choices(names, weights)[0]
            sql = getattr(self, kind)()
            if sql:
                side.statements.append(sql)
                side.kinds.append(kind)
        known = set(before.tables) | set(before.virtuals)
        side.touched, self.schema = self.touched & known, before
        return side


class Case:
    """A base, and as many migrations on it as are asked for."""

    def __init__(self, dialect, seed):
        self.maker = Generator(dialect, seed)
        self.dialect = dialect
        self.seed = seed
        self.parts = self.maker.base()
        self.base = ''.join(self.parts)
        if self.maker.chance(92 if self.maker.pg else 70):
            self.maker.focus = self.maker.pick(self.maker.schema.tables)

    def base_for(self, a, b):
        """The base with other rows: such as both look for, or make."""
        rows, late = self.maker.data_for(a, b)
        return self.parts[0] + rows + self.parts[2] + late

    def side(self):
        return self.maker.side()

    def twin(self, side):
        """Now and then both sides do the same."""
        return copy.deepcopy(side) if self.maker.chance(2) else None
