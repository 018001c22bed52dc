"""PostgreSQL: types, sequences, views, schemas, and what is allowed on them."""

ROLES = ('verdict_app', 'verdict_web')
PRIVILEGES = ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
EXTENSIONS = ('citext', 'unaccent', 'fuzzystrmatch', 'tablefunc')
KINDS = ('insert', 'update', 'insert, update, delete')
SETTINGS = (('work_mem', ("'4MB'", "'8MB'")),
            ('statement_timeout', ("'15s'", "'17s'")))


class PgTypes:
    # --- domains and composites ---

    def type_names(self):
        s = self.schema
        return set(s.enums) | set(s.domains) | set(s.composites) | \
            self.relations()

    def create_domain(self):
        name = self.fresh(self.type_names(), 'd_')
        kind = self.pick(('int', 'text'))
        self.schema.domains[name] = (kind, [])
        sql = f'CREATE DOMAIN {name} AS {self.type_of(kind)}'
        if self.chance(30):
            sql += f' DEFAULT {self.literal(kind)}'
        return sql

    def domain_check(self, kind):
        return f'VALUE < {self.pick((3, 4, 2000))}' if kind == 'int' else \
            f'length(VALUE) < {self.pick((4, 20))}'

    def alter_domain(self):
        if not self.schema.domains:
            return None
        name = self.pick(self.schema.domains)
        kind, checks = self.schema.domains[name]
        head = f'ALTER DOMAIN {name}'
        roll = self.rnd.randrange(4)
        if roll == 0 and checks:
            return f'{head} DROP CONSTRAINT {checks.pop()}'
        if roll == 1:
            return f'{head} SET DEFAULT {self.literal(kind)}'
        if roll == 2:
            return f"{head} {self.pick(('SET', 'DROP'))} NOT NULL"
        check = self.fresh(checks, 'dk_')
        checks.append(check)
        return f'{head} ADD CONSTRAINT {check} CHECK ' \
            f'({self.domain_check(kind)})'

    def add_domain_column(self):
        t = self.table()
        if not self.schema.domains:
            return None
        c = self.column_of(t.names())
        c.kind = f'domain {self.pick(self.schema.domains)}'
        c.default, c.notnull, c.fresh = None, False, True
        t.columns.append(c)
        return f'ALTER TABLE {t.name} ADD COLUMN {self.declaration(c)}'

    def create_composite(self):
        name = self.fresh(self.type_names(), 'y_')
        self.schema.composites[name] = ['one', 'two']
        return f'CREATE TYPE {name} AS (one integer, two text)'

    def alter_composite(self):
        if not self.schema.composites:
            return None
        name = self.pick(self.schema.composites)
        parts = self.schema.composites[name]
        head = f'ALTER TYPE {name}'
        roll = self.rnd.randrange(3)
        if roll == 0 and len(parts) > 1:
            gone = self.pick(parts)
            parts.remove(gone)
            return f'{head} DROP ATTRIBUTE {gone}'
        new = self.fresh(parts)
        if roll == 1:
            old = self.pick(parts)
            parts[parts.index(old)] = new
            return f'{head} RENAME ATTRIBUTE {old} TO {new}'
        parts.append(new)
        return f"{head} ADD ATTRIBUTE {new} {self.pick(('integer', 'text'))}"

    def all_types(self):
        s = self.schema
        return [('TYPE', s.enums, n) for n in s.enums] + \
            [('DOMAIN', s.domains, n) for n in s.domains] + \
            [('TYPE', s.composites, n) for n in s.composites]

    def drop_type(self):
        if not self.all_types():
            return None
        word, of, name = self.pick(self.all_types())
        del of[name]
        return f'DROP {word} {name}'

    def rename_type(self):
        if not self.all_types():
            return None
        word, of, name = self.pick(self.all_types())
        new = self.fresh(self.type_names(), 'y_')
        of[new] = of.pop(name)
        for t in self.schema.tables.values():
            for c in t.columns:
                if c.kind in (f'enum {name}', f'domain {name}'):
                    c.kind = f'{c.kind.split()[0]} {new}'
        return f'ALTER {word} {name} RENAME TO {new}'

    # --- sequences ---

    def rename_sequence(self):
        if not self.schema.sequences:
            return None
        name = self.pick(self.schema.sequences)
        new = self.fresh(self.relations(), 's_')
        self.schema.sequences.remove(name)
        self.schema.sequences.append(new)
        return f'ALTER SEQUENCE {name} RENAME TO {new}'

    def restart_sequence(self):
        return self.schema.sequences and 'ALTER SEQUENCE %s RESTART WITH %d' \
            % (self.pick(self.schema.sequences), self.rnd.randrange(9, 99))

    def own_sequence(self):
        if not self.schema.sequences:
            return None
        t = self.table()
        return f'ALTER SEQUENCE {self.pick(self.schema.sequences)} OWNED BY ' \
            f'{t.name}.{self.pick(t.columns).name}'

    def next_value(self):
        return self.schema.sequences and \
            f"SELECT nextval('{self.pick(self.schema.sequences)}')"

    # --- views ---

    def rename_view(self):
        if not self.schema.views:
            return None
        v = self.schema.views.pop(self.pick(self.schema.views))
        old, v.name = v.name, self.fresh(self.relations(), 'v_')
        self.schema.views[v.name] = v
        return f'ALTER VIEW {old} RENAME TO {v.name}'

    def alter_view(self):
        views = [v for v in self.schema.views.values() if not v.star]
        if not views:
            return None
        v = self.pick(views)
        roll = self.rnd.randrange(3)
        if roll == 0:
            return f'ALTER VIEW {v.name} SET (security_barrier = ' \
                f"{self.pick(('true', 'false'))})"
        c = self.pick(v.columns)
        if roll == 1:
            new = self.fresh(v.columns)
            v.columns[v.columns.index(c)] = new
            return f'ALTER VIEW {v.name} RENAME COLUMN {c} TO {new}'
        return f'ALTER VIEW {v.name} ALTER COLUMN {c} SET DEFAULT NULL'

    def create_view_of_two(self):
        """Of a table and another one, or a view."""
        t = self.table()
        others = [(o.name, o.names()) for o in self.schema.tables.values()
                  if o is not t] + \
            [(v.name, v.columns) for v in self.schema.views.values()
             if not v.star]
        if not others:
            return None
        o, columns = self.pick(others)
        self.touched.add(o)
        name = self.fresh(self.relations(), 'v_')
        mine, theirs = self.pick(t.columns).name, self.pick(columns)
        return f'CREATE VIEW {name} AS SELECT a.{mine} AS one, b.{theirs} ' \
            f'AS two FROM {t.name} a, {o} b'

    def drop_matview(self):
        if not self.schema.matviews:
            return None
        name = self.pick(self.schema.matviews)
        del self.schema.matviews[name]
        return f'DROP MATERIALIZED VIEW {name}'

    def refresh_matview(self):
        if not self.schema.matviews:
            return None
        name = self.pick(self.schema.matviews)
        self.touched.add(self.schema.matviews[name])
        return f'REFRESH MATERIALIZED VIEW {name}'

    # --- schemas and extensions ---

    def create_schema(self):
        name = self.fresh(self.schema.schemas, 'n_')
        self.schema.schemas.append(name)
        return f'CREATE SCHEMA {name}'

    def drop_schema(self):
        if not self.schema.schemas:
            return None
        name = self.pick(self.schema.schemas)
        self.schema.schemas.remove(name)
        return f"DROP SCHEMA {name}{' CASCADE' if self.chance(40) else ''}"

    def rename_schema(self):
        if not self.schema.schemas:
            return None
        name = self.pick(self.schema.schemas)
        new = self.fresh(self.schema.schemas, 'n_')
        self.schema.schemas[self.schema.schemas.index(name)] = new
        return f'ALTER SCHEMA {name} RENAME TO {new}'

    def set_schema(self):
        """A table moves out of sight."""
        t = self.table(lambda t: not self.used(t) and not t.triggers)
        if not t or not self.schema.schemas:
            return None
        del self.schema.tables[t.name]
        return f'ALTER TABLE {t.name} SET SCHEMA ' \
            f'{self.pick(self.schema.schemas)}'

    def create_table_there(self):
        return self.schema.schemas and 'CREATE TABLE %s.%s (a integer, b ' \
            'text)' % (self.pick(self.schema.schemas),
                       self.fresh((), 't_'))

    def create_extension(self):
        name = self.pick(EXTENSIONS)
        soft = 'IF NOT EXISTS ' if self.chance(60) else ''
        return f'CREATE EXTENSION {soft}{name}'

    def drop_extension(self):
        soft = 'IF EXISTS ' if self.chance(60) else ''
        return f'DROP EXTENSION {soft}{self.pick(EXTENSIONS)}'

    # --- privileges, roles, settings ---

    def give(self, what):
        """GRANT or REVOKE."""
        if self.chance(65):
            return f'GRANT {what} TO {self.pick(ROLES)}'
        return f'REVOKE {what} FROM {self.pick(ROLES)}'

    def grant_all(self):
        what = self.pick(('TABLES', 'SEQUENCES', 'FUNCTIONS'))
        may = {'TABLES': self.pick(PRIVILEGES + ('ALL',)),
               'SEQUENCES': self.pick(('USAGE', 'SELECT', 'ALL')),
               'FUNCTIONS': 'EXECUTE'}[what]
        return self.give(f'{may} ON ALL {what} IN SCHEMA public')

    def grant_default(self):
        what = self.pick(('TABLES', 'SEQUENCES', 'FUNCTIONS', 'TYPES'))
        may = {'TABLES': self.pick(PRIVILEGES + ('ALL',)),
               'SEQUENCES': self.pick(('USAGE', 'SELECT')),
               'FUNCTIONS': 'EXECUTE', 'TYPES': 'USAGE'}[what]
        where = ' IN SCHEMA public' if self.chance(70) else ''
        return f'ALTER DEFAULT PRIVILEGES{where} ' + \
            self.give(f'{may} ON {what}')

    def grant_columns(self):
        t = self.table()
        return self.give(f"{self.pick(('SELECT', 'UPDATE'))} "
                         f'({self.pick(t.columns).name}) ON {t.name}')

    def grant_thing(self):
        """On what is no table."""
        s = self.schema
        fits = [f'USAGE ON SEQUENCE {n}' for n in s.sequences] + \
            [f'EXECUTE ON FUNCTION {n}' for n, k in s.functions.items()
             if k == 'plain'] + \
            [f'{w} ON SCHEMA {n}' for n in s.schemas + ['public']
             for w in ('USAGE', 'CREATE')] + \
            [f'USAGE ON TYPE {n}' for _, _, n in self.all_types()]
        return self.give(self.pick(fits))

    def grant_role(self):
        a, b = self.rnd.sample(ROLES + tuple(self.schema.roles), 2)
        return f'GRANT {a} TO {b}' if self.chance(70) else \
            f'REVOKE {a} FROM {b}'

    def create_role(self):
        name = self.fresh(self.schema.roles, 'verdict_')
        self.schema.roles.append(name)
        return f"CREATE ROLE {name}{self.pick(('', ' LOGIN'))}"

    def alter_role(self):
        name = self.pick(ROLES + tuple(self.schema.roles))
        return f'ALTER ROLE {name} ' + self.pick((
            'LOGIN', 'NOLOGIN', 'CREATEDB', 'CONNECTION LIMIT 3',
            'SET work_mem = 4096', "SET search_path = 'public'"))

    def drop_role(self):
        if not self.schema.roles:
            return None
        name = self.pick(self.schema.roles)
        self.schema.roles.remove(name)
        return f'DROP ROLE {name}'

    def owner(self):
        s = self.schema
        fits = [f'VIEW {n}' for n in s.views] + \
            [f'MATERIALIZED VIEW {n}' for n in s.matviews] + \
            [f'SEQUENCE {n}' for n in s.sequences] + \
            [f'SCHEMA {n}' for n in s.schemas] + \
            [f'FUNCTION {n}' for n, k in s.functions.items()
             if k == 'plain'] + \
            [f'{w} {n}' for w, _, n in self.all_types()]
        what = self.pick(fits) if fits and self.chance(40) else \
            f'TABLE {self.table().name}'
        return f'ALTER {what} OWNER TO {self.pick(ROLES)}'

    def set_local(self):
        name, values = self.pick(SETTINGS)
        return f'SET LOCAL {name} = {self.pick(values)}'

    # --- things that stand alone ---

    def create_aggregate(self):
        name = self.fresh(self.schema.functions, 'a_')
        return f'CREATE AGGREGATE {name} (integer) (SFUNC = int4pl, STYPE = ' \
            f"integer, INITCOND = '{self.rnd.randrange(5)}')"

    def create_collation(self):
        return f"CREATE COLLATION {self.fresh((), 'l_')} FROM " \
            f"{self.pick(('pg_catalog.C', 'POSIX'))}".replace(
                'pg_catalog.C', 'pg_catalog."C"').replace(
                    'POSIX', 'pg_catalog."POSIX"')

    def create_operator(self):
        sign = self.pick(('<%', '<#', '<@>', '|-|', '##>'))
        return f'CREATE OPERATOR {sign} (LEFTARG = integer, RIGHTARG = ' \
            'integer, FUNCTION = ' \
            f"{self.pick(('int4pl', 'int4mi'))})"

    def create_publication(self):
        name = self.fresh(self.schema.publications, 'u_')
        self.schema.publications.append(name)
        roll = self.rnd.randrange(10)
        # not ALL TABLES: of a table that is as new as the transaction, the
        # server does not hear of it
        if roll == 0:
            where = self.pick(self.schema.schemas + ['public'])
            what = f'TABLES IN SCHEMA {where}'
        else:
            what = f'TABLE {self.published()}'
        does = self.pick(('', '', '', " WITH (publish = 'insert, update')",
                          " WITH (publish = 'insert')"))
        return f'CREATE PUBLICATION {name} FOR {what}{does}'

    def published(self):
        """A table; now and then not all of it."""
        t = self.table()
        only = 'ONLY ' if self.chance(10) else ''
        roll = self.rnd.randrange(10)
        if roll == 0:
            cols = ', '.join(c.name for c in self.some(t.columns, 2))
            return f'{only}{t.name} ({cols})'
        if roll == 1:
            return f'{only}{t.name} WHERE ({self.condition(t)})'
        return only + t.name

    def alter_publication(self):
        if not self.schema.publications:
            return None
        name = self.pick(self.schema.publications)
        does = self.pick(('ADD', 'ADD', 'SET', 'DROP', 'RENAME'))
        if does == 'RENAME':
            new = self.fresh(self.schema.publications, 'u_')
            self.schema.publications.remove(name)
            self.schema.publications.append(new)
            return f'ALTER PUBLICATION {name} RENAME TO {new}'
        if does == 'SET' and self.chance(50):
            return f"ALTER PUBLICATION {name} SET (publish = '" \
                f"{self.pick(KINDS)}')"
        table = self.table().name if does == 'DROP' else self.published()
        return f'ALTER PUBLICATION {name} {does} TABLE {table}'

    def create_foreign_table(self):
        name = self.fresh(self.relations(), 'o_')
        return f'CREATE FOREIGN TABLE {name} (a integer, b text) SERVER ' \
            'verdict_far'
