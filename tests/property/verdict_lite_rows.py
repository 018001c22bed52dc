"""Statements that write rows as SQLite alone lets them be written."""


class LiteRows:
    def joined(self, *ends):
        """Rows of two tables that have the same value there."""
        c = ends[0][1]
        value = self.value(*ends[0]) if self.chance(50) \
            else self.constant(c.kind, False)
        for t, column in ends:
            self.hint(t, {column.name: value})

    def keyed(self):
        """A table, and a column of it that is a key by itself."""
        t = self.table(lambda t: any(c.key or c.unique for c in t.columns))
        return (t, self.pick(c for c in t.columns if c.key or c.unique)) \
            if t else (None, None)

    def insert_or(self, what):
        t, c = self.keyed()
        if not t:
            return None
        cols, values = self.row(t)
        if self.chance(70):
            value = self.value(t, c)
            if c in cols:
                values[cols.index(c)] = value
            else:
                cols, values = [c] + cols, [value] + values
        names = ', '.join(x.name for x in cols)
        return f"{what} INTO {t.name} ({names}) VALUES ({', '.join(values)})"

    def insert_or_ignore(self):
        return self.insert_or('INSERT OR IGNORE')

    def insert_or_replace(self):
        return self.insert_or(self.pick(('INSERT OR REPLACE', 'REPLACE')))

    def insert_or_other(self):
        return self.insert_or(self.pick(('INSERT OR ABORT', 'INSERT OR FAIL',
                                         'INSERT OR ROLLBACK')))

    def insert_many(self):
        t = self.table()
        cols, values = self.row(t)
        rows = [values]
        for _ in range(self.rnd.randint(1, 3)):
            rows.append([v if c.made or x.isdigit() and c.key else
                         self.new_value(c) if not (c.key or c.unique)
                         else self.literal(c.kind, True)
                         for c, v, x in zip(cols, values, values)])
        if any(c.made for c in cols):
            rows = rows[:1]
        names = ', '.join(c.name for c in cols)
        return f'INSERT INTO {t.name} ({names}) VALUES ' + ', '.join(
            f"({', '.join(r)})" for r in rows)

    def insert_view(self):
        views = [v for v in self.schema.views.values()
                 if getattr(v, 'writable', None) and
                 v.table in self.schema.tables]
        if not views:
            return None
        v = self.pick(views)
        t = self.schema.tables[v.table]
        cols = [t.column(n) for n in v.writable if n in t.names()]
        if not cols:
            return None
        self.touched.add(t.name)
        values = [self.literal(c.kind, c.key or c.unique) for c in cols]
        return f"INSERT INTO {v.name} ({', '.join(c.name for c in cols)}) " \
            f"VALUES ({', '.join(values)})"

    def update_key(self):
        t, c = self.keyed()
        if not t:
            return None
        if c.kind == 'int' and self.chance(30):
            new = f'{c.name} + {self.pick((1, 10, 100))}'
        else:
            new = self.literal(c.kind, True) if self.chance(50) \
                else self.value(t, c)
            self.hint(t, {c.name: new})
        return f'UPDATE {t.name} SET {c.name} = {new} WHERE ' \
            f'{self.condition(t)}'

    def update_or(self):
        t = self.table(lambda t: any(c.key or c.unique for c in t.columns)
                       or t.indexes)
        if not t:
            return None
        c = self.pick(t.columns)
        how = self.pick(('IGNORE', 'REPLACE'))
        new, where = f'{c.name} = {self.value(t, c)}', self.condition(t)
        if new in where:
            return None  # they are so already
        return f'UPDATE OR {how} {t.name} SET {new} WHERE {where}'

    def update_from_key(self):
        """A value out of the one row of another table that fits."""
        t = self.table(lambda t: t.plain())
        others = [o for o in self.schema.tables.values()
                  if o is not t and o.columns[0].key]
        if not t or not others:
            return None
        o, c = self.pick(others), self.pick(t.plain())
        same = [x for x in o.columns if x.kind == c.kind and not x.key]
        mine = [x for x in t.columns if x.kind == o.columns[0].kind]
        if not same or not mine:
            return None
        self.touched.add(o.name)
        one = self.pick(mine)
        self.joined((t, one), (o, o.columns[0]))
        return f'UPDATE {t.name} SET {c.name} = s.{self.pick(same).name} ' \
            f'FROM {o.name} AS s WHERE s.{o.columns[0].name} = ' \
            f'{t.name}.{one.name}'

    def update_from_other(self):
        """All rows that fit get one constant."""
        t = self.table(lambda t: t.plain())
        others = [o for o in self.schema.tables.values() if o is not t]
        if not t or not others:
            return None
        o, c = self.pick(others), self.pick(t.plain())
        pairs = [(a, b) for a in t.columns for b in o.columns
                 if a.kind == b.kind]
        if not pairs:
            return None
        mine, theirs = self.pick(pairs)
        self.touched.add(o.name)
        self.joined((t, mine), (o, theirs))
        return f'UPDATE {t.name} SET {c.name} = {self.literal(c.kind)} FROM ' \
            f'{o.name} WHERE {t.name}.{mine.name} = {o.name}.{theirs.name}'

    def update_row(self):
        """Several columns at once, out of one query."""
        t = self.table(lambda t: len(t.plain()) > 1)
        o = self.pick(self.schema.tables.values())
        if not t or o is t:
            return None
        two = self.rnd.sample(t.plain(), 2)
        values = []
        for c in two:
            same = [x.name for x in o.columns if x.kind == c.kind]
            values.append(f'max({self.pick(same)})' if same
                          else self.literal(c.kind))
        self.touched.add(o.name)
        return f'UPDATE {t.name} SET ({two[0].name}, {two[1].name}) = ' \
            f"(SELECT {', '.join(values)} FROM {o.name}) WHERE " \
            f'{self.condition(t)}'

    def common(self):
        o = self.pick(self.schema.tables.values())
        c = self.pick(o.columns)
        self.touched.add(o.name)
        where = f' WHERE {self.condition(o)}' if self.chance(60) else ''
        return o, c, f'WITH some AS (SELECT {c.name} AS one FROM ' \
            f'{o.name}{where})'

    def update_cte(self):
        t = self.table(lambda t: t.plain())
        if not t:
            return None
        o, c, query = self.common()
        mine = [x for x in t.columns if x.kind == c.kind]
        if not mine:
            return None
        to, one = self.pick(t.plain()), self.pick(mine)
        self.joined((o, c), (t, one))
        return f'{query} UPDATE {t.name} SET {to.name} = ' \
            f'{self.new_value(to)} WHERE {one.name} IN (SELECT one FROM some)'

    def delete_cte(self):
        t = self.table()
        o, c, query = self.common()
        mine = [x for x in t.columns if x.kind == c.kind]
        if not mine:
            return None
        one = self.pick(mine)
        self.joined((o, c), (t, one))
        return f'{query} DELETE FROM {t.name} WHERE {one.name} IN ' \
            '(SELECT one FROM some)'

    def insert_cte(self):
        t = self.table(lambda t: not any(c.key and not c.made
                                         for c in t.columns))
        if not t:
            return None
        _, c, query = self.common()
        fit = [x for x in t.plain() if x.kind == c.kind and not x.unique and
               not any(x.name in on for _, on, _ in t.constraints.values())]
        return fit and f'{query} INSERT INTO {t.name} ' \
            f'({self.pick(fit).name}) SELECT one FROM some ORDER BY 1'

    def delete_in(self):
        t = self.table()
        o = self.pick(self.schema.tables.values())
        pairs = [(a, b) for a in t.columns for b in o.columns
                 if a.kind == b.kind]
        if o is t or not pairs:
            return None
        mine, theirs = self.pick(pairs)
        self.touched.add(o.name)
        self.joined((t, mine), (o, theirs))
        no = 'NOT ' if self.chance(20) else ''
        return f'DELETE FROM {t.name} WHERE {no}EXISTS (SELECT 1 FROM ' \
            f'{o.name} AS s WHERE s.{theirs.name} = {t.name}.{mine.name})'

    def delete_limited(self):
        """The least ones by a key: which these are, the rows decide."""
        t, c = self.keyed()
        return t and f'DELETE FROM {t.name} WHERE {c.name} IN (SELECT ' \
            f'{c.name} FROM {t.name} ORDER BY {c.name} LIMIT 2)'
