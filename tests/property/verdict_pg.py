"""Statements of PostgreSQL alone."""

ROLES = ('verdict_app', 'verdict_web')
PRIVILEGES = ('SELECT', 'INSERT', 'UPDATE', 'DELETE')


class Pg:
    # --- columns ---

    def alterable(self):
        return self.table(lambda t: t.plain())

    def set_default(self):
        t = self.alterable()
        if not t:
            return None
        c = self.pick(t.plain())
        head = f'ALTER TABLE {t.name} ALTER COLUMN {c.name}'
        if c.default is not None and not c.notnull and self.chance(25):
            c.default = None
            return f'{head} DROP DEFAULT'
        c.default = self.literal(c.kind)
        return f'{head} SET DEFAULT {c.default}'

    def set_not_null(self):
        t = self.alterable()
        if not t:
            return None
        c = self.pick(t.plain())
        c.notnull = not c.notnull
        verb = 'SET' if c.notnull else 'DROP'
        return f'ALTER TABLE {t.name} ALTER COLUMN {c.name} {verb} NOT NULL'

    def retype(self):
        t = self.table(lambda t: [c for c in t.loose()
                                  if not self.used(t, c.name)])
        if not t:
            return None
        c = self.pick(c for c in t.loose() if not self.used(t, c.name))
        wider = {'int': ('big', 'num', 'text'), 'big': ('num', 'text'),
                 'short': ('text',), 'num': ('text',), 'bool': ('text',),
                 'day': ('text',), 'text': ('short',)}
        if c.default is not None or c.kind not in wider:
            return None
        c.kind = self.pick(wider[c.kind])
        for r in t.rows:
            r.pop(c.name, None)
        return f'ALTER TABLE {t.name} ALTER COLUMN {c.name} TYPE ' \
            f'{self.type_of(c.kind)}'

    # --- constraints ---

    def add_check(self):
        t = self.table(lambda t: [c for c in t.plain() if self.check_of(c)])
        if not t:
            return None
        c = self.pick(c for c in t.plain() if self.check_of(c))
        name = self.fresh(self.relations(), 'ck_')
        rule = self.check_of(c)
        cols = [c.name]
        others = [o for o in t.plain() if o.kind == c.kind and o != c]
        if others and c.kind in ('int', 'big', 'num') and self.chance(40):
            o = self.pick(others)
            rule, cols = f'{c.name} + {o.name} < 2000', [c.name, o.name]
        t.constraints[name] = ('check', cols, rule)
        head = f'ALTER TABLE {t.name} ADD '
        if self.chance(20):
            return f'{head}CHECK ({rule})'
        return head + self.constraint_sql(t, name, 'check', cols, rule) + \
            (' NOT VALID' if self.chance(15) else '')

    def add_unique(self):
        t = self.table(lambda t: t.plain())
        if not t:
            return None
        cols = [c.name for c in self.some(t.plain(), 3)]
        name = self.fresh(self.relations(), 'uq_')
        t.constraints[name] = ('unique', cols, '')
        if self.chance(20):
            return f"ALTER TABLE {t.name} ADD UNIQUE ({', '.join(cols)})"
        return f'ALTER TABLE {t.name} ADD ' + \
            self.constraint_sql(t, name, 'unique', cols, '')

    def add_fk(self):
        parents = [p for p in self.schema.tables.values()
                   if p.columns[0].key and p.columns[0].kind == 'int']
        t = self.table(lambda t: [c for c in t.plain() if c.kind == 'int'])
        if not t or not parents:
            return None
        p = self.pick(parents)
        self.touched.add(p.name)
        c = self.pick(c for c in t.plain() if c.kind == 'int')
        name = self.fresh(self.relations(), 'fk_')
        self.fk_actions[name] = self.pick(('', ' ON DELETE CASCADE'))
        t.constraints[name] = ('fk', [c.name], p.name)
        if self.chance(15):
            return f'ALTER TABLE {t.name} ADD FOREIGN KEY ({c.name}) ' \
                f'REFERENCES {p.name}{self.fk_actions[name]}'
        # not NOT VALID: of rows that are as new as the transaction, an update
        # of any column is checked
        return f'ALTER TABLE {t.name} ADD ' + self.constraint_sql(
            t, name, 'fk', [c.name], p.name)

    def drop_constraint(self):
        t = self.table(lambda t: t.constraints)
        if not t:
            return None
        name = self.pick(t.constraints)
        del t.constraints[name]
        return f'ALTER TABLE {t.name} DROP CONSTRAINT {name}'

    def rename_constraint(self):
        t = self.table(lambda t: t.constraints)
        if not t:
            return None
        name = self.pick(t.constraints)
        new = self.fresh(self.relations(), 'cn_')
        t.constraints[new] = t.constraints.pop(name)
        return f'ALTER TABLE {t.name} RENAME CONSTRAINT {name} TO {new}'

    def rename_index(self):
        t = self.table(lambda t: t.indexes)
        if not t:
            return None
        name = self.pick(t.indexes)
        new = self.fresh(self.relations(), 'ix_')
        t.indexes[new] = t.indexes.pop(name)
        return f'ALTER INDEX {name} RENAME TO {new}'

    # --- views ---

    def replace_view(self):
        views = [v for v in self.schema.views.values()
                 if v.table in self.schema.tables and not v.star]
        if not views:
            return None
        v = self.pick(views)
        t = self.schema.tables[v.table]
        self.touched.add(t.name)
        cols = list(v.columns)
        if any(c not in t.names() for c in cols):
            return None
        more = [c for c in t.names() if c not in cols]
        if more and self.chance(40):
            cols.append(self.pick(more))
        v.columns = cols
        return f"CREATE OR REPLACE VIEW {v.name} AS SELECT {', '.join(cols)}" \
            f' FROM {t.name} WHERE {self.condition(t)}'

    # --- functions and triggers ---

    def create_function(self):
        name = self.fresh(self.schema.functions, 'f_')
        self.schema.functions[name] = 'plain'
        return self.function_sql('CREATE', name)

    def replace_function(self):
        plain = [n for n, k in self.schema.functions.items() if k == 'plain']
        if not plain:
            return None
        return self.function_sql('CREATE OR REPLACE', self.pick(plain))

    def function_sql(self, verb, name):
        t = self.table()
        n = self.rnd.randrange(100)
        if self.chance(50):
            body = f'SELECT a + {n}'
        else:
            body = f'SELECT count(*)::integer + a + {n} FROM {t.name}'
            if self.chance(40):
                body += f' WHERE {self.condition(t)}'
        return f'{verb} FUNCTION {name}(a integer) RETURNS integer ' \
            f"LANGUAGE sql AS $f${body}$f$"

    def drop_function(self):
        plain = [n for n, k in self.schema.functions.items() if k == 'plain']
        if not plain:
            return None
        name = self.pick(plain)
        del self.schema.functions[name]
        return f'DROP FUNCTION {name}(integer)'

    def trigger_function(self, verb, name):
        o = self.pick(self.schema.tables.values())
        self.touched.add(o.name)
        if o.plain() and self.chance(70):
            c = self.pick(o.plain())
            body = f'UPDATE {o.name} SET {c.name} = {self.literal(c.kind)} ' \
                f'WHERE {self.condition(o)}'
        else:
            body = f'DELETE FROM {o.name} WHERE {self.condition(o)}'
        return f'{verb} FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql ' \
            f'AS $f$BEGIN {body}; RETURN NULL; END$f$'

    def create_trigger_pg(self):
        t = self.table()
        have = [n for n, k in self.schema.functions.items() if k == 'trigger']
        sql = ''
        if have and self.chance(50):
            f = self.pick(have)
        else:
            f = self.fresh(self.schema.functions, 'tf_')
            self.schema.functions[f] = 'trigger'
            sql = self.trigger_function('CREATE', f) + ';\n'
        name = self.fresh(t.triggers, 'tr_')
        t.triggers[name] = f
        event = self.pick(('INSERT', 'UPDATE', 'DELETE', 'INSERT OR UPDATE'))
        return f'{sql}CREATE TRIGGER {name} AFTER {event} ON {t.name} FOR ' \
            f'EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION {f}()'

    def replace_trigger_function(self):
        have = [n for n, k in self.schema.functions.items() if k == 'trigger']
        if not have:
            return None
        return self.trigger_function('CREATE OR REPLACE', self.pick(have))

    def drop_trigger_pg(self):
        t = self.table(lambda t: t.triggers)
        if not t:
            return None
        name = self.pick(t.triggers)
        del t.triggers[name]
        return f'DROP TRIGGER {name} ON {t.name}'

    # --- types and sequences ---

    def create_enum(self):
        name = self.fresh(set(self.schema.enums) | self.relations(), 'e_')
        labels = self.rnd.sample(TEXTS_OF_ENUMS, 3)
        self.schema.enums[name] = labels
        quoted = ', '.join(f"'{x}'" for x in labels)
        return f'CREATE TYPE {name} AS ENUM ({quoted})'

    def add_label(self):
        if not self.schema.enums:
            return None
        e = self.pick(self.schema.enums)
        label = self.fresh(self.schema.enums[e])
        where = ''
        if self.chance(30):
            where = f" {self.pick(('BEFORE', 'AFTER'))} " \
                f"'{self.pick(self.schema.enums[e])}'"
        return f"ALTER TYPE {e} ADD VALUE '{label}'{where}"

    def rename_label(self):
        if not self.schema.enums:
            return None
        e = self.pick(self.schema.enums)
        labels = self.schema.enums[e]
        old, new = self.pick(labels), self.fresh(labels)
        labels[labels.index(old)] = new
        return f"ALTER TYPE {e} RENAME VALUE '{old}' TO '{new}'"

    def create_sequence(self):
        name = self.fresh(self.relations(), 's_')
        self.schema.sequences.append(name)
        return f'CREATE SEQUENCE {name} START {self.rnd.randrange(1, 50)}'

    def alter_sequence(self):
        if not self.schema.sequences:
            return None
        name = self.pick(self.schema.sequences)
        return f'ALTER SEQUENCE {name} INCREMENT BY {self.rnd.randrange(2, 9)}'

    def drop_sequence(self):
        if not self.schema.sequences:
            return None
        name = self.pick(self.schema.sequences)
        self.schema.sequences.remove(name)
        return f'DROP SEQUENCE {name}'

    # --- what is said about things ---

    def comment(self):
        t = self.table()
        text = self.pick(WORDS_OF_COMMENTS)
        if self.chance(50):
            return f"COMMENT ON TABLE {t.name} IS '{text}'"
        c = self.pick(t.columns)
        return f"COMMENT ON COLUMN {t.name}.{c.name} IS '{text}'"

    def grant(self):
        t = self.table()
        return f'GRANT {self.pick(PRIVILEGES)} ON {t.name} TO ' \
            f'{self.pick(ROLES)}'

    def revoke(self):
        t = self.table()
        return f'REVOKE {self.pick(PRIVILEGES)} ON {t.name} FROM ' \
            f'{self.pick(ROLES)}'


TEXTS_OF_ENUMS = ('low', 'mid', 'high', 'top', 'none')
WORDS_OF_COMMENTS = ('first', 'second', 'third')
