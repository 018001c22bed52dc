"""All that one case has to keep."""

from case import Failure, Invalid
from model import check_redo, check_rollback, same_schema, vacuumed
from state import difference


# what cannot be kept, and is refused before anything has changed
REFUSED = ('split the migration in two',)


def same(law, want, got, moved=False):
    """@param moved do not compare the order of the schema"""
    if moved:
        want.schema = got.schema
    text = difference(want, got)
    if text:
        raise Failure(law, text)


def failed_apply(world, before, plain, result):
    """Refused: nothing has changed, and the SQL alone fails as well."""
    now = world.state()
    if plain is None and world.name != 'sqlite':
        now.sequences = before.sequences  # what it has taken stays taken
    same('apply_failed', before, now)
    if plain is not None and not any(why in result.err for why in REFUSED):
        raise Failure('apply_refused', result.told())


def rows_of(result):
    """conflict_rows; names as they are, not as SQL needs them."""
    out = []
    for d in result.json['conflict_rows']:
        table = d['table']
        if table.startswith('public.'):
            table = unquoted(table[len('public.'):])
        column = d['column']
        out.append(dict(d, table=table, column=column and unquoted(column)))
    return out


def unquoted(name):
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def must_list(result):
    """Tables' rows one by one; of an index that they break its name, and of
    rows that refer to ones that go their number."""
    rows = rows_of(result)
    conflicts = result.json.get('conflicts')
    told = {(d['table'], d['what']) for d in result.json['conflict_rows']}
    if not conflicts or any(
            (c['table'], c['what']) not in told and c['rows'] and
            c['what'] != 'ORPHANED' for c in conflicts):
        raise Failure('nothing_listed', result.told())


def settle(world, case, states, image):
    """Conflicts: both answers, each on a copy."""
    for choice in ('keep', 'restore'):
        world.put_back(image)
        result = world.repo.rollback(choice)
        got = world.state()
        if result.status == 1:
            must_list(result)
            if all(c['settled'] for c in result.json['conflicts']):
                raise Failure('blocked', 'by nothing: ' + result.told())
            same('blocked_changed', states[2], got)
        else:
            check_rollback(case, states + (got,),
                           rows_of(result), choice)


def redo(world, case, states, got):
    """Applied again, and rolled back once more."""
    dangling = case.foreign_keys and world.dangling()
    result = world.repo.apply(case)
    if result.status:
        if not case.later:
            raise Failure('redo_refused', result.told())
        same('redo_failed', got, world.state())
        return
    misfits = [line for line in result.err.splitlines() if ' stay' in line]
    again = world.state()
    check_redo(case, states + (again,), misfits)
    result = world.repo.rollback()
    if result.status and dangling:
        return  # a foreign key is back that later rows do not keep
    if result.status:
        raise Failure('second_rollback', result.told())
    same_schema('second_schema', case, got, world.state())
    again = world.state()
    if case.later:  # a counter that later writes began
        again.sequences = got.sequences
    same('second_exact', got, again, vacuumed(case))


def run(world, case, count):
    """@param count called with what became of it"""
    world.setup(case)
    try:
        before = world.state()
        plain = world.plain_apply()
        result = world.repo.apply(case)
        if result.status:
            failed_apply(world, before, plain, result)
            count('migration fails')
            return
        after = world.state()
        if plain is not None and not world.is_random(after):
            same('apply', plain, after)
        world.write_later()
        states = before, after, world.state()
        if any(map(world.is_random, states)):
            count('random keys')
            return
        image = world.image()
        result = world.repo.rollback()
        got = world.state()
        if result.status == 0:
            check_rollback(case, states + (got,),
                           rows_of(result), None)
            count('merged' if case.later else 'exact')
            redo(world, case, states, got)
            return
        if not case.later:
            raise Failure('refused', result.told())
        must_list(result)
        if world.image() != image:
            raise Failure('abort', 'the file has changed')
        count('conflicts')
        settle(world, case, states, image)
    finally:
        world.close()


def law_of(world, case):
    """The Failure of a case, or None."""
    try:
        run(world, case, lambda _: None)
    except Failure as f:
        return f
    except Invalid:
        return None
    return None
