"""Which format a log has, and its statements.

Invariant: the log is read once, line by line; nothing of it is kept but the statement that is being put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from shardkit.analyze.entries import Entry
from shardkit.analyze.general import ENTRY, read_general
from shardkit.analyze.slow import HEADER, read_slow
from shardkit.analyze.statements import read_statements

FORMATS: dict[str, Callable[[Iterable[str]], Iterator[Entry]]] = {
    "sql": read_statements,
    "general": read_general,
    "slow": read_slow,
}
"""The formats by name."""

LOOKED_AT = 200
"""How many lines decide about the format."""


def read_log(lines: Iterable[str], form: str | None = None) -> tuple[str, Iterator[Entry]]:
    """The format (found out when `form` is None) and the statements. Lines keep their line ends."""
    rest = iter(lines)
    first = list(islice(rest, LOOKED_AT))
    if first:
        first[0] = first[0].removeprefix("\ufeff")
    name = form or sniff(first)
    return name, FORMATS[name](chain(first, rest))


def sniff(lines: Sequence[str]) -> str:
    """The format of a log that begins with these lines: slow, general, or else sql."""
    if any(HEADER.match(line) for line in lines):
        return "slow"
    return "general" if any(ENTRY.match(line) for line in lines) else "sql"
