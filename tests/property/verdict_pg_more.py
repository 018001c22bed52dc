"""PostgreSQL's rarer statements."""

from verdict_model import Column


class PgMore:
    def truncate(self):
        t = self.table(lambda t: not self.referred(t))
        return t and f'TRUNCATE {t.name}'

    def upsert(self):
        t = self.table(lambda t: any(c.key or c.unique for c in t.columns))
        if not t:
            return None
        c = next(c for c in t.columns if c.key or c.unique)
        cols, values = self.row(t)
        if c not in cols:
            cols, values = [c] + cols, [self.value(t, c)] + values
        plain = [c for c in t.plain() if not c.unique]
        then = 'NOTHING'
        if plain and self.chance(50):
            p = self.pick(plain)
            then = f'UPDATE SET {p.name} = {self.literal(p.kind)}'
        names = ', '.join(c.name for c in cols)
        return f"INSERT INTO {t.name} ({names}) VALUES ({', '.join(values)})" \
            f' ON CONFLICT ({c.name}) DO {then}'

    def create_matview(self):
        t = self.table()
        name = self.fresh(self.relations(), 'm_')
        self.schema.matviews[name] = t.name
        cols = ', '.join(c.name for c in self.some(t.columns))
        where = f' WHERE {self.condition(t)}' if self.chance(50) else ''
        return f'CREATE MATERIALIZED VIEW {name} AS SELECT {cols} FROM ' \
            f'{t.name}{where}'

    def add_generated_column(self):
        t = self.table(lambda t: [c for c in t.plain() if c.kind == 'int'])
        if not t:
            return None
        c = self.pick(c for c in t.plain() if c.kind == 'int')
        new = Column(self.fresh(t.names()), 'int')
        new.made = 'computed'
        t.columns.append(new)
        return f'ALTER TABLE {t.name} ADD COLUMN {new.name} integer ' \
            f'GENERATED ALWAYS AS ({c.name} + {self.rnd.randrange(9)}) STORED'

    def add_identity_column(self):
        t = self.table(lambda t: not any(c.made for c in t.columns))
        if not t:
            return None
        new = Column(self.fresh(t.names()), 'int', True)
        new.made = 'computed'
        t.columns.append(new)
        return f'ALTER TABLE {t.name} ADD COLUMN {new.name} integer ' \
            'GENERATED ALWAYS AS IDENTITY'

    def do_block(self):
        body = self.pick((self.update, self.delete, self.insert))()
        return body and f'DO $b$BEGIN {body}; END$b$'

    def create_policy(self):
        t = self.table()
        c = self.pick(t.columns)
        name = self.fresh(t.policies, 'p_')
        t.policies.append(name)
        rule = self.condition(t) if self.chance(30) else \
            f'{c.name} IS NOT NULL'
        return f'CREATE POLICY {name} ON {t.name} USING ({rule})'

    def row_security(self):
        t = self.table()
        return f"ALTER TABLE {t.name} {self.pick(('ENABLE', 'DISABLE'))} " \
            'ROW LEVEL SECURITY'

    def disable_trigger(self):
        t = self.table(lambda t: t.triggers)
        return t and f'ALTER TABLE {t.name} DISABLE TRIGGER ' \
            f'{self.pick(t.triggers)}'

    def column_option(self):
        t = self.table()
        c = self.pick(t.columns)
        return f'ALTER TABLE {t.name} ALTER COLUMN {c.name} SET STATISTICS ' \
            f'{self.pick((10, 50, 100))}'

    def default_of_sequence(self):
        t = self.table(lambda t: [c for c in t.plain()
                                  if c.kind in ('int', 'big')])
        if not t or not self.schema.sequences:
            return None
        c = self.pick(c for c in t.plain() if c.kind in ('int', 'big'))
        c.default = f"nextval('{self.pick(self.schema.sequences)}')"
        return f'ALTER TABLE {t.name} ALTER COLUMN {c.name} SET DEFAULT ' \
            f'{c.default}'

    def set_value(self):
        return self.schema.sequences and "SELECT setval('%s', %d)" % (
            self.pick(self.schema.sequences), self.rnd.randrange(100, 200))

    def cast_column(self):
        """A new type, by an expression."""
        t = self.table(lambda t: [c for c in t.loose() if c.kind == 'int' and
                                  c.default is None and
                                  not self.used(t, c.name)])
        if not t:
            return None
        c = self.pick(c for c in t.loose() if c.kind == 'int' and
                      c.default is None and not self.used(t, c.name))
        c.kind = 'text'
        return f'ALTER TABLE {t.name} ALTER COLUMN {c.name} TYPE text USING ' \
            f"'n' || {c.name}"

    def update_from(self):
        pair = self.pair_of_columns()
        if not pair:
            return None
        t, mine, o, theirs = pair
        c = self.pick(t.plain())
        return f'UPDATE {t.name} SET {c.name} = {self.literal(c.kind)} FROM ' \
            f'{o.name} WHERE {t.name}.{mine} = {o.name}.{theirs}'
