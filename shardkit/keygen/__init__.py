"""New ids for INSERTs that leave them out. One generator a file; a package adds its own under `shardkit.keygen`.

Nothing here does I/O: a stream of ids says what it wants, and the runtime gives it.
Invariant: a generator of this version makes no id that an earlier version with the same options has made.
"""

from __future__ import annotations

from shardkit.keygen import gene, segment, snowflake, uuid7
from shardkit.keygen.gene import GENE, GENE_OF, Gene, not_yet
from shardkit.keygen.protocol import (
    Ahead,
    Block,
    Chance,
    Factory,
    Generator,
    Lease,
    Now,
    Stream,
    Taking,
    Wait,
    Want,
    Worker,
)  # fmt: skip
from shardkit.keygen.workers import LEASE, MUTEX, WorkerRow, choose
from shardkit.options import Mistake, OptionMistakes, Options
from shardkit.registry import Registry

generators: Registry[Factory] = Registry("keygen")
"""All generators by the name that the rules file uses."""

generators.add("snowflake", snowflake.make)
generators.add("segment", segment.make)
generators.add("uuid7", uuid7.make)
generators.add("gene", gene.make)

__all__ = [
    "GENE", "GENE_OF", "LEASE", "MUTEX", "Ahead", "Block", "Chance", "Factory", "Gene", "Generator", "Lease", "Mistake",
    "Now", "OptionMistakes", "Options", "Stream", "Taking", "Wait", "Want", "Worker", "WorkerRow", "choose",
    "generators", "not_yet",
]  # fmt: skip
