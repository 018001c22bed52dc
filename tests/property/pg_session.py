"""One psql that stays: statements go in, lines come out."""

import json
import os
import re
import subprocess

END = '@@end@@'
ERROR = re.compile(r'^(psql:.*?: )?(ERROR|FATAL|PANIC):', re.M)


class SqlError(Exception):
    pass


class Session:
    def __init__(self, url):
        env = {k: v for k, v in os.environ.items() if not k.startswith('PG')}
        env.update(PGCLIENTENCODING='UTF8', TZ='UTC', LC_ALL='C')
        self.process = subprocess.Popen(
            ('psql', '-X', '-q', '-A', '-t', url), env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.run("SET client_min_messages = error; SET timezone = 'UTC'; "
                 "SET statement_timeout = '20s'; SET lock_timeout = '10s'")

    def run(self, sql):
        """@return what came out; SqlError when some statement failed"""
        self.process.stdin.write(f'{sql}\n;\n\\echo {END}\n'.encode())
        self.process.stdin.flush()
        out = []
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise SqlError('psql has ended: ' + ''.join(out))
            line = line.decode('utf-8', 'backslashreplace')
            if line == END + '\n':
                break
            out.append(line)
        text = ''.join(out)
        if ERROR.search(text):
            raise SqlError(text.strip()[:300])
        return text

    def ask(self, sql):
        """Rows of a query, as lists."""
        text = self.run('SELECT coalesce(json_agg(to_json(q)), \'[]\') FROM '
                        f'({sql}) q')
        return [list(row.values()) for row in json.loads(text)]

    def drop_database(self, name):
        """Whoever is in it: WITH (FORCE) came with PostgreSQL 13."""
        self.run('SELECT pg_terminate_backend(pid) FROM pg_stat_activity '
                 f"WHERE datname = '{name}'")
        self.run(f'DROP DATABASE {name}')

    def close(self):
        self.process.stdin.close()
        self.process.wait()
