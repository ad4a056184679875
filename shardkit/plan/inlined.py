"""The one-step form of a grouped statement: where its JSON parameter stands among the user's own.

Invariant: the user's parameters keep their places; a text without parameters gets its percent signs doubled.
"""

from __future__ import annotations

from collections.abc import Mapping

from shardkit.flow import Family, Inline
from shardkit.rewrite import MARK
from shardkit.values import Params

NAME = "sk__rows"


def inlined(sql: str, args: Params, families: tuple[Family, ...]) -> Inline:
    """The statement with a placeholder instead of MARK."""
    if args is None:
        return Inline(sql.replace("%", "%%").replace(MARK, "%s"), (), 0, families)
    if isinstance(args, Mapping):
        return Inline(sql.replace(MARK, f"%({NAME})s"), args, NAME, families)
    before = sql.split(MARK, 1)[0].replace("%%", "")
    return Inline(sql.replace(MARK, "%s"), args, before.count("%s"), families)
