"""What really happens: both orders are run in the real engine, with rows."""

import re
import sqlite3

from pg_conn import Error
from verdict_truth_pg import SHAPE, rows_sql

COMMUTE, DIVERGE, CONFLICT = 'commute', 'diverge', 'conflict'


class Refused(Exception):
    """The engine does not run it."""


def split_items(text):
    """What stands between the outer parentheses, one item each."""
    items, depth, quote, at = [], 0, None, ''
    for ch in text:
        if quote:
            quote = None if ch == quote else quote
        elif ch in '\'"':
            quote = ch
        elif ch == '(':
            depth += 1
            if depth == 1:
                items.append(at)
                at = ''
                continue
        elif ch == ')':
            depth -= 1
        if depth == 1 and ch == ',' and not quote or depth == 0 and ch == ')':
            items.append(at)
            at = ''
        else:
            at += ch
    return items + [at]


def normal(sql):
    return re.sub(r'\s+', ' ', sql.replace('"', '')).strip()


def try_trigger(db, table):
    """What is gone breaks it without a word."""
    kind, = db.execute('SELECT type FROM sqlite_schema WHERE name = ?',
                       (table,)).fetchone()
    if kind == 'view':
        return
    sets = ', '.join(f'"{r[1]}" = "{r[1]}"' for r in db.execute(
        f'PRAGMA table_info("{table}")'))
    db.execute(f'EXPLAIN INSERT INTO "{table}" DEFAULT VALUES')
    db.execute(f'EXPLAIN UPDATE "{table}" SET {sets}')
    db.execute(f'EXPLAIN DELETE FROM "{table}"')


def try_parents(db, table):
    for key in db.execute(f'PRAGMA foreign_key_list("{table}")'):
        db.execute(f'SELECT * FROM "{key[2]}" LIMIT 0')


def shadows(db):
    """Where modules keep what is in virtual tables."""
    return {r[0] for r in db.execute(
        "SELECT name FROM pragma_table_list WHERE type = 'shadow'")}


class Sqlite:
    """In memory; a copy for each order."""

    name = 'sqlite'

    def __init__(self, _):
        pass

    def start(self, base, head=''):
        self.base = sqlite3.connect(':memory:', isolation_level=None)
        self.run(self.base, base)

    def run(self, db, sql):
        try:
            db.execute('PRAGMA foreign_keys = ON')
            db.execute('PRAGMA recursive_triggers = OFF')
            db.execute('BEGIN')
            for statement in self.split(sql):
                db.execute(statement)
            db.execute('COMMIT')
        except sqlite3.Error as e:
            if db.in_transaction:
                db.execute('ROLLBACK')
            raise Refused(str(e)) from e

    @staticmethod
    def split(sql):
        part = ''
        for line in sql.split(';'):
            part += line + ';'
            if sqlite3.complete_statement(part):
                if part.strip(' \n;'):
                    yield part
                part = ''

    def after(self, *scripts):
        """The state behind these; None when one of them is refused."""
        db = sqlite3.connect(':memory:', isolation_level=None)
        self.base.backup(db)
        try:
            for sql in scripts:
                self.run(db, sql)
            return self.shape(db), self.rows(db)
        except (Refused, sqlite3.Error) as e:
            self.why = str(e)
            return None
        finally:
            db.close()

    @staticmethod
    def shape(db):
        version, = db.execute('PRAGMA user_version').fetchone()
        out, inner = [('version', str(version), '', '')], shadows(db)
        for kind, name, table, sql in db.execute(
                'SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE '
                'sql IS NOT NULL AND name NOT LIKE \'sqlite~_%\' ESCAPE '
                "'~'").fetchall():
            if name in inner:
                continue
            if kind == 'table':
                try_parents(db, name)
                head, *items, tail = split_items(normal(sql))
                text = [head, sorted(i.strip() for i in items), tail]
            else:
                text = normal(sql)
            if kind == 'trigger':
                try_trigger(db, table)
            out.append((kind, name, table, repr(text)))
            if kind == 'view':
                # a column that is gone breaks it without a word
                db.execute(f'SELECT * FROM "{name}" LIMIT 0')
                out.append(('view columns', name, '', repr(sorted(
                    r[1] for r in db.execute(
                        f'PRAGMA table_info("{name}")')))))
        return sorted(out)

    @staticmethod
    def rows(db):
        out, inner = {}, shadows(db)
        for name, in db.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND "
                "name NOT LIKE 'sqlite~_%' ESCAPE '~'").fetchall():
            if name in inner:
                continue
            cursor = db.execute(f'SELECT * FROM "{name}"')
            cols = [d[0] for d in cursor.description]
            out[name] = sorted(repr(sorted(zip(cols, row)))
                               for row in cursor.fetchall())
        return out

    def fits(self, sql):
        return self.after(sql) is not None

    def runs(self, sql):
        """On other rows of a schema that it fits."""
        db = sqlite3.connect(':memory:', isolation_level=None)
        self.base.backup(db)
        try:
            self.run(db, sql)
            return True
        except Refused:
            return False
        finally:
            db.close()


