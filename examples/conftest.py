"""The examples' tests run on SQLite always, and on two MySQL servers as well.

Invariant: each module works in databases of its own, so tests never meet anybody's data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import shardkit
from shardkit.cli.init import create
from shardkit.rules import loads

FAMILIES = ("member", "order")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)])
def open_example(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Path], Any]]:
    """A function that sets an example's folder up (rules.yaml, schema.sql) and connects to it in autocommit mode."""
    prefix = "own_"
    if request.param == "mysql":
        prefix = request.getfixturevalue("database_prefix")
        urls = [server.text for server in request.getfixturevalue("mysql_servers")]
    else:
        urls = [f"sqlite:///{tmp_path_factory.mktemp(name)}" for name in ("rds0", "rds1")]
    connections: list[Any] = []

    def connect(folder: Path) -> Any:
        text = (folder / "rules.yaml").read_text()
        environ: dict[str, str] = {}
        for family in FAMILIES:
            text = text.replace(f'"{family}_{{00..15}}"', f'"{prefix}{family}_{{00..15}}"')
            environ |= {f"{family.upper()}_RDS{number}": url for number, url in enumerate(urls)}
        rules = loads(text, file=str(folder / "rules.yaml"), environ=environ)
        create(rules, (folder / "schema.sql").read_text())
        connections.append(shardkit.connect(rules, autocommit=True))
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()
