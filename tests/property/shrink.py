"""A failing case made small: items are left out while it fails likewise."""

import copy
import time

from check import law_of


def lists(case):
    """What can be left out, biggest first: (holder, attribute)."""
    yield case, 'later'
    yield case, 'migration'
    yield case, 'extra'
    yield case, 'rows'
    yield case, 'tables'
    yield case, 'prelude'
    for table in case.tables:
        yield table, 'constraints'


def without_items(case):
    """Cases with one item less."""
    for at, (holder, name) in enumerate(lists(case)):
        for i in reversed(range(len(getattr(holder, name)))):
            smaller = copy.deepcopy(case)
            inner, name = list(lists(smaller))[at]
            gone = getattr(inner, name).pop(i)
            if name == 'tables':
                smaller.rows = [r for r in smaller.rows if r[0] != gone.name]
            yield smaller


def without_columns(case):
    for t, table in enumerate(case.tables):
        for i in reversed(range(len(table.columns))):
            smaller = copy.deepcopy(case)
            name = smaller.tables[t].columns.pop(i)[0]
            for row in smaller.rows:
                if row[0] == table.name:
                    row[1].pop(name, None)
            yield smaller


def plainer(case):
    for name, value in (('prove', False), ('store', 'clone'),
                        ('foreign_keys', False)):
        if getattr(case, name) != value:
            smaller = copy.deepcopy(case)
            setattr(smaller, name, value)
            yield smaller
    for t, table in enumerate(case.tables):
        for i, (_, decl) in enumerate(table.columns):
            words = decl.split(' ')
            if len(words) > 1:
                smaller = copy.deepcopy(case)
                smaller.tables[t].columns[i][1] = words[0]
                yield smaller
    for i, (_, row) in enumerate(case.rows):
        for name in row:
            if row[name] not in ('1', 'NULL'):
                smaller = copy.deepcopy(case)
                smaller.rows[i][1][name] = '1'
                yield smaller


def shrink(world, case, failure, seconds):
    """@return the small case and its failure"""
    end = time.monotonic() + seconds
    progress = True
    while progress:
        progress = False
        for step in (without_items, without_columns, plainer):
            again = True
            while again:
                again = False
                for smaller in step(case):
                    if not smaller.migration:
                        continue
                    if time.monotonic() > end:
                        return case, failure
                    found = law_of(world, smaller)
                    if found and found.law == failure.law:
                        case, failure = smaller, found
                        again = progress = True
                        break
    return case, failure
