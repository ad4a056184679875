"""The warnings of the statement that ran last, put together from those of its shards.

    SHOW WARNINGS [LIMIT …]    SHOW ERRORS [LIMIT …]    SHOW COUNT(*) WARNINGS    SHOW COUNT(*) ERRORS

Shards tell them with their answers, so that nothing is asked where there are none. "at row 3" names the row of the
user's statement where rows were dealt out, and the warnings stand in its order; those without a row stand where their
shard told them. What concerns the text and not the rows (a syntax that is deprecated) counts once, not once a shard.
Invariant: the count is that of one server, where warnings belong to rows or to the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from shardkit.errors import Error
from shardkit.flow import Description, Head, Warned
from shardkit.parse import ShowWarnings

Shown = tuple[str, int, str]

OF_THE_TEXT = frozenset({1287, 1618, 1681, 3719, 3778})
"""Deprecated syntax, clauses that are ignored, names of character sets: the same on every shard."""

_AT_ROW = re.compile(r" at row (\d+)$")
_LONGLONG, _LONG, _TEXT = 8, 3, 253
_COLUMNS: Description = (
    ("Level", _TEXT, None, 28, 28, 31, False),
    ("Code", _LONG, None, 5, 5, 0, False),
    ("Message", _TEXT, None, 2048, 2048, 31, False),
)


def at_rows(warned: Warned | None, rows: Sequence[int]) -> Warned | None:
    """A shard's warnings, its row numbers made those of the user's statement, of which it had `rows` (from 0)."""
    if warned is None or not rows:
        return warned

    def number(match: re.Match[str]) -> str:
        mine = int(match.group(1)) - 1
        return f" at row {rows[mine] + 1}" if mine < len(rows) else match.group()

    return warned._replace(shown=tuple((level, code, _AT_ROW.sub(number, text)) for level, code, text in warned.shown))


def failed_with(error: Error) -> Warned:
    """What is shown after a statement that failed."""
    return Warned(1, (("Error", error.errno or 1105, error.message),))


def together(parts: Sequence[Warned]) -> Warned:
    """The warnings of all answers of a statement as one server would list them."""
    if len(parts) < 2:
        return parts[0] if parts else Warned(0, ())
    shown, dropped = _without_repeats(parts)
    listed = sorted((row, part, place, one) for part, ones in enumerate(shown) for row, place, one in _placed(ones))
    return Warned(sum(part.number for part in parts) - dropped, tuple(one for _, _, _, one in listed))


def told(parts: Sequence[Warned], given: ShowWarnings) -> Head:
    """The answer to one of the statements after a statement with these warnings."""
    found = together(parts)
    errors = [one for one in found.shown if one[0] == "Error"]
    if given.count:
        count = len(errors) if given.errors else found.number
        name = f"@@session.{'error' if given.errors else 'warning'}_count"
        return Head(((name, _LONGLONG, None, 21, 21, 0, True),), 1, None, ((count,),), True)
    rows = errors if given.errors else list(found.shown)
    rows = rows[given.offset :] if given.limit is None else rows[given.offset : given.offset + given.limit]
    return Head(_COLUMNS, len(rows), None, tuple(rows), True)


def _without_repeats(parts: Sequence[Warned]) -> tuple[list[list[Shown]], int]:
    """What each part shows, less what an earlier one has said of the text, and how many that were."""
    said: Counter[Shown] = Counter()
    kept, dropped = [], 0
    for part in parts:
        mine: Counter[Shown] = Counter()
        new: list[Shown] = []
        for one in part.shown:
            mine[one] += 1
            if one[1] in OF_THE_TEXT and mine[one] <= said[one]:
                dropped += 1
            else:
                new.append(one)
        said |= mine
        kept.append(new)
    return kept, dropped


def _placed(shown: Iterable[Shown]) -> Iterable[tuple[int, int, Shown]]:
    """Each with the row that it stands at: its own, or that of the one before it."""
    row = 0
    for place, one in enumerate(shown):
        match = _AT_ROW.search(one[2])
        row = int(match.group(1)) if match else row
        yield row, place, one
