"""Statements that write rows."""


class Dml:
    def condition(self, t):
        """Which rows: mostly by one value."""
        known = [c for c in t.columns if not c.fresh] or t.columns
        c = self.pick(known)
        roll = self.rnd.randrange(10)
        value = self.value(t, c)
        if roll < 6:
            self.hint(t, {c.name: value})
            return f'{c.name} = {value}'
        if roll < 8:
            other = self.pick([o for o in known if o != c] or [c])
            second = self.value(t, other)
            self.hint(t, {c.name: value, other.name: second})
            return f'{c.name} = {value} AND {other.name} = {second}'
        if roll < 9 and c.kind in ('int', 'big', 'num') and value != 'NULL':
            self.hint(t, {c.name: str(float(value) + 1) if '.' in value
                          else str(int(value) + 1)})
            return f'{c.name} > {value}'
        return f'{c.name} IS NOT NULL'

    def new_value(self, c):
        if c.default is not None and not c.notnull and self.chance(5):
            return 'NULL'
        return self.literal(c.kind, c.unique or c.key or self.chance(10))

    def row(self, t):
        """Columns and constants of a new row."""
        cols = [c for c in t.columns if not c.made or self.chance(25)]
        cols = [c for c in cols if c.notnull and c.default is None or c.key
                or c.unique or self.chance(80)]
        cols = cols or t.columns[-1:]
        values = []
        for c in cols:
            fks = [rest for kind, on, rest in t.constraints.values()
                   if kind == 'fk' and c.name in on]
            if fks and fks[0] in self.schema.tables:
                values.append(self.parent_key(fks[0]))
            else:
                values.append(self.literal(c.kind, True) if c.made
                              else self.new_value(c))
        self.hint(t, {c.name: v for c, v in zip(cols, values)})
        return cols, values

    def parent_key(self, name):
        parent = self.schema.tables[name]
        key = parent.columns[0]
        have = [r[key.name] for r in parent.rows if key.name in r]
        return self.pick(have) if have else 'NULL'

    def insert(self):
        t = self.table()
        cols, values = self.row(t)
        if len(cols) == len(t.columns) and self.chance(25):
            return f"INSERT INTO {t.name} VALUES ({', '.join(values)})"
        names = ', '.join(c.name for c in cols)
        return f"INSERT INTO {t.name} ({names}) VALUES ({', '.join(values)})"

    def insert_expression(self):
        t = self.table()
        cols, values = self.row(t)
        for i, c in enumerate(cols):
            if c.key or c.unique:
                continue
            o = self.pick(self.schema.tables.values())
            same = [x for x in o.columns if x.kind == c.kind]
            if c.kind in ('int', 'big') and self.chance(60):
                values[i] = f'(SELECT count(*) FROM {o.name})'
                self.touched.add(o.name)
            elif c.kind in ('text', 'num') and same and not c.notnull:
                values[i] = f'(SELECT max({same[0].name}) FROM {o.name})'
                self.touched.add(o.name)
        names = ', '.join(c.name for c in cols)
        return f"INSERT INTO {t.name} ({names}) VALUES ({', '.join(values)})"

    def insert_select(self):
        t = self.table(lambda t: not any(c.key and not c.made
                                         for c in t.columns))
        if not t:
            return None
        source = self.pick(self.schema.tables.values())
        cols = [c for c in t.plain() if not c.unique and
                not any(c.name in on for _, on, _ in t.constraints.values())]
        values = []
        for c in cols:
            same = [o.name for o in source.columns if o.kind == c.kind and
                    (o.notnull or not c.notnull)]
            values.append(self.pick(same) if same and self.chance(70)
                          else self.new_value(c))
        if not cols:
            return None
        self.touched.add(source.name)
        where = f' WHERE {self.condition(source)}' if self.chance(60) else ''
        # rows come in any order, and get their keys in it
        order = ', '.join(str(i + 1) for i in range(len(cols)))
        return f"INSERT INTO {t.name} ({', '.join(c.name for c in cols)}) " \
            f"SELECT {', '.join(values)} FROM {source.name}{where} " \
            f'ORDER BY {order}'

    def update(self):
        """To constants."""
        t = self.table(lambda t: t.plain())
        if not t:
            return None
        values = {c.name: self.new_value(c) for c in self.some(t.plain(), 2)}
        self.hint(t, values)
        sets = ', '.join(f'{c} = {v}' for c, v in values.items())
        where = f' WHERE {self.condition(t)}' if self.chance(80) else ''
        if any(f'{c} = {v}' in where for c, v in values.items()):
            return None  # they are so already
        return f'UPDATE {t.name} SET {sets}{where}'

    def update_expression(self):
        t = self.table(lambda t: t.plain())
        if not t:
            return None
        c = self.pick(t.plain())
        same = [o for o in t.columns if o.kind == c.kind and o != c]
        if c.kind in ('int', 'big', 'num') and self.chance(60):
            value = f'{self.pick(same + [c]).name} + 1'
        elif c.kind in ('text', 'short') and self.chance(50):
            value = f'upper({self.pick(same + [c]).name})'
        elif c.kind in ('int', 'text') and len(self.schema.tables) > 1:
            o = self.pick(x for x in self.schema.tables.values() if x != t)
            self.touched.add(o.name)
            value = f'(SELECT count(*) FROM {o.name})'
            if c.kind == 'text':
                value = f'CAST({value} AS {self.type_of(c.kind)})'
        elif same:
            value = self.pick(same).name
        else:
            return None
        where = f' WHERE {self.condition(t)}' if self.chance(70) else ''
        return f'UPDATE {t.name} SET {c.name} = {value}{where}'

    def delete(self):
        t = self.table()
        if self.chance(10):
            return f'DELETE FROM {t.name}'
        if self.chance(10) and len(self.schema.tables) > 1:
            o = self.pick(x for x in self.schema.tables.values() if x != t)
            mine, theirs = self.pick(t.columns), self.pick(o.columns)
            if mine.kind == theirs.kind:
                self.touched.add(o.name)
                return f'DELETE FROM {t.name} WHERE {mine.name} IN ' \
                    f'(SELECT {theirs.name} FROM {o.name})'
        return f'DELETE FROM {t.name} WHERE {self.condition(t)}'
