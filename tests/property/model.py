"""What a rollback has to come to: a merge of plain rows, written again.

b, a, n, r: a row before the migration, after it, now (after later writes) and
after the rollback; None where there is none. Nothing here knows how the engine
works, only what it promises (docs/snapshots.md).
"""

import math
import struct
from collections import Counter

from case import Failure, quote, show
from state import difference


class Names:
    """Follows tables and columns through the migration, by what it says."""

    def __init__(self, case, before):
        self.table = {t: t for t in before.tables}
        self.columns = {t: {c: c for c in rows.columns}
                        for t, rows in before.tables.items()}
        self.dropped = set()   # tables before
        self.rebuilt = set()
        self.redone = set()    # (table, column) before: dropped
        for s in case.migration:
            for effect in s.effects:
                getattr(self, effect[0])(*effect[1:])

    def origin(self, name):
        for was, now in self.table.items():
            if now == name:
                return was
        return None

    def rebuild(self, name):
        was = self.origin(name)
        if was is None:
            return
        self.rebuilt.add(was)
        if was != name:  # as a table, too
            self.drop_table(name)
            return
        for col, now in self.columns[was].items():
            if now != col:  # known by their names alone
                self.columns[was][col] = None
                self.redone.add((was, col))

    def rename_table(self, old, new):
        was = self.origin(old)
        if was in self.rebuilt:  # known by its name alone
            self.drop_table(old)
        elif was is not None:
            self.table[was] = new

    def drop_table(self, name):
        was = self.origin(name)
        if was is not None:
            self.table[was] = None
            self.dropped.add(was)

    def _column(self, table, name, to):
        was = self.origin(table)
        if was is None:
            return
        for col, now in self.columns[was].items():
            if now == name:
                if was in self.rebuilt:  # known by its name alone
                    to = None
                self.columns[was][col] = to
                if to is None:
                    self.redone.add((was, col))

    def rename_column(self, table, old, new):
        self._column(table, old, new)

    def drop_column(self, table, name):
        self._column(table, name, None)

    def after(self, table, state):
        """The table's name behind the migration: one of the same name, too,
        that was made anew."""
        now = self.table[table]
        if now is None and table in state.tables and \
                table not in self.table.values():
            return table
        return now if now in state.tables else None

    def column(self, table, col, rows):
        now = self.columns[table][col]
        if now is None or now not in rows.columns:
            return col if col in rows.columns and \
                (now is None or table in self.dropped) else None
        return now


def literals(v):
    """How a value may be written in a conflict's key."""
    kind = v[0]
    if kind == 'null':
        return {'NULL'}
    if kind == 'int':
        return {str(v[1])}
    if kind == 'real':
        x = struct.unpack('>d', bytes.fromhex(v[1]))[0]
        out = {v[2]} | {f'{x:.{n}g}' for n in (15, 16, 17)}
        if x == int(x) if abs(x) < 1e300 else False:
            out.add(str(int(x)))
        return out
    if kind == 'text':
        s = v[1].replace(b'\0', b' ').decode('utf-8', 'backslashreplace')
        return {"'" + s.replace("'", "''") + "'"}
    if kind == 'blob':
        return {"x'" + v[1].hex().upper() + "'"}
    out = {v[1], "'" + v[1].replace("'", "''") + "'"}
    if v[1] in ('true', 'false'):  # as COPY prints a boolean
        out.add(f"'{v[1][0]}'")
    return out


def spelled(v):
    """A value without its type: a number where it looks like one."""
    if v[0] == 'null':
        return None
    text = v[1] if v[0] in ('text', 'blob') else str(v[-1])
    if isinstance(text, bytes):
        text = text.decode('utf-8', 'backslashreplace')
    try:
        return float(text)
    except ValueError:
        return text


def key_texts(rows, row, back):
    """@param back names before, by names behind the migration"""
    out = set()
    if row[0] is not None:
        out.add(f'rowid {row[0]}')
        if rows.rowid:
            out |= {f'{name} = {row[0]}' for name in
                    (rows.rowid, back.get(rows.rowid, rows.rowid))}
    if rows.key:
        texts = {''}
        for i, col in enumerate(rows.key):
            called = {f(c) for c in (col, back.get(col, col))
                      for f in (str, quote)}
            texts = {t + (', ' if i else '') + f'{name} = {lit}'
                     for t in texts for lit in literals(row[1][col])
                     for name in called}
        out |= texts
    return out


