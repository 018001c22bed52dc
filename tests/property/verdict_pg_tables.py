"""PostgreSQL: partitions, inheritance, what is on a table, rarer writes."""

import copy

from verdict_model import Column, Table

BOUNDS = ((1, 4), (4, 100), (100, 300), (300, 600), (600, 1001))


class PgTables:
    # --- partitions ---

    def create_partitioned(self):
        """With a default partition, mostly: rows find a place."""
        t = Table(self.fresh(self.relations(), 't_'))
        c = Column('num', 'int', True)
        c.key = True
        t.columns = [c] + [self.column_of(['num'])]
        t.columns.append(self.column_of(t.names()))
        t.tail = ' PARTITION BY RANGE (num)'
        sql = [self.create_sql(t)]
        self.schema.tables[t.name] = t
        t.parts = {}
        for bound in self.rnd.sample(BOUNDS, self.rnd.randrange(3)):
            sql.append(self.partition_sql(t, bound))
        if self.chance(75):
            name = self.fresh(self.relations(), 't_')
            t.parts[name] = None
            sql.append(f'CREATE TABLE {name} PARTITION OF {t.name} DEFAULT')
        return ';\n'.join(sql)

    def partition_sql(self, t, bound):
        name = self.fresh(self.relations(), 't_')
        t.parts[name] = bound
        return f'CREATE TABLE {name} PARTITION OF {t.name} FOR VALUES FROM ' \
            f'({bound[0]}) TO ({bound[1]})'

    def parted(self, want=lambda t: True):
        return self.table(lambda t: t.parts is not None and want(t))

    def create_partition(self):
        t = self.parted()
        free = [b for b in BOUNDS if b not in t.parts.values()] if t else []
        return free and self.partition_sql(t, self.pick(free)) or None

    def attach_partition(self):
        t = self.parted()
        free = [b for b in BOUNDS if b not in t.parts.values()] if t else []
        if not free:
            return None
        low, high = self.pick(free)
        spare = [o.name for o in self.schema.tables.values()
                 if o.like == t.name]
        sql = ''
        if spare and self.chance(70):
            name = self.pick(spare)
            del self.schema.tables[name]
        else:
            name = self.fresh(self.relations(), 't_')
            sql = f'CREATE TABLE {name} (LIKE {t.name});\n'
        t.parts[name] = (low, high)
        return f'{sql}ALTER TABLE {t.name} ATTACH PARTITION {name} FOR ' \
            f'VALUES FROM ({low}) TO ({high})'

    def detach_partition(self):
        t = self.parted(lambda t: t.parts)
        if not t:
            return None
        name = self.pick(t.parts)
        del t.parts[name]
        return f'ALTER TABLE {t.name} DETACH PARTITION {name}'

    def create_table_like(self):
        t = self.table()
        o = Table(self.fresh(self.relations(), 't_'))
        o.columns = [Column(c.name, c.kind, c.notnull) for c in t.columns]
        o.like = t.name
        self.schema.tables[o.name] = o
        more = ' INCLUDING ALL' if self.chance(30) else ''
        return f'CREATE TABLE {o.name} (LIKE {t.name}{more})'

    # --- inheritance ---

    def create_heir(self):
        t = self.table(lambda t: t.parts is None)
        if not t:
            return None
        o = Table(self.fresh(self.relations(), 't_'))
        o.columns = copy.deepcopy(t.columns)
        new = self.column_of(t.names())
        o.columns.append(new)
        o.heir_of = t.name
        self.schema.tables[o.name] = o
        return f'CREATE TABLE {o.name} ({self.declaration(new)}) INHERITS ' \
            f'({t.name})'

    def no_inherit(self):
        t = self.table(lambda t: t.heir_of in self.schema.tables)
        if not t:
            return None
        parent, t.heir_of = t.heir_of, None
        self.touched.add(parent)
        return f'ALTER TABLE {t.name} NO INHERIT {parent}'

    # --- on a table ---

    def alter_policy(self):
        t = self.table(lambda t: t.policies)
        return t and f'ALTER POLICY {self.pick(t.policies)} ON {t.name} ' \
            f'USING ({self.pick(t.columns).name} IS NULL)'

    def drop_policy(self):
        t = self.table(lambda t: t.policies)
        if not t:
            return None
        name = self.pick(t.policies)
        t.policies.remove(name)
        return f'DROP POLICY {name} ON {t.name}'

    def create_rule(self):
        t = self.table(lambda t: t.parts is None)
        o = self.pick(self.schema.tables.values())
        if not t:
            return None
        name = self.fresh(t.rules, 'r_')
        t.rules.append(name)
        event = self.pick(('INSERT', 'UPDATE', 'DELETE'))
        does = 'INSTEAD NOTHING'
        if o is not t and o.plain() and self.chance(60):
            self.touched.add(o.name)
            c = self.pick(o.plain())
            does = f'ALSO UPDATE {o.name} SET {c.name} = ' \
                f'{self.literal(c.kind)} WHERE {self.condition(o)}'
        return f'CREATE RULE {name} AS ON {event} TO {t.name} DO {does}'

    def drop_rule(self):
        t = self.table(lambda t: t.rules)
        if not t:
            return None
        name = self.pick(t.rules)
        t.rules.remove(name)
        return f'DROP RULE {name} ON {t.name}'

    def create_before_trigger(self):
        """Touches no table but its own row, or refuses it."""
        t = self.table(lambda t: t.plain() and t.parts is None)
        if not t:
            return None
        f = self.fresh(self.schema.functions, 'tf_')
        self.schema.functions[f] = 'before'
        name = self.fresh(t.triggers, 'tr_')
        t.triggers[name] = f
        c = self.pick(t.plain())
        value = self.literal(c.kind)
        self.hint(t, {c.name: value})
        body = f'NEW.{c.name} := {value}' if self.chance(50) else \
            f"IF NEW.{c.name} = {value} THEN RAISE 'no'; END IF"
        event = self.pick(('INSERT', 'UPDATE', 'INSERT OR UPDATE'))
        return f'CREATE FUNCTION {f}() RETURNS trigger LANGUAGE plpgsql AS ' \
            f'$f$BEGIN {body}; RETURN NEW; END$f$;\nCREATE TRIGGER {name} ' \
            f'BEFORE {event} ON {t.name} FOR EACH ROW EXECUTE FUNCTION {f}()'

    def rename_trigger(self):
        t = self.table(lambda t: t.triggers)
        if not t:
            return None
        old = self.pick(t.triggers)
        new = self.fresh(t.triggers, 'tr_')
        t.triggers[new] = t.triggers.pop(old)
        return f'ALTER TRIGGER {old} ON {t.name} RENAME TO {new}'

    def create_statistics(self):
        t = self.table(lambda t: len(t.plain()) > 1)
        if not t:
            return None
        name = self.fresh(self.schema.statistics, 'x_')
        self.schema.statistics.append(name)
        a, b = self.rnd.sample([c.name for c in t.plain()], 2)
        return f'CREATE STATISTICS {name} ON {a}, {b} FROM {t.name}'

    def drop_statistics(self):
        if not self.schema.statistics:
            return None
        name = self.pick(self.schema.statistics)
        self.schema.statistics.remove(name)
        return f'DROP STATISTICS {name}'

    def table_option(self):
        t = self.table(lambda t: t.parts is None)
        return t and f'ALTER TABLE {t.name} ' + self.pick((
            'SET (fillfactor = 70)', 'SET (fillfactor = 80)',
            'RESET (fillfactor)', 'REPLICA IDENTITY FULL',
            'REPLICA IDENTITY NOTHING', 'REPLICA IDENTITY DEFAULT',
            'SET UNLOGGED'))

    def column_storage(self):
        t = self.table(lambda t: [c for c in t.columns if c.kind == 'text'])
        if not t:
            return None
        c = self.pick(c for c in t.columns if c.kind == 'text')
        return f'ALTER TABLE {t.name} ALTER COLUMN {c.name} SET STORAGE ' \
            f"{self.pick(('EXTERNAL', 'MAIN', 'PLAIN'))}"

    def validate_constraint(self):
        t = self.table(lambda t: [n for n, k in t.constraints.items()
                                  if k[0] == 'check'])
        return t and f'ALTER TABLE {t.name} VALIDATE CONSTRAINT ' + self.pick(
            n for n, k in t.constraints.items() if k[0] == 'check')

    def defer_constraint(self):
        t = self.table(lambda t: [n for n, k in t.constraints.items()
                                  if k[0] == 'fk'])
        return t and f'ALTER TABLE {t.name} ALTER CONSTRAINT ' + self.pick(
            n for n, k in t.constraints.items() if k[0] == 'fk') + \
            self.pick((' DEFERRABLE', ' NOT DEFERRABLE'))

    def add_exclude(self):
        t = self.table(lambda t: t.plain() and t.parts is None)
        if not t:
            return None
        name = self.fresh(self.relations(), 'ex_')
        c = self.pick(t.plain())
        t.constraints[name] = ('exclude', [c.name], '')
        return f'ALTER TABLE {t.name} ADD CONSTRAINT {name} EXCLUDE USING ' \
            f'btree ({c.name} WITH =)'

    def key_of_index(self):
        """A unique index, and a constraint that takes it over."""
        t = self.table(lambda t: t.plain() and t.parts is None)
        if not t:
            return None
        c = self.pick(t.plain())
        name = self.fresh(self.relations(), 'uq_')
        t.constraints[name] = ('unique', [c.name], '')
        return f'CREATE UNIQUE INDEX {name} ON {t.name} ({c.name});\n' \
            f'ALTER TABLE {t.name} ADD CONSTRAINT {name} UNIQUE USING INDEX ' \
            f'{name}'

    def change_identity(self):
        t = self.table(lambda t: [c for c in t.columns
                                  if c.made == 'identity'])
        return t and f'ALTER TABLE {t.name} ALTER COLUMN id ' + self.pick((
            'SET GENERATED ALWAYS', 'SET GENERATED BY DEFAULT',
            'DROP IDENTITY', 'RESTART WITH 40'))

    # --- softly, or with all that hangs on it ---

    def create_table_soft(self):
        sql = self.create_table()
        return sql.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS', 1)

    def create_index_soft(self):
        sql = self.create_index()
        if ' INDEX ON ' in sql:
            return None
        return sql.replace('CREATE INDEX', 'CREATE INDEX IF NOT EXISTS', 1)

    def add_column_soft(self):
        sql = self.add_column()
        return sql.replace('ADD COLUMN', 'ADD COLUMN IF NOT EXISTS', 1)

    def drop_cascade(self):
        s = self.schema
        fits = [('TABLE', n) for n in s.tables] + \
            [('VIEW', n) for n in s.views] + \
            [('SEQUENCE', n) for n in s.sequences] + \
            [('TYPE', n) for n in s.enums] + \
            [('DOMAIN', n) for n in s.domains] + \
            [('FUNCTION', n) for n in s.functions]
        word, name = self.pick(fits)
        self.touched.add(name)
        return f'DROP {word} {name} CASCADE'

    def drop_column_cascade(self):
        t = self.table(lambda t: len(t.columns) > 2)
        if not t:
            return None
        c = self.pick(t.columns)
        t.columns.remove(c)
        return f'ALTER TABLE {t.name} DROP COLUMN {c.name} CASCADE'

    # --- routines ---

    def alter_function(self):
        plain = [n for n, k in self.schema.functions.items() if k == 'plain']
        return plain and f'ALTER FUNCTION {self.pick(plain)}(integer) ' + \
            self.pick(('STABLE', 'VOLATILE', 'STRICT', 'COST 7', 'COST 9',
                       'SECURITY DEFINER'))

    def rename_function(self):
        plain = [n for n, k in self.schema.functions.items() if k == 'plain']
        if not plain:
            return None
        old = self.pick(plain)
        new = self.fresh(self.schema.functions, 'f_')
        self.schema.functions[new] = self.schema.functions.pop(old)
        return f'ALTER FUNCTION {old}(integer) RENAME TO {new}'

    def create_procedure(self):
        name = self.fresh(self.schema.functions, 'pr_')
        body = self.pick((self.update, self.delete))()
        self.schema.functions[name] = 'procedure'
        return body and f'CREATE PROCEDURE {name}() LANGUAGE sql AS ' \
            f'$f${body}$f$'

    def call_procedure(self):
        have = [n for n, k in self.schema.functions.items()
                if k == 'procedure']
        return have and f'CALL {self.pick(have)}()'

    def default_of_function(self):
        t = self.table(lambda t: [c for c in t.plain() if c.kind == 'int'])
        plain = [n for n, k in self.schema.functions.items() if k == 'plain']
        if not t or not plain:
            return None
        c = self.pick(c for c in t.plain() if c.kind == 'int')
        c.default = f'{self.pick(plain)}(1)'
        return f'ALTER TABLE {t.name} ALTER COLUMN {c.name} SET DEFAULT ' \
            f'{c.default}'

    # --- writes ---

    def pair_of_columns(self, want=lambda t: True):
        """Of two tables, of one type."""
        t = self.table(lambda t: t.plain() and want(t))
        pairs = t and [(a.name, o, b.name) for a in t.columns
                       for o in self.schema.tables.values() if o is not t
                       for b in o.columns if a.kind == b.kind]
        if not pairs:
            return None
        mine, o, theirs = self.pick(pairs)
        self.touched.add(o.name)
        return t, mine, o, theirs

    def merge(self):
        pair = self.pair_of_columns()
        if not pair:
            return None
        t, mine, o, theirs = pair
        c = self.pick(t.plain())
        does = self.pick(('DELETE', 'DO NOTHING',
                          f'UPDATE SET {c.name} = {self.literal(c.kind)}'))
        also = ''
        if not any(x.key and not x.made for x in t.columns) and \
                self.chance(40):
            also = f' WHEN NOT MATCHED THEN INSERT ({c.name}) VALUES ' \
                f'({self.new_value(c)})'
        return f'MERGE INTO {t.name} a USING (SELECT DISTINCT {theirs} FROM ' \
            f'{o.name}) b ON a.{mine} = b.{theirs} WHEN MATCHED THEN {does}' \
            f'{also}'

    def delete_using(self):
        pair = self.pair_of_columns()
        if not pair:
            return None
        t, mine, o, theirs = pair
        return f'DELETE FROM {t.name} USING {o.name} WHERE {t.name}.{mine} = ' \
            f'{o.name}.{theirs} AND {o.name}.{theirs} = ' \
            f'{self.value(o, o.column(theirs))}'

    def move_rows(self):
        """What is deleted here comes in there."""
        pair = self.pair_of_columns(
            lambda t: not any(x.key and not x.made for x in t.columns))
        if not pair:
            return None
        t, _, o, theirs = pair
        c = next((c for c in t.plain() if c.kind == o.column(theirs).kind),
                 None)
        if not c:
            return None
        return f'WITH gone AS (DELETE FROM {o.name} WHERE ' \
            f'{self.condition(o)} RETURNING {theirs}) INSERT INTO {t.name} ' \
            f'({c.name}) SELECT {theirs} FROM gone ORDER BY 1'

    def insert_rows(self):
        t = self.table()
        cols, _ = self.row(t)
        rows = []
        for _ in range(self.rnd.randint(2, 3)):
            values = [self.literal(c.kind, True) if c.key or c.unique or
                      c.made else self.value(t, c) for c in cols]
            self.hint(t, {c.name: v for c, v in zip(cols, values)})
            rows.append(f"({', '.join(values)})")
        return f"INSERT INTO {t.name} ({', '.join(c.name for c in cols)}) " \
            f"VALUES {', '.join(rows)}"

    def insert_defaults(self):
        t = self.table(lambda t: not any(c.key and not c.made
                                         for c in t.columns))
        return t and f'INSERT INTO {t.name} DEFAULT VALUES'

    def write_view(self):
        views = [v for v in self.schema.views.values()
                 if v.table in self.schema.tables and not v.star]
        if not views:
            return None
        v = self.pick(views)
        t = self.schema.tables[v.table]
        fits = [c for c in t.plain() if c.name in v.columns]
        if not fits:
            return None
        self.touched.add(t.name)
        c = self.pick(fits)
        if self.chance(30):
            return f'DELETE FROM {v.name} WHERE {c.name} = ' \
                f'{self.value(t, c)}'
        return f'UPDATE {v.name} SET {c.name} = {self.literal(c.kind)} ' \
            f'WHERE {c.name} = {self.value(t, c)}'

    def truncate_more(self):
        t = self.table()
        return f'TRUNCATE {t.name} ' + self.pick((
            'RESTART IDENTITY', 'CASCADE', 'RESTART IDENTITY CASCADE'))

    def lock_table(self):
        return f'LOCK TABLE {self.table().name} IN EXCLUSIVE MODE'

    def do_loop(self):
        t = self.table(lambda t: t.plain())
        if not t:
            return None
        body = self.update()
        return body and f'DO $b$DECLARE r record; BEGIN FOR r IN SELECT ' \
            f'{t.columns[0].name} FROM {t.name} LOOP {body}; END LOOP; END$b$'

    def do_if(self):
        t = self.table()
        body = self.pick((self.add_column, self.create_index,
                          self.update))()
        return body and f'DO $b$BEGIN IF EXISTS (SELECT 1 FROM {t.name} ' \
            f'WHERE {self.condition(t)}) THEN {body}; END IF; END$b$'

    def do_execute(self):
        body = self.pick((self.add_column, self.create_index,
                          self.update, self.drop_column))()
        return body and f'DO $b$BEGIN EXECUTE $q${body}$q$; END$b$'

    def do_format(self):
        t = self.table()
        c = self.column_of(t.names())
        t.columns.append(c)
        c.fresh = True
        return "DO $b$DECLARE n text := '%s'; BEGIN EXECUTE format(" \
            "'ALTER TABLE %%I ADD COLUMN %s %s', n); END$b$" % (
                t.name, c.name, self.type_of(c.kind))
