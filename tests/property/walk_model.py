"""What a database should hold while it follows branches, told by events.

A migration is made of steps; each knows its SQL and what becomes of rows when
it is applied and taken back. Rows of a table are {id: {column: value}}.
"""

import copy


class Step:
    def fits(self, world):
        return True


class NewTable(Step):
    def __init__(self, table):
        self.table = table
        self.extra = []

    def sql(self):
        more = ''.join(f', {c} TEXT' for c in self.extra)
        return (f'CREATE TABLE {self.table} (id INTEGER PRIMARY KEY, v TEXT, '
                f'item INTEGER{more});\n'
                f"INSERT INTO {self.table} (id, v, item) "
                f"VALUES (1, 'seed', 1);")

    def apply(self, world, parked):
        columns = ['v', 'item'] + self.extra
        rows = {1: dict.fromkeys(columns)}
        rows[1].update(v='seed', item=1)
        for key, row in (parked or {}).items():
            rows[key] = {c: row.get(c) for c in columns}
        world[self.table] = rows

    def undo(self, world):
        return world.pop(self.table)


class AddColumn(Step):
    def __init__(self, table, column, filled):
        self.table, self.column, self.filled = table, column, filled

    def fits(self, world):
        return self.table in world

    def sql(self):
        out = f'ALTER TABLE {self.table} ADD COLUMN {self.column} TEXT;'
        if self.filled:
            out += (f"\nUPDATE {self.table} SET {self.column} = "
                    f"'d' || CAST(id AS TEXT);")
        return out

    def apply(self, world, parked):
        for key, row in world[self.table].items():
            row[self.column] = f'd{key}' if self.filled else None
            if parked and key in parked:
                row[self.column] = parked[key]

    def undo(self, world):
        return {key: row.pop(self.column)
                for key, row in world[self.table].items()}


class DropColumn(Step):
    def __init__(self, table, column):
        self.table, self.column = table, column
        self.kept = {}

    def fits(self, world):
        return self.column in next(iter(world[self.table].values()))

    def sql(self):
        return f'ALTER TABLE {self.table} DROP COLUMN {self.column};'

    def apply(self, world, parked):
        self.kept = {key: row.pop(self.column)
                     for key, row in world[self.table].items()}

    def undo(self, world):
        for key, row in world[self.table].items():
            row[self.column] = self.kept.get(key)


class Loosen(DropColumn):
    """needs.must goes, without which no row can be there once it is back:
    rows of meanwhile are set aside, and so are kids that refer to them."""

    def __init__(self):
        super().__init__('needs', 'must')

    def apply(self, world, parked):
        super().apply(world, parked)
        for table, rows in (parked or {}).items():
            world[table].update(rows)

    def undo(self, world):
        needs, kids = world['needs'], world['kids']
        gone = {k: needs.pop(k) for k in list(needs) if k not in self.kept}
        lost = {k: kids.pop(k) for k in list(kids)
                if kids[k]['need'] in gone}
        super().undo(world)
        return {'needs': gone, 'kids': lost}


class DropTable(Step):
    def __init__(self, table):
        self.table = table
        self.kept = {}

    def fits(self, world):
        return self.table in world

    def sql(self):
        return f'DROP TABLE {self.table};'

    def apply(self, world, parked):
        self.kept = world.pop(self.table)

    def undo(self, world):
        world[self.table] = self.kept


class Rename(Step):
    def __init__(self, table, column, to):
        self.table, self.column, self.to = table, column, to

    def fits(self, world):
        return self.column in next(iter(world[self.table].values()))

    def sql(self):
        return (f'ALTER TABLE {self.table} RENAME COLUMN {self.column} '
                f'TO {self.to};')

    def apply(self, world, parked):
        for row in world[self.table].values():
            row[self.to] = row.pop(self.column)

    def undo(self, world):
        for row in world[self.table].values():
            row[self.column] = row.pop(self.to)


class Raise(Step):
    """Rows that the migration writes: items.n, which nobody else does."""

    def __init__(self, rest):
        self.rest = rest
        self.ids = set()

    def sql(self):
        return f'UPDATE items SET n = n + 100 WHERE id % 4 = {self.rest};'

    def apply(self, world, parked):
        self.ids = {k for k in world['items'] if k % 4 == self.rest}
        for key in self.ids:
            world['items'][key]['n'] += 100

    def undo(self, world):
        for key in self.ids & set(world['items']):
            world['items'][key]['n'] -= 100


class Index(Step):
    def __init__(self, name):
        self.name = name

    def sql(self):
        return f'CREATE INDEX {self.name} ON items (n);'

    def apply(self, world, parked):
        pass

    def undo(self, world):
        pass


class Database:
    """The rows, and what each migration was when it was applied."""

    def __init__(self, world):
        self.world = world
        self.applied = {}  # name -> steps
        self.parked = {}   # the same -> [what each step has set aside]
        self.same = {}     # name -> another that it goes by

    def known_as(self, name):
        while name in self.same:
            name = self.same[name]
        return name

    def rename(self, name, before):
        """A file of the same text: one migration, with one past."""
        if before in self.applied:
            self.applied[name] = self.applied.pop(before)
        a, b = self.known_as(name), self.known_as(before)
        if a == b:
            return
        self.same[a] = b
        self.parked.pop(a, None)

    def event(self, event, name, steps):
        if event == 'apply':
            old = self.parked.get(self.known_as(name))
            mine = copy.deepcopy(steps)
            for i, step in enumerate(mine):
                step.apply(self.world,
                           old[i] if old and i < len(old) else None)
            self.applied[name] = mine
        elif event == 'rollback':
            mine = self.applied.pop(name)
            aside = [step.undo(self.world) for step in reversed(mine)]
            self.parked[self.known_as(name)] = aside[::-1]
