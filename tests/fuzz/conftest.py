"""The worlds of a module's fuzzer: those whose sizes it names in SIZES."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz import command
from tests.fuzz.verdict import Moody
from tests.servers import ServerUrl


@pytest.fixture(scope="module")
def worlds(request: pytest.FixtureRequest, mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[list[Moody]]:
    """Some of the worlds, built once for the module."""
    with command.worlds(mysql_servers, request.module.SIZES) as found:
        yield found
