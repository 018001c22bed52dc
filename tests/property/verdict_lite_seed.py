"""Other rows for the tables of a SQLite base: such as show whether two
migrations meet. Both sides' constants are common in them, keys included."""

EXTRA = {'int': ('1', '2', '3', '4'), 'text': ("'red'", "'new'"),
         'num': ('1.5', '2.5')}


class LiteSeed:
    def pool(self, sides):
        """Constants that either side has written, by their kind."""
        pool = {kind: set() for kind in EXTRA}
        for side in sides:
            for kind, value in side.drawn + self.hinted(side):
                if kind in pool:
                    pool[kind].add(value)
                if kind == 'int':  # behind a comparison, or a sum
                    pool[kind].add(str(int(value) + 1))
        return {kind: sorted(values) or list(EXTRA[kind])
                for kind, values in pool.items()}

    def hinted(self, side):
        """Constants of rows that matter, keys of parents among them."""
        known = {(t.name, c.name): c.kind
                 for t in self.schema.tables.values() for c in t.columns}
        return [(known[name, c], value) for name, values in side.hints
                for c, value in values.items() if (name, c) in known]

    def pooled(self, pool, kind):
        if not self.chance(65):
            return self.literal(kind)
        value = self.pick(pool[kind])
        if self.chance(90) or kind not in ('int', 'text'):
            return value
        # the same to an expression: upper(c), c % 7
        return value.upper() if kind == 'text' else str(int(value) + 7)

    def key_value(self, pool, c, used, number):
        """Keys that either side knows; or, of a whole table, one behind the
        other: then the next is one that comes by itself."""
        if used is None:
            return f"'k{number}'" if c.kind == 'text' else str(number)
        for _ in range(3):
            value = self.pick(pool[c.kind])
            if self.chance(50) and value not in used:
                break
            value = f"'k{number}'" if c.kind == 'text' else str(number)
        used.add(value)
        return value

    def lite_value(self, t, c, pool, used, number):
        parents = [rest for kind, on, rest in t.constraints.values()
                   if kind == 'fk' and c.name in on]
        if c.key or c.unique:
            return self.key_value(pool, c, None if used is None else
                                  used.setdefault(c.name, set()), number)
        if parents and self.schema.tables[parents[0]] is not t:
            return self.parent_key(parents[0])
        if parents or not c.notnull and self.chance(10):
            return 'NULL'
        return self.pooled(pool, c.kind)

    def lite_rows(self, t, sides, pool):
        given = [c for c in t.columns if c.made != 'computed']
        out, used, t.rows = [], None if self.chance(35) else {}, []
        for i in range(self.rnd.randint(0, 6)):
            row = {c.name: self.lite_value(t, c, pool, used, i + 1)
                   for c in given}
            for side in sides:
                number = next((row[c.name] for c in given if c.made), '')
                self.overlay(t, row, side, number)
            t.rows.append({n: v for n, v in row.items() if v != 'NULL'})
            # a row that the table does not take is none
            out.append(f"INSERT OR IGNORE INTO {t.name} "
                       f"({', '.join(c.name for c in given)}) VALUES "
                       f"({', '.join(row[c.name] for c in given)})")
        return out

    def lite_virtual_rows(self, pool):
        out = []
        for v in self.schema.virtuals.values():
            for i in range(self.rnd.randint(0, 5)):
                values = self.virtual_values(v) if v.module == 'rtree' else \
                    [self.pooled(pool, 'text') for _ in v.columns]
                if v.module == 'rtree' and self.chance(50):
                    values[0] = self.pick(pool['int'])
                out.append(
                    f"INSERT OR IGNORE INTO {v.name} "
                    f"({', '.join(c.name for c in v.columns)}) VALUES "
                    f"({', '.join(values)})")
        return out

    def lite_data(self, *sides):
        pool, out = self.pool(sides), []
        for t in self.schema.tables.values():
            out += self.lite_rows(t, sides, pool)
        return out + self.lite_virtual_rows(pool)
