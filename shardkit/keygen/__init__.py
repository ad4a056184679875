"""New ids for INSERTs that leave them out. This version knows the names, so that the rules can be checked.

Invariant: a name that the rules accept today means the same generator when it is carried out.
"""

from __future__ import annotations

from collections.abc import Callable

from shardkit.registry import Registry

generators: Registry[Callable[..., object]] = Registry("keygen")
"""Generators by name, those of installed packages included."""

RESERVED = ("gene", "segment", "snowflake")
"""Names of generators that belong to shardkit and are not carried out yet."""


def known_generators() -> list[str]:
    """All names that `generate:` may use, sorted."""
    return sorted({*RESERVED, *generators.names()})
