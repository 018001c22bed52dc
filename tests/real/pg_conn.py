"""The little of libpq that the walk needs, through ctypes."""
import ctypes

OK = (0, 1, 2)  # PGRES_EMPTY_QUERY, COMMAND_OK, TUPLES_OK
SQLSTATE, TABLE = ord('C'), ord('t')

_pq = ctypes.CDLL('libpq.so.5')
for _name, _res, _args in (
        ('PQconnectdb', ctypes.c_void_p, 's'),
        ('PQstatus', ctypes.c_int, 'p'),
        ('PQfinish', None, 'p'),
        ('PQerrorMessage', ctypes.c_char_p, 'p'),
        ('PQexec', ctypes.c_void_p, 'ps'),
        ('PQresultStatus', ctypes.c_int, 'p'),
        ('PQresultErrorMessage', ctypes.c_char_p, 'p'),
        ('PQresultErrorField', ctypes.c_char_p, 'pi'),
        ('PQntuples', ctypes.c_int, 'p'),
        ('PQnfields', ctypes.c_int, 'p'),
        ('PQgetisnull', ctypes.c_int, 'pii'),
        ('PQgetvalue', ctypes.c_char_p, 'pii'),
        ('PQclear', None, 'p'),
        ('PQsetNoticeProcessor', ctypes.c_void_p, 'ppp')):
    _f = getattr(_pq, _name)
    _f.restype = _res
    _f.argtypes = [{'s': ctypes.c_char_p, 'p': ctypes.c_void_p,
                    'i': ctypes.c_int}[a] for a in _args]
_QUIET = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)(
    lambda payload, text: None)


class Error(Exception):
    def __init__(self, text, code, table):
        super().__init__(text)
        self.code = code
        self.table = table


class Conn:
    def __init__(self, url):
        self.c = _pq.PQconnectdb(url.encode())
        if _pq.PQstatus(self.c):
            raise Error(_pq.PQerrorMessage(self.c).decode(), None, None)
        _pq.PQsetNoticeProcessor(
            self.c, ctypes.cast(_QUIET, ctypes.c_void_p), None)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        _pq.PQfinish(self.c)

    def run(self, sql):
        """Rows of tuples of text or None; Error."""
        r = _pq.PQexec(self.c, sql.encode())
        try:
            if _pq.PQresultStatus(r) not in OK:
                def field(code):
                    f = _pq.PQresultErrorField(r, code)
                    return f.decode() if f else None
                raise Error(_pq.PQresultErrorMessage(r).decode().strip(),
                            field(SQLSTATE), field(TABLE))
            return [tuple(None if _pq.PQgetisnull(r, i, k)
                          else _pq.PQgetvalue(r, i, k).decode()
                          for k in range(_pq.PQnfields(r)))
                    for i in range(_pq.PQntuples(r))]
        finally:
            _pq.PQclear(r)


def name(s):
    return '"' + s.replace('"', '""') + '"'


def text(s):
    if s is None:
        return 'NULL'
    quoted = "'" + s.replace("'", "''") + "'"
    return 'E' + quoted.replace('\\', '\\\\') if '\\' in s else quoted
