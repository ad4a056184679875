"""Names of foreign keys and checks, which are unique in a database, where several pieces of a table lie in one.

Each piece has the name with its own ending: `fk_member` of t_order is `fk_member_0` on t_order_0, and what the server
made up itself, `t_order_ibfk_1` and `t_order_chk_1`, is `t_order_0_ibfk_1` and `t_order_0_chk_1`.
Invariant: the logical name of a physical one leads back to it, and a name that is too long is always shortened alike.
"""

from __future__ import annotations

from hashlib import blake2b

LONGEST = 64
"""Characters of a name in MySQL."""


def physical_name(name: str, table: str, piece: str, several: bool) -> str:
    """The name on one piece of a logical table. `several`: more of them lie in the same database."""
    if (number := _made_up(name, table)) is not None:
        return piece + number
    ending = _ending(table, piece) if several else ""
    if len(name) + len(ending) > LONGEST:
        digest = blake2b(name.encode(), digest_size=4).hexdigest()
        name = f"{name[: LONGEST - len(ending) - len(digest) - 1]}_{digest}"
    return name + ending


def logical_name(name: str, table: str, piece: str, several: bool) -> str:
    """The name without what tells the piece."""
    if (number := _made_up(name, piece)) is not None:
        return table + number
    return name.removesuffix(_ending(table, piece)) if several else name


def _made_up(name: str, table: str) -> str | None:
    """What follows the table's name in a name that the server made up; None for others."""
    return name.removeprefix(table) if name.startswith((f"{table}_ibfk_", f"{table}_chk_")) else None


def _ending(table: str, piece: str) -> str:
    return piece.removeprefix(table) if piece.startswith(table) else f"_{piece}"
