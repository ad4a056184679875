"""How a statement is called where many are counted: without its values, in few words.

Invariant: two executions that differ in values have the same words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from shardkit.fingerprint import fingerprint

_TWO = frozenset({"START", "CREATE", "DROP", "ALTER", "TRUNCATE", "LOAD", "RELEASE", "XA"})
"""Words that say too little alone."""
MOST_TABLES = 5


@lru_cache(4096)
def sanitised(text: str) -> str:
    """The fingerprint of a statement: its text with `?` for every value."""
    found = fingerprint(text)
    return found.text if found is not None else ""


@lru_cache(4096)
def operation(text: str) -> str:
    """The leading word in capitals, or two where one says too little: SELECT, CREATE TABLE; "" for an empty text."""
    words = [word.upper() for word in re.findall(r"[A-Za-z_]+", sanitised(text)[:80])[:2]]
    if not words:
        return ""
    return " ".join(words) if words[0] in _TWO else words[0]


def summary(text: str, tables: Sequence[str]) -> str:
    """The operation and the tables: `SELECT t_order t_order_item`."""
    named = [*tables[:MOST_TABLES], *(["…"] if len(tables) > MOST_TABLES else [])]
    return " ".join([operation(text), *named])
