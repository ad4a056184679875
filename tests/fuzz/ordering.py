"""ORDER BY and LIMIT, and what they leave open.

Invariant: a LIMIT within a query stands only behind an order that leaves nothing open.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.fuzz.dice import Maker
from tests.fuzz.forms import EXACT
from tests.fuzz.selects import Query


@dataclass(frozen=True, slots=True)
class Ordered:
    """A statement's text, how its rows are ordered (total, ties, none), and the places of the keys of ties."""

    sql: str
    manner: str
    keys: tuple[int, ...] = ()


def direction(make: Maker, key: str) -> str:
    """The key, ascending or descending."""
    return key + make.pick(("", "", " DESC", " ASC"))


def total_order(make: Maker, query: Query) -> list[str]:
    """Keys that leave nothing open, or []."""
    order = query.order
    if not order:
        if query.star or any(item.kind not in EXACT or item.loose for item in query.items):
            return []
        order = tuple(item.alias or str(place) for place, item in enumerate(query.items, 1))
    first = make.distinct(query.keys, 0, 2) if query.keys and make.chance(50) else []
    if first and make.chance(15):
        first[0] = f"{first[0]} IS NULL" if "." in first[0] and " " not in first[0] else first[0]
    return [direction(make, key) if " DESC" not in key else key for key in (*first, *order)]


def limit(make: Maker) -> str:
    """LIMIT with or without an offset, in each of its spellings."""
    count = make.value(make.pick((1, 2, 5, 10, 3, 50, 20)), always=True)
    if not make.chance(45):
        return f" LIMIT {count}"
    skip = make.pick((0, 1, 3, 10, 2, 7))
    if make.chance(20):
        # The offset comes first here, so its parameter does too.
        first, second = make.values.pop(), (skip, make.bound)
        make.values += [second, first]
        return f" LIMIT \ue000{len(make.values) - 2}\ue001, \ue000{len(make.values) - 1}\ue001"
    return f" LIMIT {count} OFFSET {make.value(skip, always=True)}"


def nested(make: Maker, query: Query, percent: int) -> str:
    """A query that others compute with: no order, or a total one with LIMIT."""
    if make.chance(percent) and not query.tail and (order := total_order(make, query)):
        return f"{query.sql} ORDER BY {', '.join(order)}{limit(make)}"
    return query.sql


def finished(make: Maker, query: Query) -> Ordered:
    """The outermost query with ORDER BY, LIMIT and locks."""
    if query.tail:
        return Ordered(query.sql, "none")
    form = make.number(0, 9)
    if form >= 4 and (order := total_order(make, query)):
        sql = f"{query.sql} ORDER BY {', '.join(order)}{limit(make) if make.chance(50) else ''}"
        return Ordered(sql + _lock(make, query), "total")
    if form in (2, 3) and not query.star:
        places = [place for place, item in enumerate(query.items) if item.kind in EXACT | {"text"}]
        if places:
            chosen = make.distinct(places, 1, 2)
            keys = [direction(make, query.items[place].alias or str(place + 1)) for place in chosen]
            sql = f"{query.sql} ORDER BY {', '.join(keys)}{limit(make) if make.chance(30) else ''}"
            return Ordered(sql, "ties", tuple(chosen))
    if form == 1 and make.chance(60):
        return Ordered(query.sql + limit(make), "none")
    return Ordered(query.sql + _lock(make, query), "none")


def _lock(make: Maker, query: Query) -> str:
    if not query.locks or not make.chance(5):
        return ""
    forms = (" FOR UPDATE", " LOCK IN SHARE MODE") + ((" FOR SHARE", " FOR UPDATE SKIP LOCKED") if make.mysql else ())
    return make.pick(forms)
