"""Fixtures of all tests: two MySQL servers, started when the first test asks for them, and databases to work in.

Invariant: a run that collects no test with `mysql_servers` starts nothing; the process that began the run stops
whatever was started, after failures and interruptions too.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.servers import NoServers, ServerUrl

FOLDER = "SHARDKIT_TEST_RUN"
"""Environment variable by which the processes of one run (xdist's workers) find the run's folder."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's folder (in the process that begins the run)."""
    if hasattr(config, "workerinput"):
        return
    folder = tempfile.mkdtemp(prefix="shardkit-tests-")
    os.environ[FOLDER] = folder
    # A terminated run ends like an interrupted one, so that its servers end too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers of the run."""
    if hasattr(config, "workerinput") or FOLDER not in os.environ:
        return
    import shutil

    folder = Path(os.environ.pop(FOLDER))
    servers.stop(folder)
    shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the servers."""
    for item in items:
        if "mysql_servers" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.mysql)


@pytest.fixture(scope="session")
def mysql_servers() -> tuple[ServerUrl, ServerUrl]:
    """Two MySQL servers. No server is a failure that says what to do."""
    try:
        return servers.shared(Path(os.environ[FOLDER]))
    except NoServers as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="module")
def database_prefix(mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[str]:
    """A prefix for this module's databases; they are dropped after its last test."""
    prefix = servers.new_prefix()
    yield prefix
    servers.drop_databases(mysql_servers, prefix)
