"""Random writes: the grammar. Values fit their columns most of the time, so that most statements succeed.

Invariant: which rows a statement takes, and what they become, is the same on every server: LIMIT stands behind a total
order only, and rows of a SELECT are inserted in one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shardkit.values import Params
from tests.fuzz.conditions import Scope, condition, where
from tests.fuzz.dice import Maker
from tests.fuzz.tables import ARCHIVE, BADGE, CONFIG, COUNTRY, COUPON, EVENT, ITEM, MEMBER, ORDER, Col, Table

TARGETS = (ORDER, ORDER, ITEM, MEMBER, COUPON, EVENT, ARCHIVE, BADGE, COUNTRY, CONFIG, ORDER, MEMBER)
KEYS = {
    "t_order": "memberId", "t_order_item": "memberId", "member": "memberId", "coupon": "code", "event": "at",
    "archive": "memberId", "badge": "memberId",
}  # fmt: skip
NEEDED = {
    "t_order": (), "t_order_item": ("sku", "quantity"), "member": ("memberName",), "coupon": (), "event": ("memberId",),
    "archive": (), "badge": (), "country": ("name",), "config": (),
}  # fmt: skip
VALUES: dict[str, tuple[Any, ...]] = {
    "id": (1, 2, 3, 5, 17, 20, 77, 1001, 4294967296, -1), "int": (1, 0, 5, 12), "dec": (1, "2.50", 0, 19),
    "dbl": (1.5, 0, -2), "flt": (0.5, 1), "text": ("a", "b ", "Ä", "x", "", "100%", "o'b", "😀"), "enum": ("gold",),
    "set": ("a,b", ""), "bin": (b"a", b"\x00\xff"), "bit": (1, 5), "json": ("[]", '{"a": 1}'),
    "date": ("2000-02-29", "2024-05-05"), "dt": ("2024-02-01 10:00:00", "2023-07-01"), "ts": ("2024-02-29 12:00:00",),
    "time": ("09:00:00", "-01:00:00"), "year": (2024,),
}  # fmt: skip
SHORT = {"code:country": ("DE", "XX", "q1", "ZZ", "FR"), "country:member": ("DE", "CN")}
NUMBERS = ("id", "int", "dec")


@dataclass(frozen=True, slots=True)
class Write:
    """One write: its text, its parameters, and the tables it may change."""

    sql: str
    params: Params
    tables: tuple[str, ...]

    @property
    def text(self) -> tuple[str, str]:
        """See shrink.Made."""
        return self.sql, repr(self.params)


def write(make: Maker) -> Write:
    """A write of any form."""
    forms = (update, delete, insert, fill, update_join, delete_join, update, insert, fill, move)
    sql, tables = make.pick(forms)(make)
    text, params = make.finish(sql)
    return Write(text, params, tables)


def _fitting(make: Maker, table: Table, column: Col) -> str:
    """A value for a column."""
    values = SHORT.get(f"{column.bare}:{table.sql}") or VALUES[column.kind]
    if column.bare not in table.unique and column.bare not in NEEDED[table.sql] and make.chance(10):
        return "NULL" if column.bare not in ("status", "amount", "created_at") else "DEFAULT"
    return make.value(make.pick(values))


def _new(make: Maker, table: Table, column: Col) -> str:
    """What SET gives a column: a value, or an expression of the row."""
    form = make.number(0, 9)
    if column.kind in NUMBERS and form in (5, 6):
        return f"{column.sql} {make.pick(('+', '-'))} {make.value(1)}"
    if column.kind == "text" and form in (5, 6) and f"{column.bare}:{table.sql}" not in SHORT:
        return f"CONCAT(LEFT({column.sql}, 3), {make.value('+')})"
    if form == 7 and column.kind in NUMBERS:
        return f"(SELECT {make.pick(('COUNT(*)', 'MAX(quantity)'))} FROM t_order_item i WHERE {_inner(make)})"
    return _fitting(make, table, column)


def _inner(make: Maker) -> str:
    return condition(make, Scope(tuple(column.of("i") for column in ITEM.columns), (), 1))


def _sets(make: Maker, table: Table, name: str = "") -> str:
    free = [column for column in table.columns if column.bare not in table.unique and column.kind != "json"]
    chosen = make.distinct(free, 1, 3)
    used: list[str] = []
    for column in chosen:
        named = column.of(name) if name else column
        used.append(f"{named.sql} = {_new(make, table, named)}")
    return ", ".join(used)


def _scope(table: Table, name: str = "") -> Scope:
    return Scope(tuple(column.of(name) if name else column for column in table.columns), (), 0)


def _limit(make: Maker, table: Table, name: str = "") -> str:
    keys = [f"{name}.{key}" if name else key for key in table.unique]
    other = make.pick([column for column in table.columns if column.kind in ("int", "dec", "id", "dt")] or [None])
    if other is not None and make.chance(50):
        keys.insert(0, f"{name}.{other.bare}" if name else other.bare)
    order = ", ".join(f"{key}{make.pick(('', ' DESC'))}" for key in keys)
    return f" ORDER BY {order} LIMIT {make.value(make.pick((1, 3, 7, 20)), always=True)}"


def update(make: Maker) -> tuple[str, tuple[str, ...]]:
    """UPDATE of one table."""
    table = make.pick(TARGETS)
    alias = "u" if make.chance(30) else ""
    sets = _sets(make, table, alias)
    tail = _limit(make, table, alias) if make.chance(40) else ""
    named = f"{table.sql} AS u" if alias else table.sql
    return f"UPDATE {named} SET {sets}{where(make, _scope(table, alias), 85)}{tail}", (table.sql,)


def delete(make: Maker) -> tuple[str, tuple[str, ...]]:
    """DELETE of one table."""
    table = make.pick(TARGETS)
    tail = _limit(make, table) if make.chance(60) else ""
    return f"DELETE FROM {table.sql}{where(make, _scope(table), 95)}{tail}", (table.sql,)


def _joined(make: Maker) -> tuple[Table, Table, str, Scope]:
    one, two = make.pick(TARGETS), make.pick(TARGETS)
    left, right = (tuple(c.of(n) for c in t.columns) for t, n in ((one, "a"), (two, "b")))
    ids = [[column for column in side if column.kind in ("id", "int")] for side in (left, right)]
    if ids[0] and ids[1]:
        on = f"{make.pick(ids[0]).sql} = {make.pick(ids[1]).sql}"
    else:
        on = condition(make, Scope(left, (), 2))
    join = f"{one.sql} a {make.pick(('JOIN', 'JOIN', 'LEFT JOIN'))} {two.sql} b ON {on}"
    return one, two, join, Scope((*left, *right), (), 1)


def update_join(make: Maker) -> tuple[str, tuple[str, ...]]:
    """UPDATE of one table of a join, with values of the row or of the statement."""
    one, two, join, scope = _joined(make)
    table, name = (one, "a") if make.chance(80) else (two, "b")
    return f"UPDATE {join} SET {_sets(make, table, name)}{where(make, scope, 80)}", (table.sql,)


def delete_join(make: Maker) -> tuple[str, tuple[str, ...]]:
    """DELETE from one table of a join, or from both."""
    one, two, join, scope = _joined(make)
    names = make.pick(("a", "b", "a, b"))
    tables = tuple(table.sql for table, name in ((one, "a"), (two, "b")) if name in names)
    return f"DELETE {names} FROM {join}{where(make, scope, 95)}", tables


def _conflict(make: Maker, table: Table) -> tuple[str, str]:
    """The verb and the tail."""
    match make.number(0, 5):
        case 1:
            return "INSERT IGNORE INTO", ""
        case 2:
            return "REPLACE INTO", ""
        case 3 | 4:
            free = [column for column in table.columns if column.bare not in table.unique and column.kind != "json"]
            column = make.pick(free)
            value = make.pick((f"VALUES({column.bare})", _fitting(make, table, column)))
            return "INSERT INTO", f" ON DUPLICATE KEY UPDATE {column.bare} = {value}"
        case _:
            return "INSERT INTO", ""


def _columns(make: Maker, table: Table) -> list[Col]:
    fixed = [column for column in table.columns if column.bare in (*table.unique, *NEEDED[table.sql])]
    return fixed + make.distinct([column for column in table.columns if column not in fixed], 0, 3)


def insert(make: Maker) -> tuple[str, tuple[str, ...]]:
    """INSERT or REPLACE of rows."""
    table = make.pick(TARGETS)
    verb, tail = _conflict(make, table)
    columns = _columns(make, table)

    def row() -> str:
        return f"({', '.join(_cell(make, table, column) for column in columns)})"

    rows = ", ".join(make.several(row, 1, 6, 70))
    return f"{verb} {table.sql} ({', '.join(column.bare for column in columns)}) VALUES {rows}{tail}", (table.sql,)


def _cell(make: Maker, table: Table, column: Col) -> str:
    if column.kind in ("id", "int") and make.chance(40):
        return make.value(make.number(1, 4000))
    if column.kind in NUMBERS and make.chance(8):
        return f"(SELECT COUNT(*) FROM t_order_item i WHERE {_inner(make)})"
    if column.kind in NUMBERS and make.chance(8):
        return f"{make.value(2)} + {make.value(3)}"
    return _fitting(make, table, column)


def fill(make: Maker) -> tuple[str, tuple[str, ...]]:
    """INSERT or REPLACE … SELECT, in a total order."""
    table, source = make.pick(TARGETS), make.pick((ORDER, ITEM, MEMBER, EVENT, COUPON, COUNTRY))
    verb, tail = _conflict(make, table)
    columns = _columns(make, table)
    scope = Scope(tuple(column.of("s") for column in source.columns), (), 1)
    items = [_item(make, table, column, scope) for column in columns]
    order = ", ".join(f"s.{key}" for key in source.unique)
    limit = f" LIMIT {make.value(make.pick((3, 10, 40)), always=True)}" if make.chance(40) else ""
    names = ", ".join(column.bare for column in columns)
    select = f"SELECT {', '.join(items)} FROM {source.sql} s{where(make, scope, 80)} ORDER BY {order}{limit}"
    return f"{verb} {table.sql} ({names}) {select}{tail}", (table.sql,)


def _item(make: Maker, table: Table, column: Col, scope: Scope) -> str:
    found = scope.of(column.kind)
    if found and make.chance(75) and column.bare not in NEEDED[table.sql]:
        item = make.pick(found).sql
        if column.kind == "id" and make.chance(50):
            return f"{item} % 1000 + {make.value(make.pick((5000, 1, 90000)))}"
        return f"LEFT({item}, 2)" if f"{column.bare}:{table.sql}" in SHORT else item
    if found and column.kind == "text":
        return f"CONCAT(LEFT({make.pick(found).sql}, 9), '')"
    return _fitting(make, table, column).replace("DEFAULT", "NULL")


def move(make: Maker) -> tuple[str, tuple[str, ...]]:
    """UPDATE of the shard key."""
    table = make.pick((ORDER, MEMBER, ITEM, EVENT, COUPON))
    key = next(column for column in table.columns if column.bare == KEYS[table.sql])
    match key.kind:
        case "text":
            new = f"CONCAT({key.bare}, {make.value(make.pick(('-', 'x')))})"
        case "dt":
            new = f"DATE_ADD(at, INTERVAL {make.number(1, 90)} DAY)"
        case _:
            new = f"{key.bare} + {make.value(make.pick((5000, 1000000, 0)))}"
    more = f", {_sets(make, table)}" if make.chance(40) else ""
    tail = _limit(make, table) if make.chance(40) else ""
    below = f"{key.bare} < 5000000 AND " if key.kind == "id" else ""
    conditions = f" WHERE {below}{condition(make, _scope(table))}"
    return f"UPDATE {table.sql} SET {key.bare} = {new}{more}{conditions}{tail}", (table.sql,)
