"""SQL that asks the unsharded server for a statement's rows with their places, so that ties and limits can be judged.

    SELECT name FROM t ORDER BY born LIMIT 2    ->    WITH rows (c0, k0) AS (SELECT name, born FROM t), ranked AS (…)
                                                      SELECT c0, place FROM ranked WHERE place <= 2 ORDER BY place

The server itself says which sort keys are equal; sort keys that are not selected become further columns.
Invariant: the rows are those of the statement without its LIMIT, cut down to the runs of equal keys that the LIMIT
meets.
"""

from __future__ import annotations

from collections.abc import Sequence

from shardkit.parse import OrderKey, Outline
from shardkit.verify.answers import Shown

ROWS, RANKED, PLACE = "sk__rows", "sk__ranked", "sk__place"


def collations(found: Outline, columns: Sequence[Shown]) -> str:
    """One row: the collation of each column of the statement."""
    names = [f"c{place}" for place in range(len(columns))]
    asked = ", ".join(f"COLLATION({name})" for name in names)
    return f"WITH {ROWS} ({', '.join(names)}) AS ({found.body}) SELECT {asked} FROM {ROWS} LIMIT 1"


def ranked(found: Outline, columns: Sequence[Shown]) -> str | None:
    """The rows by their sort keys, each with the place (from 1) of the first row with an equal key as a last column.

    None when a sort key can be neither selected nor found among the columns.
    """
    names = [f"c{place}" for place in range(len(columns))]
    hidden: list[str] = []
    order = []
    for key in found.order:
        place = _column(key, found, columns)
        if place is None and found.list_end is None:
            return None
        if place is None:
            hidden.append(key.text)
        order.append((names[place] if place is not None else f"k{len(hidden) - 1}") + " DESC" * key.descending)
    body = found.body if not hidden else _with(found, hidden)
    inner = ", ".join([*names, *(f"k{number}" for number in range(len(hidden)))])
    by = ", ".join(order)
    return (
        f"WITH {ROWS} ({inner}) AS ({body}), "
        f"{RANKED} AS (SELECT {ROWS}.*, RANK() OVER (ORDER BY {by}) AS {PLACE} FROM {ROWS}) "
        f"SELECT {', '.join(names)}, {PLACE} FROM {RANKED}{_window(found)} ORDER BY {PLACE}"
    )


def _with(found: Outline, hidden: Sequence[str]) -> str:
    assert found.list_end is not None
    return f"{found.body[: found.list_end]}, {', '.join(hidden)}{found.body[found.list_end :]}"


def _window(found: Outline) -> str:
    parts = []
    if found.limit is not None:
        parts.append(f"{PLACE} <= {found.offset + found.limit}")
    if found.offset:
        parts.append(f"{PLACE} >= (SELECT MAX({PLACE}) FROM {RANKED} WHERE {PLACE} <= {found.offset + 1})")
    return f" WHERE {' AND '.join(parts)}" if parts else ""


def _column(key: OrderKey, found: Outline, columns: Sequence[Shown]) -> int | None:
    """The column that a key means, when it is one of the result's: by position, by name, or as the same text."""
    if key.position is not None:
        return key.position - 1 if 0 < key.position <= len(columns) else None
    if key.name is not None:
        named = [place for place, column in enumerate(columns) if column.name.lower() == key.name.lower()]
        if len(named) == 1:
            return named[0]
    same = [place for place, text in enumerate(found.items) if text == key.text]
    return same[0] if same and len(found.items) == len(columns) else None
