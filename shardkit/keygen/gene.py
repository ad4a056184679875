"""Ids that carry another key's slot (`type: gene`, or the option `gene_of`): known to the rules, not made yet.

Invariant: no id is ever made without the slot that it should carry.
"""

from __future__ import annotations

from shardkit.errors import NotYetError
from shardkit.flow import Column, NewId
from shardkit.keygen.protocol import Generator, Stream
from shardkit.options import Options

GENE, GENE_OF = "gene", "gene_of"


def make(options: Options) -> Generator:
    """A generator that refuses by name, whatever its options."""
    return Gene()


class Gene:
    """Refuses."""

    __slots__ = ()

    process_wide = False

    def unfit(self, column: Column) -> str | None:
        """Never asked to hold an id."""
        return None

    def stand_ins(self, count: int, column: Column) -> list[NewId]:
        """Raises NotYetError."""
        raise not_yet(column.name)

    def open(self, name: str) -> Stream:
        """Raises NotYetError."""
        raise not_yet(name)


def not_yet(column: str) -> NotYetError:
    """The refusal, in full."""
    return NotYetError(
        f"generating {column}",
        why="this version does not make ids that carry another key's slot",
        instead="the id in the INSERT",
    )
