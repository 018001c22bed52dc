"""One made-up row for each table of a PostgreSQL database.

Values come from the catalog: the type, foreign keys, enums, and literals that
checks name. Several tries for each row, each in a savepoint.
"""
import collections
import random
import re

from pg_conn import Error, name, text

TRIES = 24
TABLES = """
SELECT c.oid, n.nspname, c.relname FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog',
'information_schema', 'git_migrate') AND n.nspname NOT LIKE 'pg_toast%'
AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid
AND d.classid = 'pg_class'::regclass AND d.deptype = 'e') ORDER BY 2, 3
"""
COLUMNS = """
SELECT a.attrelid, a.attnum, a.attname, a.attnotnull OR t.typnotnull,
a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) ~ 'nextval',
false), d.adbin IS NOT NULL, CASE WHEN t.typtype = 'd' THEN
(SELECT typname FROM pg_type WHERE oid = t.typbasetype) ELSE t.typname END,
CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END,
(SELECT string_agg(e.enumlabel, E'\\n' ORDER BY e.enumsortorder)
FROM pg_enum e WHERE e.enumtypid IN (t.oid, t.typelem, t.typbasetype)),
t.typcategory
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
AND c.relkind IN ('r', 'p') AND c.oid >= 16384 ORDER BY 1, 2
"""
KEYS = """
SELECT f.conrelid, f.confrelid::regclass,
(SELECT string_agg(attname, E'\\n' ORDER BY i) FROM unnest(f.conkey)
WITH ORDINALITY u (k, i) JOIN pg_attribute a ON a.attrelid = f.conrelid
AND a.attnum = u.k),
(SELECT string_agg(attname, E'\\n' ORDER BY i) FROM unnest(f.confkey)
WITH ORDINALITY u (k, i) JOIN pg_attribute a ON a.attrelid = f.confrelid
AND a.attnum = u.k)
FROM pg_constraint f WHERE f.contype = 'f' AND f.conparentid = 0
"""
CHECKS = """
SELECT conrelid, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'c' AND conrelid <> 0
UNION ALL SELECT a.attrelid, pg_get_constraintdef(k.oid) FROM pg_constraint k
JOIN pg_attribute a ON a.atttypid = k.contypid WHERE k.contypid <> 0
UNION ALL SELECT i.inhparent, pg_get_expr(c.relpartbound, c.oid)
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE c.relpartbound IS NOT NULL
"""


def by_type(kind, length, step, labels):
    """Values to try for a type, the best first."""
    if kind.startswith('_'):
        one = by_type(kind[1:], -1, step, labels)
        return (['{"%s"}' % one[0].replace('\\', '\\\\').replace('"', '\\"')]
                if one else []) + ['{}']
    if labels:
        k = step % len(labels)
        return labels[k:] + labels[:k]
    if kind in ('int2', 'int4', 'int8', 'oid'):
        return [str(1000 + step), '1', '0', '7', '-1', '100']
    if kind in ('text', 'varchar', 'bpchar', 'citext', 'name'):
        size = length - 4 if length > 4 else 60
        return [v[-size:] for v in (
            'v%d' % step, 'https://v%d.example/' % step, 'a%d\t\\b' % step,
            '1.%d.0' % step,
            '', 'v%d@example.org' % step, '%064x' % step)]
    return {
        'bool': ['t', 'f'] if step % 2 else ['f', 't'],
        'float4': ['%d.25' % step, '0.5', '0'],
        'float8': ['%d.125' % step, '0.5', '0'],
        'numeric': ['%d.75' % step, '1', '0'],
        'money': ['%d.75' % step],
        'bytea': ['\\x00ff%06x' % step],
        'timestamp': ['2020-01-01 00:00:%02d.123456' % (step % 60), 'now'],
        'timestamptz': ['2020-01-01 00:%02d:00.5+02' % (step % 60), 'now'],
        'date': ['2020-01-%02d' % (step % 28 + 1), 'now'],
        'time': ['10:%02d:00' % (step % 60)],
        'timetz': ['10:%02d:00+01' % (step % 60)],
        'interval': ['%d seconds' % step],
        'uuid': ['00000000-0000-4000-8000-%012d' % step],
        'json': ['{"k": %d}' % step, '[]', '{}', '"s"'],
        'jsonb': ['{"k": %d}' % step, '[]', '{}', '"s"'],
        'inet': ['10.0.%d.1' % (step % 256)],
        'cidr': ['10.0.%d.0/24' % (step % 256)],
        'macaddr': ['08:00:2b:01:02:%02x' % (step % 256)],
        'tsvector': ['v%d' % step],
        'tsquery': ['v%d' % step],
        'ltree': ['0.%d' % step, 'a%d' % step],
        'hstore': ['k=>%d' % step],
        'bit': ['1'], 'varbit': ['1'], 'xml': ['<v/>'], 'char': ['v'],
        'point': ['(1,%d)' % step],
        'int4range': ['[1,%d)' % (step + 2)],
        'int8range': ['[1,%d)' % (step + 2)],
        'numrange': ['[1,%d)' % (step + 2)],
        'tstzrange': ['[2020-01-01,)'], 'tsrange': ['[2020-01-01,)'],
        'daterange': ['[2020-01-01,)'],
    }.get(kind, [])


