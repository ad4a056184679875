"""Rows as the text and arguments of statements of ours: lists of rows, conditions on keys, runs of a bounded size.

Invariant: values go to the driver as parameters, each in the form in which a server reads back what it gave.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from shardkit.values import Row

PACKET = 1_000_000
"""About how many bytes one statement may hold; servers refuse packets over 16 to 64 MB."""

R = TypeVar("R", bound=Sequence[Any])


def runs(rows: Sequence[R], size: int) -> Iterator[Sequence[R]]:
    """Runs of at most `size` rows and about PACKET bytes."""
    start = weight = 0
    for at, row in enumerate(rows):
        mine = sum(len(value) if isinstance(value, (str, bytes)) else 16 for value in row)
        if at > start and (at - start >= size or weight + mine > PACKET):
            yield rows[start:at]
            start, weight = at, 0
        weight += mine
    if start < len(rows):
        yield rows[start:]


def values(rows: Sequence[Row]) -> tuple[str, tuple[Any, ...]]:
    """`VALUES (%s, …), …` and its arguments."""
    one = f"({', '.join(['%s'] * len(rows[0]))})"
    return f"VALUES {', '.join([one] * len(rows))}", tuple(bound(value) for row in rows for value in row)


def among(names: Sequence[str], keys: Sequence[Row]) -> tuple[str, tuple[Any, ...]]:
    """A condition that holds for the rows with these keys, in a form for which servers use an index."""
    quoted = ["`" + name.replace("`", "``").replace("%", "%%") + "`" for name in names]
    groups: dict[Row, list[Any]] = {}
    for key in keys:
        groups.setdefault(key[:-1], []).append(key[-1])
    parts, args = [], []
    for before, last in groups.items():
        marks = f"{quoted[-1]} IN ({', '.join(['%s'] * len(last))})" if len(last) > 1 else f"{quoted[-1]} = %s"
        parts.append(" AND ".join([*(f"{name} = %s" for name in quoted[:-1]), marks]))
        args += [bound(value) for value in (*before, *last)]
    return " OR ".join(f"({part})" for part in parts) if len(parts) > 1 else parts[0], tuple(args)


def bound(value: Any) -> Any:
    """A value in the form in which it goes to the driver."""
    return duration(value) if type(value) is timedelta else value


def duration(value: timedelta) -> str:
    """A TIME as text: the driver spells negative ones with a fraction as another time."""
    sign, span = ("-", -value) if value < timedelta() else ("", value)
    seconds = span.days * 86_400 + span.seconds
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{span.microseconds:06}"
