"""Shard-key value -> slot. One algorithm a file; a package adds its own under the entry point `shardkit.algorithms`.

Invariant: an algorithm's answer for a value never changes between versions, because stored rows lie where it put them.
"""

from __future__ import annotations

from shardkit.algorithms import date, gene, hash, list, mod, range  # noqa: A004 - they are named as in the rules file
from shardkit.algorithms.protocol import Algorithm, Factory, KeyValue, Mistake, OptionMistakes, Options
from shardkit.registry import Registry

algorithms: Registry[Factory] = Registry("algorithms")
"""All algorithms by the name that the rules file uses."""

algorithms.add("hash", hash.make)
algorithms.add("mod", mod.make)
algorithms.add("range", range.make)
algorithms.add("list", list.make)
algorithms.add("date", date.make)
algorithms.add("gene", gene.make)

__all__ = ["Algorithm", "Factory", "KeyValue", "Mistake", "OptionMistakes", "Options", "algorithms"]