class Postgres:
    """In one transaction that is undone: the base, then each order from a
    savepoint. Sequences do not go back by themselves. What it costs is mostly
    the way to the server and back, so all that can goes at once."""

    name = 'postgresql'

    def __init__(self, session):
        self.session = session
        self.head = None
        session.run("SET client_min_messages = error; SET timezone = 'UTC'; "
                    "SET statement_timeout = '20s'; SET lock_timeout = '10s'")
        session.run(f'PREPARE shape AS {SHAPE}')  # planning takes longest

    def start(self, base, head=''):
        """head: what the base begins with, and many others do."""
        try:
            if self.head is None or head != self.head:
                self.head = None
                self.session.run(f'ROLLBACK; BEGIN;\n{head};'
                                 'SET CONSTRAINTS ALL IMMEDIATE; '
                                 'SAVEPOINT head')
                self.at_head = self.places()
                self.head = head
                back = ''
            else:
                back = f'ROLLBACK TO head; {set_places(self.at_head)};\n'
            self.session.run(f'{back}{base[len(head):]};'
                             'SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT base')
        except Error as e:
            raise Refused(str(e)) from e
        self.at_base = self.places()

    def places(self):
        return self.session.run(
            'SELECT sequencename, coalesce(last_value, start_value), '
            "last_value IS NOT NULL FROM pg_sequences WHERE schemaname = "
            "'public'")

    def back(self):
        self.session.run(f'ROLLBACK TO base; {set_places(self.at_base)}')

    def after(self, *scripts):
        try:
            shape = '\n'.join(line for line, in self.session.run(
                ''.join(scripts) + 'EXECUTE shape'))
            return shape, self.session.run(rows_sql(shape))
        except Error as e:
            self.why = str(e)
            return None
        finally:
            self.back()

    def fits(self, sql):
        try:
            self.session.run(sql)
            return True
        except Error as e:
            self.why = str(e)
            return False
        finally:
            self.back()

    runs = fits

    runs = fits


def set_places(sequences):
    return 'SELECT ' + ', '.join(f"setval('public.{n}', {v}, '{c}')"
                                 for n, v, c in sequences)


def judge(engine, a, b):
    """@return the truth, and what it shows in"""
    ab = engine.after(a, b)
    if ab is None:
        return CONFLICT, 'a, then b: ' + engine.why
    ba = engine.after(b, a)
    if ba is None:
        return CONFLICT, 'b, then a: ' + engine.why
    if ab[0] != ba[0]:
        return DIVERGE, difference(ab[0], ba[0])
    if ab[1] != ba[1]:
        return DIVERGE, difference(ab[1], ba[1])
    return COMMUTE, ''


def difference(x, y):
    if isinstance(x, dict):
        for name in x:
            if x[name] != y.get(name):
                return f'rows of {name}: {x[name]} / {y.get(name)}'
    if isinstance(x, str):
        x, y = x.splitlines(), y.splitlines()
    return f'{[i for i in x if i not in y][:3]} / ' \
        f'{[i for i in y if i not in x][:3]}'


def same_alone(engine, a, b):
    """Each alone leaves the same: keeping one is right."""
    return engine.after(a) == engine.after(b)
