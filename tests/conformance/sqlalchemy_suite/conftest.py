"""SQLAlchemy's test plugin, for the run that tests/conformance/test_sqlalchemy.py starts in a process of its own."""

from __future__ import annotations

import re

import pytest
from requirements import UNGUARDED

pytest.register_assert_rewrite("sqlalchemy.testing.assertions")

from sqlalchemy.testing.plugin.pytestplugin import *  # noqa: E402, F403 - it is the plugin


@pytest.fixture(autouse=True)
def unguarded(request: pytest.FixtureRequest) -> None:
    """Skip, for shardkit, what the suite does not guard with a requirement."""
    if "+shardkit" not in request.node.nodeid:
        return
    name = "::".join(
        part.partition("[")[0] for part in re.sub(r"_mysql\+[^:]*", "", request.node.nodeid).split("::")[1:]
    )
    if name in UNGUARDED:
        pytest.skip(UNGUARDED[name])
