"""What generators of both dialects share: random choice, and the way to a case.

Each statement is tried on a database first, and what fails there is thrown
away: so statements are made from what the database has at that point.
"""

import random

from case import Case, Statement

TRIES = 8


class Generator:
    """A dialect has: DML, DDL, LATER, attempt(), make_table(), add_rows(),
    hang_on(), dml(), ddl(), again()."""

    def __init__(self, dialect, seed):
        self.rnd = random.Random(f'{dialect} {seed}')
        self.case = Case(dialect, seed)
        self.n = 0

    def pick(self, items):
        return self.rnd.choice(list(items))

    def chance(self, percent):
        return self.rnd.randrange(100) < percent

    def fresh(self, prefix):
        self.n += 1
        return f'{prefix}{self.n}'

    def before(self, names):
        made = self.case.tables
        for name in self.rnd.sample(names, 1 + self.rnd.randrange(3)):
            for _ in range(TRIES):
                table = self.make_table(name, made)
                if self.attempt(table.sql()):
                    made.append(table)
                    break
        for table in made:
            self.add_rows(table)
        for make, percent in self.hang_on():
            if self.chance(percent):
                sql = make()
                if self.attempt(sql):
                    self.case.extra.append(sql)

    def migration(self):
        for _ in range(self.pick((1, 1, 2, 2, 3, 4))):
            for _ in range(TRIES):
                kind = self.pick(self.DML if self.chance(50) else self.DDL)
                try:
                    sql, effects = (self.dml(kind), []) if kind in self.DML \
                        else self.ddl(kind)
                except IndexError:
                    continue  # there is nothing of the kind
                if self.attempt(sql):
                    self.case.migration.append(Statement(kind, sql, effects))
                    break

    def later(self):
        if self.chance(25):
            return
        for _ in range(1 + self.rnd.randrange(6)):
            for _ in range(TRIES):
                kind = self.pick(self.LATER)
                try:
                    sql = self.again() if kind == 'again' else \
                        'VACUUM' if kind == 'vacuum' else self.dml(kind)
                except IndexError:
                    continue
                if kind == 'vacuum' or self.attempt(sql):
                    self.case.later.append(Statement(kind, sql))
                    break

    def options(self):
        self.case.foreign_keys = self.chance(35)
        self.case.prove = self.chance(25)
        self.case.store = 'database' if self.chance(20) else 'clone'
