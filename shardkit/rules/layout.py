"""Slots and where they lie: patterns such as `member_{00..15}` and `{table}_{0..3}` become physical names.

Slots count databases first: with 16 databases of 4 tables there are 64 slots, and slot 5 is the second table of the
second database.
Invariant: a layout's shards are in the order of its databases pattern, whatever servers they lie on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from shardkit.errors import InternalError
from shardkit.values import PhysicalTable, ShardId

LONGEST_NAME = 64  # of MySQL's databases and tables
MOST_NAMES = 4096

_GROUP = re.compile(r"\{([^{}]*)\}")
_SPAN = re.compile(r"(\d{1,9})\.\.(\d{1,9})", re.ASCII)
_TABLE = "{table}"
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f/\\.{}`]|^ | $|^$")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the pieces of a table live. `pieces`: what goes before and after the table's name, per table of a shard."""

    name: str
    shards: tuple[ShardId, ...]
    pieces: tuple[tuple[str, str], ...] = (("", ""),)

    def __repr__(self) -> str:
        return f"<Layout {self.name!r}: {len(self.shards)} databases of {len(self.pieces)}>"

    @property
    def tables_per_shard(self) -> int:
        """How many physical tables a logical table has in each database."""
        return len(self.pieces)

    @property
    def slots(self) -> int:
        """How many physical tables a logical table has in all."""
        return len(self.shards) * len(self.pieces)

    def place(self, slot: int, table: str) -> PhysicalTable:
        """The physical table of a logical one at this slot."""
        shard, piece = divmod(slot, len(self.pieces))
        if not 0 <= shard < len(self.shards):
            raise InternalError(f"layout {self.name!r} has no slot {slot}")
        before, after = self.pieces[piece]
        return PhysicalTable(self.shards[shard], before + table + after)

    def shard_of(self, slot: int) -> ShardId:
        """The shard of this slot."""
        shard = slot // len(self.pieces)
        if not 0 <= shard < len(self.shards):
            raise InternalError(f"layout {self.name!r} has no slot {slot}")
        return self.shards[shard]

    def physical_names(self, table: str) -> tuple[str, ...]:
        """The names that a logical table has in each database."""
        return tuple(before + table + after for before, after in self.pieces)


def expand(pattern: str) -> list[str]:
    """`member_{00..15}` -> member_00 … member_15; several braces count like digits. ValueError says what is wrong."""
    return ["".join(parts) for parts in product(*_alternatives(pattern))]


def labels(pattern: str) -> list[str]:
    """What the braces of a pattern stand for, name by name: `member_{00..15}` -> 00 … 15. Without braces: [""]."""
    return ["".join(parts) for parts in product(*_alternatives(pattern)[1::2])]


def expand_tables(pattern: str) -> tuple[tuple[str, str], ...]:
    """`{table}_{0..3}` -> what goes before and after the table's name, four times. ValueError says what is wrong."""
    before, found, after = pattern.partition(_TABLE)
    if not found or _TABLE in after:
        raise ValueError("the pattern must contain {table} once, such as {table}_{0..3}")
    pieces = tuple(product(expand(before), expand(after)))
    for piece in pieces:
        if _FORBIDDEN.search("x".join(piece)):
            raise ValueError("a table's name cannot contain / \\ . ` or control characters, nor begin or end blank")
    return pieces


def name_mistake(name: str) -> str:
    """What is wrong with a database's name, or ''. A name is also a file's name in the embedded backend."""
    if len(name) > LONGEST_NAME:
        return f"{name!r} is longer than {LONGEST_NAME} characters"
    if _FORBIDDEN.search(name):
        return f"{name!r} cannot be a database: no / \\ . ` {{ }} or control characters, no blank at its ends"
    return ""


def deal_out(databases: Sequence[str], servers: Sequence[str]) -> tuple[ShardId, ...]:
    """Databases to servers in consecutive runs, as even as possible, the longer runs first."""
    run, longer = divmod(len(databases), len(servers))
    owners = [server for index, server in enumerate(servers) for _ in range(run + (index < longer))]
    return tuple(ShardId(server, database) for server, database in zip(owners, databases, strict=True))


def _alternatives(pattern: str) -> list[list[str]]:
    """Fixed text and the members of each brace, in turn: it begins and ends with fixed text."""
    parts = _GROUP.split(pattern)
    found = [_span(part) if index % 2 else [part] for index, part in enumerate(parts)]
    if any("{" in part or "}" in part for part in parts[::2]):
        raise ValueError("a brace is not closed, or not opened; write a pattern such as member_{00..15}")
    total = 1
    for members in found:
        total *= len(members)
    if total > MOST_NAMES:
        raise ValueError(f"the pattern makes more than {MOST_NAMES} names")
    return found


def _span(text: str) -> list[str]:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{{{text}}} is not a span of numbers; write {{00..15}} or {{0..3}}")
    first, last = match[1], match[2]
    padded = (len(first) > 1 and first[0] == "0") or (len(last) > 1 and last[0] == "0")
    if padded and len(first) != len(last):
        raise ValueError(
            f"{{{text}}} has ends of different length; write {first.zfill(len(last))}..{last.zfill(len(first))}"
        )
    if int(first) > int(last):
        raise ValueError(f"{{{text}}} runs backwards; write {{{last}..{first}}}")
    if int(last) - int(first) >= MOST_NAMES:
        raise ValueError(f"{{{text}}} makes more than {MOST_NAMES} names")
    width = len(first) if padded else 0
    return [str(number).zfill(width) for number in range(int(first), int(last) + 1)]
