"""The dialect suite of SQLAlchemy itself, collected from here.

Invariant: nothing is left out; a test that cannot hold is skipped with its reason, and counts as not passed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.testing import suite
from sqlalchemy.testing.suite import *  # noqa: F403 - the suite is collected from here


class ServerSideCursorsTest(suite.ServerSideCursorsTest):  # type: ignore[no-redef]
    """The suite knows server-side cursors by the names of the drivers that it knows itself."""

    def _is_server_side(self, cursor: Any) -> bool:
        if self.engine.dialect.driver != "shardkit":
            return bool(super()._is_server_side(cursor))
        return bool(getattr(cursor, "server_side", False))


class ReturningGuardsTest(suite.ReturningGuardsTest):  # type: ignore[no-redef]
    """The dialect asks for no RETURNING; MariaDB has it, and where one shard answers it is answered."""

    def test_insert_single(self, connection: Any, run_stmt: Callable[..., None]) -> None:
        super().test_insert_single(connection, _answered(connection, run_stmt))

    def test_delete_single(self, connection: Any, run_stmt: Callable[..., None]) -> None:
        super().test_delete_single(connection, _answered(connection, run_stmt))


def _answered(connection: Any, run_stmt: Callable[..., None]) -> Callable[..., None]:
    def run(statement: Any, many: bool, name: str, expected: bool) -> None:
        dialect = connection.dialect
        run_stmt(statement, many, name, expected or (dialect.driver == "shardkit" and dialect.is_mariadb))

    return run
