"""FROM: one table, or joins of every kind between tables, derived tables, CTEs, JSON_TABLE, LATERAL and VALUES.

Invariant: `unique` names columns that together tell the joined rows apart, or is () when nothing does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.fuzz.conditions import Scope, alike, atom, condition, conditions
from tests.fuzz.dice import Maker
from tests.fuzz.tables import SHARED, TABLES, Col, Table

Nest = Callable[[Maker, Scope], Table]
"""Makes a query in brackets that can stand in FROM; the scope holds the columns it may name from outside (LATERAL)."""

MOST_ROWS = 6000


@dataclass(frozen=True, slots=True)
class Source:
    """A FROM clause (without the word) and what can be named from it."""

    sql: str
    scope: Scope
    unique: tuple[str, ...]
    size: int
    conditions: tuple[str, ...] = ()  # of comma joins: they belong into WHERE
    comma: bool = False  # nothing but another comma can follow: ON would not see the tables before


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of FROM under its alias."""

    sql: str
    columns: tuple[Col, ...]
    unique: tuple[str, ...]
    size: int
    table: Table


def source(make: Maker, outer: Scope, nest: Nest) -> Source:
    """A FROM clause; `outer` are the columns of the queries around."""
    first = make.dice.part(lambda: entry(make, outer, nest, alone=outer.depth == 0))
    made = Source(first.sql, replace(outer, columns=first.columns, outer=()), first.unique, first.size)
    if first.sql == first.table.sql and first.columns[0].bare == first.columns[0].sql:
        return made  # columns without table: nothing can be joined
    if make.chance(6) and first.table.stored:
        pair = natural(make, first, outer)
        if pair is not None:
            return pair
    joins = make.several(lambda: make.pick((_join, _join, _join, _more)), 0, 2, 42)
    for join in joins:
        made = made if made.comma and join is _more else join(make, made, nest)
    return made


def entry(make: Maker, outer: Scope, nest: Nest, alone: bool = False) -> Entry:
    """A table, a CTE or a derived table, with an alias (or none)."""
    table: Table
    if make.tables and make.chance(60):
        table = make.pick(make.tables)
    elif outer.depth < 2 and make.chance(14):
        table = make.dice.part(lambda: nest(make, Scope((), (), outer.depth + 1)))
    else:
        table = make.pick(TABLES)
    if alone and not table.sql.startswith("(") and make.chance(25):
        prefix = f"{table.sql}." if make.chance(40) else ""
        columns = tuple(replace(column, sql=f"{prefix}{column.bare}") for column in table.columns)
        return Entry(table.sql, columns, tuple(f"{prefix}{name}" for name in table.unique), table.size, table)
    return aliased(make, table)


def aliased(make: Maker, table: Table) -> Entry:
    """The table under a name of its own."""
    alias = make.name(make.pick("tx"))
    columns = tuple(column.of(alias) for column in table.columns)
    hint = ""
    if table.indexes and make.chance(5):
        hint = f" {make.pick(('USE', 'FORCE', 'IGNORE'))} {make.pick(('INDEX', 'KEY'))} ({make.pick(table.indexes)})"
    sql = f"{table.sql}{make.pick((' ', ' AS '))}{alias}{hint}"
    return Entry(sql, columns, tuple(f"{alias}.{name}" for name in table.unique), table.size, table)


