"""Hints for every statement of a block: `with connection.hint(shard=3, timeout="5s"): …`.

Invariant: leaving the block brings back what was before it, whatever happened inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict, Unpack

from shardkit.parse import given_hints
from shardkit.plan import together
from shardkit.route import check_shard
from shardkit.session import Session


class HintOptions(TypedDict, total=False):
    """What may be said; None is as if it were left out."""

    shard: int | str | None
    key: Any
    primary: bool
    timeout: float | str | None
    budget_rows: int | None
    budget_memory: int | str | None


class Hinting:
    """The hint method of connections, whichever interpreter runs their scripts."""

    _session: Session

    @contextmanager
    def hint(self, **options: Unpack[HintOptions]) -> Iterator[None]:
        """Hints for every statement that begins in the block; those in a statement's own text win over them.

            with connection.hint(shard="rds0/order_03", timeout="5s"):
                cursor.execute("SELECT COUNT(*) FROM t_order")

        `shard`: a slot's number, or a database as explain shows it. `key`: route as if the shard key had this value.
        `primary`: read what the primary has. `timeout`: seconds, or text such as "500ms". `budget_rows`,
        `budget_memory`: what the statement may hold. Blocks nest; the inner one wins. Raises HintError.
        """
        session = self._session
        given = given_hints(options)
        check_shard(session.planner.rules, given)
        before = session.hints
        session.hints = together(given, before)
        try:
            yield
        finally:
            session.hints = before
