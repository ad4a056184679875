"""Few partial groups as one JSON parameter: an array of rows, every value but NULL as text.

Invariant: text that a server reads back as the value it came from; what cannot be said so is not sent so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from shardkit.flow import Family, Inline
from shardkit.values import Params, Row

ROWS = 1_000
"""The most partial groups that travel in one statement."""


def with_rows(inline: Inline, rows: Sequence[Row]) -> Params | None:
    """The arguments of the one-step statement, or None if a value cannot travel in it (a zero date)."""
    said: list[list[str | None]] = []
    for row in rows:
        cells = [_said(value, family) for value, family in zip(row, inline.families, strict=True)]
        if _UNSAID in cells:
            return None
        said.append(cells)
    text = json.dumps(said, ensure_ascii=False)
    if isinstance(inline.args, Mapping):
        return {**inline.args, str(inline.position): text}
    args, at = list(inline.args or ()), inline.position
    assert isinstance(at, int)
    return (*args[:at], text, *args[at:])


_UNSAID = "\0"


def _said(value: Any, family: Family) -> str | None:
    match value:
        case None:
            return None
        case str() if family is Family.TEXT and "\0" not in value:
            return value
        case bool() | str() | bytes():
            return _UNSAID
        case int():
            return str(value)
        case float():
            return repr(value)
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat(" ")
        case date():
            return value.isoformat()
        case _:
            return _UNSAID
