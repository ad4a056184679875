"""The dialect suite of SQLAlchemy itself, collected from here.

Invariant: nothing is left out; a test that cannot hold is skipped with its reason, and counts as not passed.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.testing import suite
from sqlalchemy.testing.suite import *  # noqa: F403 - the suite is collected from here


class ServerSideCursorsTest(suite.ServerSideCursorsTest):  # type: ignore[no-redef]
    """The suite knows server-side cursors by the names of the drivers that it knows itself."""

    def _is_server_side(self, cursor: Any) -> bool:
        if self.engine.dialect.driver != "shardkit":
            return bool(super()._is_server_side(cursor))
        return bool(getattr(cursor, "server_side", False))
