"""Hints to shardkit in a comment of the statement: `/*+ shardkit(budget_rows=5_000_000, timeout=2m) */`.

They may stand beside hints to the server; what is shardkit's is cut out before the text goes to a shard, because a
server stops reading its own hints at one that it does not know.
Invariant: a hint that is not understood is an error, never passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from shardkit.errors import SqlSyntaxError
from shardkit.rules.units import seconds, size

_HINT = re.compile(r"\bshardkit\s*\(([^()]*)\)", re.IGNORECASE)
_BLANK = re.compile(r"/\*\+\s*\*/")


def _rows(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9_]*", text):
        raise ValueError("not a number of rows; write it in digits, such as 5_000_000")
    return int(text)


def _time(text: str) -> float:
    found = float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else seconds(text)
    if found <= 0:
        raise ValueError("no statement ends in no time; write 30s")
    return found


_KINDS: dict[str, Callable[[str], Any]] = {"budget_rows": _rows, "budget_memory": size, "timeout": _time}


def read_hints(comment: str, where: Callable[[int], str]) -> tuple[str, dict[str, Any]]:
    """A comment that begins with `/*+`: the comment without shardkit's hints (as long as it was), and the hints.

    `where` names the place of an offset in the comment. Raises SqlSyntaxError.
    """
    found: dict[str, Any] = {}
    for hint in _HINT.finditer(comment):
        for part in filter(None, (part.strip() for part in hint.group(1).split(","))):
            name, equals, value = (piece.strip() for piece in part.partition("="))
            kind = _KINDS.get(name.lower())
            at = where(hint.start(1) + hint.group(1).index(part))
            if kind is None or not equals:
                raise SqlSyntaxError(f"unknown hint {name!r}, {at}: shardkit knows {', '.join(_KINDS)}, each with =")
            try:
                found[name.lower()] = kind(value)
            except ValueError as error:
                raise SqlSyntaxError(f"hint {name} = {value!r}, {at}: {error}") from None
    kept = _HINT.sub(lambda hint: " " * len(hint.group()), comment)
    return (" " * len(kept) if _BLANK.fullmatch(kept) else kept), found
