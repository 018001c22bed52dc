"""The repository that cases share, and the program under test."""

import json
import os
import shutil
import subprocess

from case import Failure

ENV = {
    'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'LC_ALL': 'C',
    'TZ': 'UTC', 'TERM': 'dumb', 'GIT_CONFIG_NOSYSTEM': '1',
    'GIT_AUTHOR_NAME': 'A U Thor', 'GIT_AUTHOR_EMAIL': 'author@example.com',
    'GIT_COMMITTER_NAME': 'C O Mitter',
    'GIT_COMMITTER_EMAIL': 'committer@example.com',
}
MIGRATION = 'migrations/1_change.sql'
TIMEOUT = 60  # seconds, for one command
RENEW = 100   # cases, after which ledgers and snapshots are thrown away


class Result:
    def __init__(self, args, status, out, err):
        self.args = args
        self.status = status
        self.err = err
        try:
            self.json = json.loads(out) if out else {}
        except ValueError as e:
            raise Failure('json', f'{args}: {e}: {out[:500]!r}') from e

    def told(self):
        return f'git migrate {" ".join(self.args)}: status {self.status}\n' \
            f'{self.err}'


class Repo:
    def __init__(self, program, folder, dialect, url):
        self.program = program
        self.folder = folder
        self.path = os.path.join(folder, 'repo')
        self.template = os.path.join(folder, 'template')
        self.used = 0
        self.env = dict(ENV, HOME=folder, TMPDIR=folder)
        os.makedirs(os.path.join(self.template, 'migrations'))
        self.git('init', '-q', '-b', 'main', '--template=', '.')
        with open(os.path.join(self.template, '.gitmigrate'), 'w',
                  encoding='utf-8') as f:
            f.write('[migrate]\n\tdir = migrations\n\tlayout = native\n'
                    f'\tdialect = {dialect}\n\ttarget = dev\n'
                    f'[migrate "dev"]\n\turl = {url}\n')
        self.git('add', '.gitmigrate')
        self.git('commit', '-q', '-m', 'Set up')

    def git(self, *args):
        subprocess.run(('git',) + args, cwd=self.template, env=self.env,
                       check=True)

    def renew(self):
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.copytree(self.template, self.path, symlinks=True)
        self.used = 0

    def start(self, case):
        """@return whether everything that was there is gone"""
        fresh = self.used % RENEW == 0
        if fresh:
            self.renew()
        self.used += 1
        self.settings = ['-c', 'migrate.dev.snapshotStore=' + case.store]
        if case.dialect == 'sqlite':
            self.settings += ['-c', 'migrate.dev.foreignKeys=' +
                              str(case.foreign_keys).lower()]
        with open(os.path.join(self.path, MIGRATION), 'w', encoding='utf-8',
                  newline='') as f:
            f.write(case.migration_sql())
        return fresh

    def settings_env(self):
        """`git -c` gives settings to what it runs by the environment."""
        pairs = self.settings[1::2]
        env = dict(self.env, GIT_CONFIG_COUNT=str(len(pairs)))
        for i, pair in enumerate(pairs):
            key, value = pair.split('=')
            env[f'GIT_CONFIG_KEY_{i}'] = key
            env[f'GIT_CONFIG_VALUE_{i}'] = value
        return env

    def run(self, *args):
        args = args + ('--json',)
        try:
            p = subprocess.run((self.program,) + args, cwd=self.path,
                               env=self.settings_env(), close_fds=False,
                               stdin=subprocess.DEVNULL, timeout=TIMEOUT,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except subprocess.TimeoutExpired as e:
            raise Failure('time', f'git migrate {args}: over {TIMEOUT} s') \
                from e
        r = Result(args, p.returncode,
                   p.stdout.decode('utf-8', 'backslashreplace'),
                   p.stderr.decode('utf-8', 'backslashreplace'))
        if r.status not in ((0, 1, 128) if 'apply' in args else (0, 1)):
            raise Failure('status_' + args[0], r.told())
        return r

    def apply(self, case):
        return self.run('apply', '--worktree',
                        *(['--prove'] if case.prove else []))

    def rollback(self, choice=None):
        return self.run('rollback',
                        *([f'--on-conflict={choice}'] if choice else []))