def natural(make: Maker, first: Entry, outer: Scope) -> Source | None:
    """A NATURAL join or USING."""
    pairs = [pair for pair in SHARED if first.table.sql in pair]
    if not pairs:
        return None
    names = make.pick(pairs)
    other_name = names[1] if names[0] == first.table.sql else names[0]
    second = aliased(make, next(table for table in TABLES if table.sql == other_name))
    side = make.pick(("", "LEFT ", "RIGHT ", ""))
    common = SHARED[names]
    if make.chance(50):
        sql = f"{first.sql} NATURAL {side}JOIN {second.sql}"
    else:
        sql = f"{first.sql} {side or make.pick(('', 'INNER '))}JOIN {second.sql} USING ({', '.join(common)})"
    scope = replace(outer, columns=first.columns + second.columns, outer=())
    return Source(sql, scope, first.unique + second.unique, first.size * second.size // 20)


def _join(make: Maker, left: Source, nest: Nest) -> Source:
    """JOIN … ON, LEFT, RIGHT, STRAIGHT_JOIN, CROSS JOIN or a comma."""
    second = make.dice.part(lambda: entry(make, replace(left.scope, columns=()), nest))
    if make.mysql and make.chance(6):
        second = _lateral(make, left, nest)
    scope = replace(left.scope, columns=left.scope.columns + second.columns)
    unique = left.unique + second.unique if left.unique and second.unique else ()
    if second.sql.startswith("LATERAL"):
        word = ", {0}" if left.comma else make.pick((" JOIN {0} ON TRUE", " LEFT JOIN {0} ON 1 = 1", ", {0}"))
        sql = left.sql + word.format(second.sql)
        return Source(sql, scope, unique, left.size * 2, left.conditions, word[0] == ",")
    on, size = _on(make, left, second)
    extra = [condition(make, scope)] if make.chance(20) else []
    extra += [atom(make, replace(scope, columns=second.columns))] if make.chance(15) else []
    form = 8 if left.comma else make.number(0, 9)
    if form == 8 or (not on and form < 9):
        if left.size * second.size > MOST_ROWS:
            on = on or [f"{left.scope.columns[0].sql} IS NULL"]
        kept = (*left.conditions, *on)
        word = ", " if left.comma else make.pick((" CROSS JOIN ", ", "))
        return Source(f"{left.sql}{word}{second.sql}", scope, unique, size, kept, word == ", ")
    words = (
        "JOIN",
        "JOIN",
        "LEFT JOIN",
        "LEFT JOIN",
        "INNER JOIN",
        "RIGHT JOIN",
        "LEFT OUTER JOIN",
        "STRAIGHT_JOIN",
        "JOIN",
        "JOIN",
    )
    both = " AND ".join([*on, *extra]) or "1 = 1"
    joined = second.sql
    if form == 9 and second.table.stored and left.size < 100:
        return Source(f"({left.sql} JOIN {joined} ON {both})", scope, unique, size, left.conditions)
    return Source(f"{left.sql} {words[form]} {joined} ON {both}", scope, unique, size, left.conditions)


def _on(make: Maker, left: Source, second: Entry) -> tuple[list[str], int]:
    """Equalities that join the two, and about how many rows come out."""
    pairs = [(one, other) for one in left.scope.columns for other in second.columns if alike(one, other)]
    pairs = [pair for pair in pairs if pair[0].kind not in ("bit", "json", "shown", "dbl")]
    same = [pair for pair in pairs if pair[0].bare == pair[1].bare]
    whole = left.size * second.size
    if not pairs:
        return [], whole
    if same and make.chance(70):
        # All that have the same name among the keys: the usual join of bound tables.
        found = [f"{one.sql} = {other.sql}" for one, other in same if other.sql in second.unique][:3]
        if found and make.chance(75):
            return found, max(left.size, second.size) * 2
        pairs = same
    one, other = make.pick(pairs)
    spread = 40 if one.kind in ("id", "dt") else 6
    if whole // spread > MOST_ROWS:
        found = [f"{a.sql} = {b.sql}" for a, b in same[:2]] or [
            f"{one.sql} = {other.sql}",
            f"{other.sql} = {make.value(2)}",
        ]
        return found, MOST_ROWS
    if make.chance(50):
        one, other = other, one
    return [f"{one.sql} = {other.sql}"], max(whole // spread, 1)


def _lateral(make: Maker, left: Source, nest: Nest) -> Entry:
    outer = tuple(column for column in left.scope.columns if "." in column.sql)
    table = nest(make, Scope((), outer, 1))
    made = aliased(make, replace(table, indexes=()))
    return replace(made, sql=f"LATERAL {made.sql}")


def _more(make: Maker, left: Source, nest: Nest) -> Source:
    """JSON_TABLE, VALUES, or brackets around joins on the right side."""
    alias = make.name("j")
    documents = left.scope.of("json")
    form = make.number(0, 3)
    if form == 0 and documents:
        document = make.pick(documents).sql
        sql = f"JSON_TABLE({document}, '$.b[*]' COLUMNS (n FOR ORDINALITY, v VARCHAR(20) PATH '$')) AS {alias}"
        columns = (Col(f"{alias}.n", "int"), Col(f"{alias}.v", "shown"))
        return _with(make, left, sql, columns, f"{alias}.n")
    if form == 1 and make.mysql:
        sql = f"(VALUES ROW(1, 'a'), ROW(2, NULL), ROW(7, 'it''s')) AS {alias} (p, q)"
        return _with(make, left, sql, (Col(f"{alias}.p", "int"), Col(f"{alias}.q", "shown")), f"{alias}.p")
    if form == 2:
        return _bracketed(make, left, nest)
    sql = f"JSON_TABLE('[1, 2, \"7\"]', '$[*]' COLUMNS (n INT PATH '$')) {alias}"
    return _with(make, left, sql, (Col(f"{alias}.n", "int"),), f"{alias}.n")


def _with(make: Maker, left: Source, sql: str, columns: tuple[Col, ...], key: str) -> Source:
    numbers = left.scope.of("int", "id")
    unique = (*left.unique, key) if left.unique else ()
    scope = replace(left.scope, columns=left.scope.columns + columns)
    if numbers and columns[0].sql == key and make.chance(60):
        joined = f"{left.sql} {make.pick(('JOIN', 'LEFT JOIN'))} {sql} ON {columns[0].sql} = {make.pick(numbers).sql}"
        return Source(joined, scope, unique, left.size, left.conditions)
    return Source(f"{left.sql} CROSS JOIN {sql}", scope, unique, left.size * 3, left.conditions)


def _bracketed(make: Maker, left: Source, nest: Nest) -> Source:
    """a LEFT JOIN (b JOIN c ON …) ON …"""
    inside = Scope((), (), left.scope.depth)
    first = aliased(make, make.pick(TABLES))
    made = _join(make, Source(first.sql, replace(inside, columns=first.columns), first.unique, first.size), nest)
    if made.conditions or made.size * left.size // 6 > MOST_ROWS or made.sql.startswith("("):
        return left
    table = Table("", (), stored=False)
    second = Entry(made.sql, made.scope.columns, made.unique, made.size, table)
    on, size = _on(make, left, second)
    parts = [*on, *conditions(make, replace(left.scope, columns=made.scope.columns), 15)]
    scope = replace(left.scope, columns=left.scope.columns + second.columns)
    unique = left.unique + second.unique if left.unique and second.unique else ()
    word = make.pick(("JOIN", "LEFT JOIN", "RIGHT JOIN"))
    sql = f"{left.sql} {word} ({made.sql}) ON {' AND '.join(parts) or '1 = 1'}"
    return Source(sql, scope, unique, size, left.conditions)
