"""What is in a database, as plain values.

A value is a tuple that is equal only to the same value of the same type:
('null',), ('int', n), ('real', bits), ('text', bytes), ('blob', bytes).
"""


class Rows:
    """A table: columns that are stored, keys, rows."""

    def __init__(self, name):
        self.name = name
        self.columns = []    # names, without generated ones
        self.types = {}      # name: declared type, lower case
        self.defaults = {}   # name: its text, or None
        self.key = []        # names of the declared key
        self.rowid = None    # name of the column that is the rowid
        self.has_rowid = False
        self.typed_keys = False  # 2 and '2' are two
        self.all = []        # [rowid or None, {column: value}]


class State:
    def __init__(self):
        self.schema = []     # in order: tuples of text
        self.sequences = {}
        self.tables = {}     # name: Rows


def difference(want, got):
    """Why two states are not the same; None when they are."""
    if want.schema != got.schema:
        for a in want.schema:
            if a not in got.schema:
                return f'schema: missing {a}'
        for a in got.schema:
            if a not in want.schema:
                return f'schema: not expected {a}'
        return f'order of the schema: {[s[:2] for s in got.schema]}, ' \
            f'not {[s[:2] for s in want.schema]}'
    for name, table in want.tables.items():
        other = got.tables.get(name)
        if other is None:
            return f'no table {name}'
        if table.all == other.all:
            continue
        for row in table.all:
            if row not in other.all:
                near = [r for r in other.all if r[0] == row[0]]
                return f'{name}: missing {row}, has {near}'
        for row in other.all:
            if row not in table.all:
                return f'{name}: not expected {row}'
        return f'{name}: rows that are alike, by count, or their order'
    if want.sequences != got.sequences:
        return f'sequences {got.sequences}, not {want.sequences}'
    return None
