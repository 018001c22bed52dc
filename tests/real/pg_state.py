"""What a rollback has to bring back: the dump of the schema, rows, sequences."""
import re
import subprocess

from pg_conn import Error, name, text

COLUMNS = """
SELECT n.nspname, c.relname, c.relkind, a.attname, a.attgenerated <> ''
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'S') AND n.nspname NOT IN ('pg_catalog',
'information_schema', 'git_migrate') AND n.nspname NOT LIKE 'pg_toast%'
ORDER BY 1, 2, a.attname COLLATE "C"
"""


def dump(url):
    """The schema, without what differs from one dump to the next."""
    p = subprocess.run(['pg_dump', '-s', '-N', 'git_migrate', url],
                       capture_output=True)
    if p.returncode:
        raise Error(p.stderr.decode(), None, None)
    return [line for line in p.stdout.decode().split('\n')
            if line and not re.match(r'--|\\(un)?restrict ', line)]


def order_free(lines):
    """Equal for schemas that differ by the order of columns or objects."""
    return sorted(line.rstrip(',') for line in lines)


def data(db, last=None):
    """table -> (columns, generated ones, rows), sequence -> its place; shares
    what is as it was in `last`."""
    tables = {}
    for schema, rel, kind, column, generated in db.run(COLUMNS):
        t = tables.setdefault((schema, rel, kind), ([], set()))
        t[0].append(column)
        if generated == 't':
            t[1].add(column)
    out = {}
    for (schema, rel, kind), (columns, generated) in tables.items():
        full = name(schema) + '.' + name(rel)
        if kind == 'S':
            out[full] = db.run('SELECT last_value, is_called FROM ' + full)[0]
            continue
        cells = ', '.join(map(name, columns)) if columns[0] else ''
        rows = sorted(db.run('SELECT %s FROM ONLY %s' % (cells, full)),
                      key=lambda r: [(c is not None, c or '') for c in r])
        got = (columns, generated, rows)
        out[full] = last[full] if last and last.get(full) == got else got
    return out


def differences(want, got):
    return [(k, want.get(k), got.get(k)) for k in sorted(set(want) | set(got))
            if want.get(k) != got.get(k)]


def put_back(db, want):
    """Rows and sequences as they were; the schema is the same, but for tables
    that triggers made when rows were put in."""
    db.run('BEGIN; SET LOCAL session_replication_role = replica')
    for table, old, new in differences(want, data(db)):
        if old is None and not isinstance(new[0], str):
            db.run('DROP TABLE %s' % table)
        if old is None or new is None:
            continue
        if isinstance(old[0], str):
            db.run('SELECT setval(%s, %s, %s)' % (
                text(table), old[0], text(old[1])))
            continue
        if old[0] != new[0]:
            continue
        columns, generated, rows = old
        keep = list(rows)
        for r in db.run('SELECT ctid, %s FROM ONLY %s' % (
                ', '.join(map(name, columns)), table)):
            if r[1:] in keep:
                keep.remove(r[1:])
            else:
                db.run("DELETE FROM ONLY %s WHERE ctid = '%s'"
                       % (table, r[0]))
        for r in keep:
            pairs = [(name(c), text(v)) for c, v in zip(columns, r)
                     if c not in generated]
            db.run('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE VALUES (%s)'
                   % (table, ', '.join(p[0] for p in pairs),
                      ', '.join(p[1] for p in pairs)))
    db.run('COMMIT')
