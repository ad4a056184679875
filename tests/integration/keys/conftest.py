"""The room's world: see world.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.dbapi.stage import Stage
from tests.integration.keys.world import World, in_files, on_servers
from tests.servers import ServerUrl


@pytest.fixture(params=[pytest.param("servers", marks=pytest.mark.mysql), "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Tables with generated ids, all empty."""
    if request.param == "sqlite":
        yield in_files(tmp_path)
        return
    pair: tuple[ServerUrl, ServerUrl] = request.getfixturevalue("mysql_servers")
    stage = Stage(pair)
    try:
        stage.make_account()
        yield on_servers(stage, tmp_path)
    finally:
        stage.remove()