class Merge:
    """One table."""

    def __init__(self, name, names, states, listed, choice):
        self.name = name
        self.names = names
        self.choice = choice
        before, after, now, got = states
        self.b, self.r = before.tables[name], got.tables[name]
        self.a_name = names.after(name, after)
        self.a = after.tables.get(self.a_name)
        self.n = now.tables.get(self.a_name)
        self.columns = {c: self.a and names.column(name, c, self.a)
                        for c in self.b.columns}
        self.back = {to: c for c, to in self.columns.items() if to}
        self.loose = {c for c in self.b.columns
                      if name in names.dropped or (name, c) in names.redone}
        self.retyped = {
            c for c, to in self.columns.items()
            if to and self.a.types[to] != self.b.types[c]}
        self.listed = [d for d in listed
                       if d['table'] in (name, self.a_name)]
        self.orphans = [d for d in listed if d['what'] == 'ORPHANED']
        self.problems = []

    def project(self, row):
        """A row behind the migration, with the names before it."""
        return None if row is None else [row[0], {
            c: row[1][to] for c, to in self.columns.items() if to}]

    def tables(self):
        out = [(self.b, {c: c for c in self.b.columns})]
        if self.a:
            mapped = {c: to for c, to in self.columns.items()}
            out += [(self.a, mapped), (self.n, mapped)]
        return out + [(self.r, out[0][1])]

    def index(self, ident):
        """Rows of the four states by identity; None where it is none."""
        got = []
        tables = self.tables()
        if len(tables) == 2:
            tables = [tables[0], None, None, tables[1]]
        for t in tables:
            found = {}
            for row in t[0].all if t else ():
                key = ident(row, t[1], t[0])
                if key is None or key in found:
                    return None
                found[key] = row
            got.append(found)
        return got

    def by_key(self, row, names, _):
        if not self.b.key:
            return None
        out = []
        for col in self.b.key:
            if not names.get(col):
                return None
            v = row[1][names[col]]
            if col in self.retyped:
                v = ('any', spelled(v))
            elif v[0] == 'real':  # 1.0 and 1 are one key
                x = struct.unpack('>d', bytes.fromhex(v[1]))[0]
                if abs(x) < 2 ** 53 and x == int(x):
                    v = ('int', int(x))
            out.append(v)
        return tuple(out)

    def by_rowid(self, row, names, _):
        return row[0]

    def mentions(self, rows):
        texts = set()
        for t, row in zip((self.b, self.a, self.n), rows):
            if row is not None and t is not None:
                texts |= key_texts(t, row, self.back if t is not self.b
                                   else {})
        return texts

    def listing(self, rows):
        texts = self.mentions(rows)
        out = [d for d in self.listed if d['key'] in texts or
               (d['now'] in texts and d['column'] is None)]
        for d in self.orphans:
            if any(f'({t})' in (d['constraint'] or '') for t in texts):
                out.append(d)
        return out

    # --- laws ---

    def cell(self, col, b, a, n):
        """What a value has to be: (values, must be listed)."""
        to = self.columns[col]
        if not to:
            return (None if b is None else {b[1][col]}), False
        if b is None:
            return ({n[1][to]} if a is None else None), False
        vb, va, vn = b[1][col], a[1][to], n[1][to]
        if vn == va or vn == vb:
            return {vb}, False
        if va == vb:
            return {vn}, False
        if col in self.loose:
            return {vb, vn}, False
        if col in self.retyped:
            return {vn}, False
        return {vn} if self.choice == 'keep' else {vb}, True

    def row(self, b, a, n):
        """What a row has to be: (there, must be listed)."""
        if b is None:
            if a is None:
                return n is not None, False
            if n is None or self.project(n)[1] == self.project(a)[1]:
                return False, False
            return self.choice == 'keep', True
        if a is None:
            if n is None or self.project(n)[1] == self.own(b):
                return True, False
            return True, True
        if n is None and self.is_rekeyed(b, a):
            return True, False
        if n is None:
            same = self.project(a)[1] == self.own(b) and \
                all(self.columns.values())
            return False, not same
        return True, False

    def is_rekeyed(self, b, a):
        """Its key has another type: one row went, another came."""
        return self.b.typed_keys and any(
            self.columns[c] and b[1][c][0] != a[1][self.columns[c]][0]
            for c in self.retyped.intersection(self.b.key))

    def own(self, row):
        return {c: row[1][c] for c, to in self.columns.items() if to}

    def alternatives(self, b, n):
        """A row as it may be where it is listed."""
        return n if self.choice == 'keep' else b

    def loosely(self, v, w):
        """Equal, but for the type a column gives them. What PostgreSQL's
        casts make of a value only its server knows."""
        if v[0] == 'val':
            return w[0] == 'val'
        x, y = spelled(v), spelled(w)
        if isinstance(x, float) and isinstance(y, float):
            return x == y or math.isclose(x, y, rel_tol=1e-14)  # 15 digits
        return v == w or x == y

    def check_cells(self, key, rows, r, listed):
        b, a, n = rows
        alt = self.alternatives(b, self.project(n))
        for col in self.b.columns:
            if b is not None and a is None:
                want, must = {b[1][col]}, False
                if n is not None and listed and self.choice == 'keep' and \
                        self.columns[col]:
                    want = {n[1][self.columns[col]], b[1][col]}
            elif b is None and a is not None:
                to = self.columns[col]
                want, must = ({n[1][to]} if to else None), False
            elif n is None:
                want, must = {b[1][col]}, False
            else:
                want, must = self.cell(col, b, a, n)
            if must and not any(d['column'] in (None, col) for d in listed):
                self.problem('unlisted', key, rows, r, f'column {col}')
            got = r[1][col]
            if want is None or got in want:
                continue
            if listed and alt is not None:
                other = alt[1].get(col, got)
                if got == other or col in self.retyped and \
                        self.loosely(got, other):
                    continue
            if col in self.retyped and any(self.loosely(got, w)
                                           for w in want):
                continue
            self.problem('value', key, rows, r, f'column {col}: not '
                         + ' or '.join(map(show, want)))

    def problem(self, law, key, rows, r, what):
        kind = ('conflict_' + law) if self.choice else law
        self.problems.append((kind, f'{self.name} {show(key)}: {what}\n'
                              + ''.join(f'  {t} {show(x)}\n' for t, x in zip(
                                  ('before', 'after', 'now', 'got'),
                                  rows + (r,)))))

    def check_row(self, key, rows, r):
        b, a, n = rows
        listed = self.listing(rows)
        if b is None and a is None and n is None:
            self.problem('invented', key, rows, r, 'nobody has written it')
            return
        there, must = self.row(b, a, n)
        if must and not listed:
            self.problem('unlisted', key, rows, r, 'the row')
            return
        if r is None:
            alt = self.alternatives(b, n)
            if there and not (listed and (alt is None or
                                          self.choice == 'restore')):
                self.problem('lost', key, rows, r, 'the row is not there')
            return
        if not there:
            if not (listed and self.alternatives(b, n) is not None):
                self.problem('stays', key, rows, r, 'the row is there')
                return
        self.check_cells(key, rows, r, listed)

    def judge(self, ident):
        found = self.index(ident)
        if found is None:
            return None
        self.problems = []
        if ident == self.by_rowid and not self.b.rowid:
            self.moved(*found)
        b, a, n, r = found
        keys = list(dict.fromkeys([*b, *a, *n, *r]))
        for key in keys:
            self.check_row(key, (b.get(key), a.get(key), n.get(key)),
                           r.get(key))
        return self.problems

    def moved(self, b, a, n, r):
        """Rows without a name of their own may come back under another
        rowid, where theirs was taken since."""
        def unlike(k, other):
            return k not in other or other[k][1] != r[k][1]

        strangers = [k for k in r if unlike(k, b) and unlike(k, n)]
        for key in [k for k in b if k not in a]:
            if key in r and r[key][1] == b[key][1]:
                continue
            for k in strangers:
                if r[k][1] == b[key][1]:
                    strangers.remove(k)
                    del r[k], b[key]
                    break

    def bag(self):
        """Equal rows by count, where nothing tells them apart."""
        def row(x, mapped):
            return tuple(sorted((c, x[1][to if mapped else c])
                                for c, to in self.columns.items() if to))

        b = Counter(row(x, False) for x in self.b.all)
        r = Counter(row(x, False) for x in self.r.all)
        a = Counter(row(x, True) for x in self.a.all) if self.a else Counter()
        n = Counter(row(x, True) for x in self.n.all) if self.n else Counter()
        came, went = a - b, b - a
        if self.listed or self.retyped or came - n:
            return  # what was written since: whose it is nobody can tell
        missing, more = n - came + went - r, r - (n + went)
        if missing or more:
            raise Failure('bag', f'{self.name}: missing '
                          f'{show(list(missing.items()))}, too many '
                          f'{show(list(more.items()))}')

    def as_dropped(self):
        """A table that was made anew under the same name, or with keys that
        cannot be compared: its own rows are back, others were the other
        table's, and are parked."""
        other = self.a and (
            self.a.has_rowid != self.b.has_rowid or
            self.b.rowid and self.a.rowid != self.b.rowid or
            not self.b.has_rowid and self.a.key !=
            [self.columns.get(c) for c in self.b.key])
        return (other or self.name in self.names.dropped) and \
            [x[1] for x in self.b.all] == [x[1] for x in self.r.all]

    def check(self, vacuumed):
        first = None
        tries = [self.by_key]
        if self.b.has_rowid and (self.b.key or not vacuumed):
            tries.append(self.by_rowid)
        for ident in tries:
            problems = self.judge(ident)
            if problems == []:
                return
            first = first or problems
        if self.as_dropped():
            return
        if first is not None:
            raise Failure(*first[0])
        self.bag()

    def spurious(self, vacuumed):
        """A conflict about a row that nobody has written since."""
        if vacuumed or not self.a:
            return
        for d in self.listed:
            if d['constraint'] or d['what'] not in ('CHANGED', 'DELETED',
                                                    'KEY_REUSED'):
                continue
            for row in self.a.all:
                if row in self.n.all and d['key'] in \
                        key_texts(self.a, row, self.back):
                    raise Failure('spurious', f'{self.name}: {show(d)}')


