"""Statements that SQLite alone has, on its schema."""

from verdict_model import Column, Table, View

DELETES = (' ON DELETE CASCADE', ' ON DELETE SET NULL', ' ON DELETE RESTRICT',
           ' ON DELETE SET DEFAULT', ' ON UPDATE CASCADE',
           ' ON UPDATE SET NULL', ' ON UPDATE CASCADE ON DELETE CASCADE',
           ' DEFERRABLE INITIALLY DEFERRED')


class Lite:
    # --- tables of other kinds ---

    def made_table(self, t):
        sql = self.create_sql(t)
        self.schema.tables[t.name] = t
        return sql

    def new_table(self):
        return self.table_of(self.fresh(self.relations(), 't_'))

    def create_autoincrement(self):
        t = self.new_table()
        if not t.columns[0].key:
            t.columns.insert(0, Column('id', 'int', True))
        t.columns[0] = Column('id', 'int', True)
        t.columns[0].key, t.columns[0].made = True, 'count'
        return self.made_table(t)

    def create_without_rowid(self):
        t = self.new_table()
        c = Column('num', 'int', True)
        c.key = True
        t.columns = [c] + t.plain()
        t.tail = ' WITHOUT ROWID'
        return self.made_table(t)

    def create_strict(self):
        t = self.new_table()
        t.columns = [c for c in t.columns if c.kind != 'num']
        if not t.plain():
            t.columns.append(Column(self.fresh(t.names()), 'text'))
        t.tail = ' STRICT'
        return self.made_table(t)

    def create_child_table(self):
        """With a foreign key that does something."""
        t = self.new_table()
        self.add_foreign_key(t)
        name = next(iter(t.constraints), None)
        if not name:
            return None
        self.fk_actions[name] = self.pick(DELETES)
        return self.made_table(t)

    def computed(self, t, stored):
        known = [c for c in t.columns if c.kind in ('int', 'text') and
                 not c.made]
        if not known:
            return None
        c = self.pick(known)
        new = Column(self.fresh(t.names()), c.kind)
        new.made = 'computed'
        new.words = f'{self.type_of(c.kind)} GENERATED ALWAYS AS (' + (
            f'{c.name} + {self.rnd.randrange(2)}' if c.kind == 'int'
            else f'lower({c.name})') + f') {stored}'
        t.bound.add(c.name)
        return new

    def create_generated(self):
        t = self.new_table()
        c = self.computed(t, self.pick(('STORED', 'VIRTUAL')))
        if not c:
            return None
        t.columns.append(c)
        return self.made_table(t)

    def add_generated_column_sqlite(self):
        t = self.table()
        c = self.computed(t, 'VIRTUAL')
        if not c:
            return None
        c.fresh = True
        t.columns.append(c)
        return f'ALTER TABLE {t.name} ADD COLUMN {c.name} {c.words}'

    def add_reference(self):
        t = self.table()
        parents = [p for p in self.schema.tables.values()
                   if p.columns[0].key and p.columns[0].kind == 'int']
        if not parents:
            return None
        p = self.pick(parents)
        self.touched.add(p.name)
        c = Column(self.fresh(t.names(), f'{p.name}_'), 'int')
        c.fresh = True
        t.columns.append(c)
        t.constraints[self.fresh(self.relations(), 'fk_')] = \
            ('fk', [c.name], p.name)
        t.rebuildable = False  # the key stands in the column's definition
        return f'ALTER TABLE {t.name} ADD COLUMN {c.name} INTEGER ' \
            f'REFERENCES {p.name} ({p.columns[0].name}){self.pick(DELETES)}'

    def add_checked_column(self):
        t = self.table()
        c = Column(self.fresh(t.names()), self.pick(('int', 'text')))
        rule = self.check_of(c)
        c.fresh = True
        t.columns.append(c)
        t.rebuildable = False
        return f'ALTER TABLE {t.name} ADD COLUMN {c.name} ' \
            f'{self.type_of(c.kind)} CHECK ({rule})'

    def create_soft(self):
        """IF NOT EXISTS, now and then of one that the other side makes."""
        t = self.new_table()
        return self.made_table(t).replace('TABLE', 'TABLE IF NOT EXISTS', 1)

    # --- renames, whatever uses it ---

    def rename_used_column(self):
        t = self.table(lambda t: t.plain())
        if not t:
            return None
        c = self.pick(t.plain())
        old, c.name = c.name, self.fresh(t.names())
        self.renamed(t, old, c.name)
        return f'ALTER TABLE {t.name} RENAME {old} TO {c.name}'

    def renamed(self, t, old, new):
        def called(names):
            return [new if n == old else n for n in names]
        for r in t.rows:
            if old in r:
                r[new] = r.pop(old)
        t.indexes = {n: called(cols) for n, cols in t.indexes.items()}
        t.constraints = {n: (kind, called(cols), rest) for n, (kind, cols,
                         rest) in t.constraints.items() if kind != 'check'}
        if old in t.bound:
            t.bound = {new if n == old else n for n in t.bound}
        for v in self.schema.views.values():
            if v.table == t.name:
                v.columns = v.columns if v.star else called(v.columns)
        t.rebuildable = False

    def rename_used_table(self):
        t = self.table()
        old, new = t.name, self.fresh(self.relations(), 't_')
        for o in self.schema.tables.values():
            o.constraints = {
                n: (kind, cols, new if kind == 'fk' and rest == old else rest)
                for n, (kind, cols, rest) in o.constraints.items()}
            o.triggers = {n: new if on == old else on
                          for n, on in o.triggers.items()}
        for v in self.schema.views.values():
            v.table = new if v.table == old else v.table
        self.schema.tables[new] = self.schema.tables.pop(old)
        t.name = new
        return f'ALTER TABLE {old} RENAME TO {new}'

    def drop_used_table(self):
        """With what points at it, or reads it."""
        t = self.table()
        if len(self.schema.tables) < 2:
            return None
        del self.schema.tables[t.name]
        for name, key in self.referred(t):
            o = self.schema.tables.get(name)
            if o:
                del o.constraints[key]
                o.rebuildable = False
        return f'DROP TABLE {t.name}'

    # --- indexes ---

    def partial(self, t):
        c = self.pick(t.columns)
        # of a key that is one value there is but one row
        if self.chance(50) or c.key or c.unique:
            return f'{c.name} IS NOT NULL'
        value = self.value(t, c)
        self.hint(t, {c.name: value})
        return f'{c.name} = {value}'

    def create_partial_index(self):
        t = self.table(lambda t: t.plain())
        if not t:
            return None
        cols = [c.name for c in self.some(t.plain(), 2)]
        return f'CREATE INDEX {self.new_index(t, cols)} ON {t.name} ' \
            f"({', '.join(cols)}) WHERE {self.partial(t)}"

    def create_unique_partial_index(self):
        t = self.table(lambda t: t.plain())
        if not t:
            return None
        cols = [c.name for c in self.some(t.plain(), 2)]
        return f'CREATE UNIQUE INDEX {self.new_index(t, cols)} ON {t.name} ' \
            f"({', '.join(cols)}) WHERE {self.partial(t)}"

    def create_unique_expression_index(self):
        t = self.table(lambda t: [c for c in t.plain()
                                  if c.kind in ('int', 'text')])
        if not t:
            return None
        fit = [c for c in t.plain() if c.kind in ('int', 'text')]
        unique = [c for c in fit if c.unique]  # whose rows let it be, mostly
        c = self.pick(unique if unique and self.chance(50) else fit)
        what = f'upper({c.name})' if c.kind == 'text' else f'{c.name} % 7'
        return f'CREATE UNIQUE INDEX {self.new_index(t, [c.name])} ON ' \
            f'{t.name} ({what})'

    # --- views ---

    def view_name(self):
        return self.fresh(self.relations(), 'v_')

    def create_view_join(self):
        t = self.table()
        o = self.pick(self.schema.tables.values())
        mine, theirs = self.pick(t.columns), self.pick(o.columns)
        self.touched.add(o.name)
        name = self.view_name()
        self.schema.views[name] = View(name, t.name, [mine.name], False)
        self.schema.views[name].joined = True
        return f'CREATE VIEW {name} AS SELECT x.{mine.name} AS one, ' \
            f'y.{theirs.name} AS two FROM {t.name} AS x LEFT JOIN {o.name} ' \
            f'AS y ON y.{theirs.name} = x.{mine.name}'

    def create_view_counting(self):
        t = self.table()
        c = self.pick(t.columns)
        name = self.view_name()
        self.schema.views[name] = View(name, t.name, [c.name], False)
        self.schema.views[name].joined = True
        return f'CREATE VIEW {name} AS SELECT {c.name}, count(*) AS n FROM ' \
            f'{t.name} GROUP BY {c.name}'

    def create_view_on_view(self):
        views = [v for v in self.schema.views.values() if v.columns]
        if not views:
            return None
        v = self.pick(views)
        self.touched.add(v.table)
        name = self.view_name()
        self.schema.views[name] = View(name, v.table, [], True)
        return f'CREATE VIEW {name} AS SELECT * FROM {v.name}'

    # --- triggers ---

    def trigger_name(self):
        taken = {n for t in self.schema.tables.values() for n in t.triggers}
        return self.fresh(taken, 'tr_')

    def add_trigger(self, t, when, body, of=''):
        name = self.trigger_name()
        t.triggers[name] = t.name
        return f'CREATE TRIGGER {name} {when}{of} ON {t.name} {body}; END'

    def create_trigger_raise(self):
        """It touches no table; it refuses rows."""
        t = self.table()
        event = self.pick(('INSERT', 'UPDATE', 'DELETE'))
        row = 'OLD' if event == 'DELETE' else 'NEW'
        c = self.pick(t.columns)
        time = self.pick(('BEFORE', 'AFTER'))
        how = self.pick(("RAISE(ABORT, 'no')", "RAISE(ABORT, 'no')",
                         'RAISE(IGNORE)'))
        value = self.value(t, c)
        if value == 'NULL':
            return None
        self.hint(t, {c.name: value})
        return self.add_trigger(
            t, f'{time} {event}',
            f'WHEN {row}.{c.name} = {value} BEGIN SELECT {how}')

    def create_trigger_own(self):
        """It writes the rows that it fires for."""
        t = self.table(lambda t: t.columns[0].key and len(t.plain()) > 1)
        if not t:
            return None
        key, c = t.columns[0], self.pick(t.plain())
        event = self.pick(('INSERT', 'UPDATE'))
        return self.add_trigger(
            t, f'AFTER {event}', f'BEGIN UPDATE {t.name} SET {c.name} = '
            f'{self.literal(c.kind)} WHERE {key.name} = NEW.{key.name}')

    def create_trigger_log(self):
        """It copies what is written elsewhere."""
        t = self.table()
        o = self.pick(self.schema.tables.values())
        event = self.pick(('INSERT', 'UPDATE', 'DELETE'))
        row = 'OLD' if event == 'DELETE' else 'NEW'
        cols = [c for c in o.plain() if not c.unique and not any(
            c.name in on for _, on, _ in o.constraints.values())]
        pairs = [(c, m) for c in cols for m in t.columns if m.kind == c.kind]
        if not pairs or any(c.key and not c.made for c in o.columns):
            return None
        c, mine = self.pick(pairs)
        self.touched.add(o.name)
        return self.add_trigger(
            t, f'AFTER {event}', f'BEGIN INSERT INTO {o.name} ({c.name}) '
            f'VALUES ({row}.{mine.name})')

    def create_trigger_of(self):
        t = self.table(lambda t: len(t.plain()) > 1)
        o = self.pick(self.schema.tables.values())
        if not t or not o.plain():
            return None
        one, body = self.pick(t.plain()), self.fixed_update(o)
        if not body:
            return None
        self.touched.add(o.name)
        when = self.pick(('BEFORE', 'AFTER'))
        return self.add_trigger(t, f'{when} UPDATE', f'BEGIN {body}',
                                f' OF {one.name}')

    def create_trigger_view(self):
        """INSTEAD OF: what is written to a view goes to its table."""
        views = [v for v in self.schema.views.values() if v.columns and
                 v.table in self.schema.tables and not v.star and
                 not getattr(v, 'joined', False)]
        if not views:
            return None
        v = self.pick(views)
        t = self.schema.tables[v.table]
        cols = [n for n in v.columns if n in t.names() and
                not t.column(n).made]
        if not cols:
            return None
        self.touched.add(t.name)
        name = self.trigger_name()
        t.triggers[name] = t.name
        v.writable = cols
        values = ', '.join(f'NEW.{n}' for n in cols)
        return f'CREATE TRIGGER {name} INSTEAD OF INSERT ON {v.name} BEGIN ' \
            f"INSERT INTO {t.name} ({', '.join(cols)}) VALUES ({values}); END"

    # --- virtual tables ---

    def virtual_name(self, prefix):
        return self.fresh(self.relations(), prefix)

    def new_virtual(self, name, module, columns):
        v = Table(name)
        v.module = module
        v.columns = columns
        self.schema.virtuals[name] = v
        return f"CREATE VIRTUAL TABLE {name} USING {module}(" \
            f"{', '.join(c.name for c in columns)})"

    def create_fts(self):
        taken = []
        for _ in range(self.rnd.randint(1, 3)):
            taken.append(self.fresh(taken))
        return self.new_virtual(self.virtual_name('s_'), 'fts5',
                                [Column(n, 'text') for n in taken])

    def create_rtree(self):
        return self.new_virtual(
            self.virtual_name('r_'), 'rtree',
            [Column('id', 'int', True), Column('x0', 'int'),
             Column('x1', 'int')])

    def virtual(self, module=None):
        fit = [v for v in self.schema.virtuals.values()
               if module in (None, v.module)]
        if not fit:
            return None
        v = self.pick(fit)
        self.touched.add(v.name)
        return v

    def drop_virtual(self):
        v = self.virtual()
        if not v:
            return None
        del self.schema.virtuals[v.name]
        return f'DROP TABLE {v.name}'

    def rename_virtual(self):
        v = self.virtual()
        if not v:
            return None
        old, v.name = v.name, self.virtual_name('s_')
        self.schema.virtuals[v.name] = self.schema.virtuals.pop(old)
        return f'ALTER TABLE {old} RENAME TO {v.name}'

    def virtual_key(self):
        value = str(self.rnd.randrange(1, 30))
        self.drawn.append(('int', value))
        return value

    def virtual_values(self, v):
        if v.module == 'rtree':
            low = self.rnd.randrange(5)
            return [self.virtual_key(), str(low), str(low + 2)]
        return [self.literal('text', self.chance(40)) for _ in v.columns]

    def insert_virtual(self):
        v = self.virtual()
        if not v:
            return None
        names = ', '.join(c.name for c in v.columns)
        return f"INSERT INTO {v.name} ({names}) VALUES " \
            f"({', '.join(self.virtual_values(v))})"

    def update_virtual(self):
        v = self.virtual()
        if not v:
            return None
        cols = v.columns[1:] if v.module == 'rtree' else v.columns
        if v.module == 'rtree':
            low = self.rnd.randrange(5)
            sets = f'{cols[0].name} = {low}, {cols[1].name} = {low + 3}'
        else:
            sets = f"{self.pick(cols).name} = {self.literal('text')}"
        where = self.of_virtual(v)
        if sets.split()[-1] == where.split()[-1]:
            return None  # they are so already
        return f'UPDATE {v.name} SET {sets} WHERE {where}'

    def of_virtual(self, v):
        if v.module == 'rtree':
            return f'id = {self.virtual_key()}' if self.chance(60) \
                else f'x0 >= {self.rnd.randrange(5)}'
        c = self.pick(v.columns)
        return f"{v.name} MATCH {self.literal('text')}" if self.chance(50) \
            else f"{c.name} = {self.literal('text')}"

    def delete_virtual(self):
        v = self.virtual()
        return v and f'DELETE FROM {v.name} WHERE {self.of_virtual(v)}'

    def fill_virtual(self):
        """What a search index is made for."""
        v = self.virtual('fts5')
        t = self.table(lambda t: [c for c in t.columns if c.kind == 'text'])
        if not v or not t:
            return None
        c = self.pick(c for c in t.columns if c.kind == 'text')
        return f'INSERT INTO {v.name} ({v.columns[0].name}) SELECT ' \
            f'{c.name} FROM {t.name} ORDER BY 1'

    def create_trigger_search(self):
        v = self.virtual('fts5')
        t = self.table(lambda t: [c for c in t.columns if c.kind == 'text'])
        if not v or not t:
            return None
        c = self.pick(c for c in t.columns if c.kind == 'text')
        return self.add_trigger(
            t, 'AFTER INSERT', f'BEGIN INSERT INTO {v.name} '
            f'({v.columns[0].name}) VALUES (NEW.{c.name})')

    def virtual_rows(self):
        return [f"INSERT INTO {v.name} ({', '.join(c.name for c in v.columns)}"
                f") VALUES ({', '.join(self.virtual_values(v))})"
                for v in self.schema.virtuals.values() for _ in range(2)]

    # --- the rest ---

    def set_user_version(self):
        return f'PRAGMA user_version = {self.rnd.randrange(1, 6)}'

    def lite_base(self):
        """Tables of other kinds; triggers and the like come behind rows."""
        head = []
        for make in (self.create_strict, self.create_without_rowid,
                     self.create_generated, self.create_child_table,
                     self.create_autoincrement):
            if self.chance(25):
                head.append(make())
        if self.chance(35):
            head.append(self.create_fts())
        if self.chance(20):
            head.append(self.create_rtree())
        return [s for s in head if s]

    def lite_parts(self):
        out = []
        if self.chance(45):
            out += [self.create_view(), self.create_trigger_view()]
        for make in (self.create_trigger_raise, self.create_trigger_own,
                     self.create_trigger_log, self.create_trigger_of,
                     self.create_trigger_view, self.create_view_join,
                     self.create_view_counting, self.create_partial_index,
                     self.create_unique_partial_index,
                     self.create_unique_expression_index,
                     self.create_trigger_search):
            if self.chance(12):
                out.append(make())
        return [s for s in out if s]