class Column:
    def __init__(self, row, step):
        self.name, self.required = row[2], row[3] == 't'
        self.counted, self.default = row[4] == 't', row[5] == 't'
        self.category = row[9]
        self.kind = row[6]
        labels = row[8].split('\n') if row[8] else None
        self.values = by_type(row[6], int(row[7]), step, labels)
        self.more = list(self.values)

    def add_literals(self, words, numbers):
        if self.category in 'NU' and self.kind not in ('json', 'jsonb'):
            self.more += numbers
        if self.category in 'SDUA' or self.kind in ('text', 'json', 'jsonb'):
            self.more += words


def read(db, step):
    cols = collections.defaultdict(list)
    for r in db.run(COLUMNS):
        cols[r[0]].append(Column(r, step))
    keys = collections.defaultdict(list)
    for r in db.run(KEYS):
        keys[r[0]].append((r[1], r[2].split('\n'), r[3].split('\n')))
    for table, rule in db.run(CHECKS):
        words = [w.replace("''", "'")
                 for w in re.findall(r"'((?:[^']|'')*)'", rule)]
        numbers = re.findall(r'-?\b\d+\b', rule)
        for c in cols[table]:
            c.add_literals(words, numbers)
    return db.run(TABLES), cols, keys


def referred(db, table, key, attempt):
    """Values of a row that exists, one that nobody refers to if possible."""
    to, columns, others = key
    cells = ', '.join('r.%s::text' % name(o) for o in others)
    free = ' AND '.join('t.%s = r.%s' % (name(c), name(o))
                        for c, o in zip(columns, others))
    rows = db.run('SELECT %s FROM %s r WHERE NOT EXISTS (SELECT 1 FROM %s t '
                  'WHERE %s) ORDER BY r.ctid DESC LIMIT 3'
                  % (cells, to, table, free)) if attempt % 3 < 2 else []
    if not rows:
        rows = db.run('SELECT %s FROM %s r ORDER BY r.ctid DESC LIMIT 5'
                      % (cells, to))
    rows = [r for r in rows if None not in r]
    return rows[attempt % len(rows)] if rows else None


def values(db, table, columns, keys, attempt, rng):
    """column -> SQL; None where a row that is needed does not exist."""
    out = {}
    for c in columns:
        optional = not c.required or c.default
        if c.counted:
            continue
        if attempt and optional and rng.random() < 0.4:
            if not c.required and rng.random() < 0.5:
                out[c.name] = 'NULL'
            continue
        pick = c.values if attempt < 2 or rng.random() < 0.5 else c.more
        if pick:
            k = 0 if attempt < 2 else rng.randrange(len(pick))
            out[c.name] = text(pick[k])
        elif c.required and not c.default:
            out[c.name] = 'ROW()' if c.category == 'C' else "''"
    required = {c.name for c in columns if c.required}
    for key in keys:
        row = referred(db, table, key, attempt)
        optional = [c for c in key[1] if c not in required]
        if row is not None and (attempt < 2 or not optional
                                or rng.random() < 0.5):
            for c, v in zip(key[1], row):
                out[c] = text(v)
        elif optional:
            out[rng.choice(optional)] = 'NULL'
        else:
            return None
    return out


def put(db, table, columns, keys, step):
    """An error's code, or None for a row that was put in."""
    rng = random.Random(step)
    why = 'no row to refer to'
    for attempt in range(TRIES):
        row = values(db, table, columns, keys, attempt, rng)
        if row is None:
            return why
        sql = 'INSERT INTO %s DEFAULT VALUES' % table
        if row:
            sql = 'INSERT INTO %s (%s) VALUES (%s)' % (
                table, ', '.join(map(name, row)), ', '.join(row.values()))
        db.run('SAVEPOINT t')
        try:
            db.run(sql)
            db.run('SET CONSTRAINTS ALL IMMEDIATE')
            db.run('RELEASE t')
            return None
        except Error as e:
            why = str(e).split('\n')[0]
            db.run('ROLLBACK TO t')
    return why


def fill(db, step, choose=lambda tables: tables):
    """Tables that took a row, tables, and why the others did not."""
    done, why = set(), {}
    db.run('BEGIN')
    tables, cols, keys = read(db, step)
    tables = choose(tables)
    more = True
    while more:
        more = False
        for oid, schema, relation in tables:
            table = name(schema) + '.' + name(relation)
            if table in done or why.get(table) not in (
                    None, 'no row to refer to'):
                continue
            error = put(db, table, cols[oid], keys[oid], step)
            if error is None:
                done.add(table)
                more = True
            else:
                why[table] = error
    db.run('COMMIT')
    return len(done), len(tables), {t: w for t, w in why.items()
                                    if t not in done}


CHILDREN = """
SELECT f.conrelid::regclass, (SELECT string_agg(quote_ident(attname), ',')
FROM pg_attribute a WHERE a.attrelid = f.conrelid AND a.attnum = ANY(f.conkey)
AND NOT a.attnotnull) FROM pg_constraint f
WHERE f.contype = 'f' AND f.conparentid = 0 AND f.confrelid = %s::regclass
"""


def empty(db, table, seen=None):
    """No rows in a table any more, nor any that needs one of them."""
    seen = {table} if seen is None else seen
    for child, optional in db.run(CHILDREN % text(table)):
        if optional:
            db.run('UPDATE %s SET %s' % (child, ', '.join(
                c + ' = NULL' for c in optional.split(','))))
        elif child not in seen:
            seen.add(child)
            empty(db, child, seen)
    db.run('DELETE FROM %s' % table)