def vacuumed(case):
    return any(s.kind == 'vacuum' for s in case.later)


def same_schema(law, case, want, got):
    """VACUUM puts triggers and views behind all tables."""
    if want.schema != got.schema and not (
            vacuumed(case) and sorted(map(repr, want.schema)) ==
            sorted(map(repr, got.schema))):
        raise Failure(law, difference(want, got))


def check_rollback(case, states, conflicts, choice):
    """@param states before, after, now, got
    @param conflicts conflict_rows, of the run that did it"""
    before, after, now, got = states
    if not case.later:
        if conflicts:
            raise Failure('conflict', f'without later writes: {conflicts}')
        text = difference(before, got)
        if text:
            raise Failure('exact', text)
        return
    same_schema('schema', case, before, got)
    if conflicts and not choice:
        raise Failure('conflict', f'rolled back, with conflicts {conflicts}')
    names = Names(case, before)
    for table in before.tables:
        merge = Merge(table, names, states, conflicts, choice)
        merge.spurious(vacuumed(case))
        merge.check(vacuumed(case))


def check_redo(case, states, misfits):
    """The migration applied again, where its rollback had no conflict: what
    was written into its tables and columns is back."""
    before, after, now, again = states
    if not case.later:
        text = difference(after, again)
        if text:
            raise Failure('redo', text)
        return
    same_schema('redo_schema', case, after, again)
    names = Names(case, before)
    known = {names.after(t, after) for t in before.tables}
    for name, rows in now.tables.items():
        if name in known or any(name in m for m in misfits):
            continue
        got = [row[1] for row in again.tables[name].all]
        for row in rows.all:
            if row[1] not in got:
                raise Failure('redo_row', f'{name}: {show(row)} is not back')
