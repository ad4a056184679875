"""The examples' tests run on SQLite always, and on two MySQL servers as well.

Invariant: each module works in databases of its own, so tests never meet anybody's data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import shardkit
from shardkit.cli.init import create
from shardkit.rules import Rules, loads

FAMILIES = ("member", "order", "stock")

RulesOf = Callable[[Path], Rules]


class Written(NamedTuple):
    """Rules as they are written: a text, and the environment that it speaks of."""

    text: str
    environ: dict[str, str]

    def rules(self) -> Rules:
        """The rules."""
        return loads(self.text, environ=self.environ)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)])
def written_for(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Written]:
    """A function that gives an example's folder rules of this module's own."""
    prefix = "own_"
    if request.param == "mysql":
        prefix = request.getfixturevalue("database_prefix")
        urls = [server.text for server in request.getfixturevalue("mysql_servers")]
    else:
        urls = [f"sqlite:///{tmp_path_factory.mktemp(name)}" for name in ("rds0", "rds1")]

    def written(folder: Path) -> Written:
        text = re.sub(rf'"({"|".join(FAMILIES)})_{{', rf'"{prefix}\1_{{', (folder / "rules.yaml").read_text())
        # As centers.settings does: files have no commit in common.
        policy = "xa" if request.param == "mysql" else "best_effort"
        names = {f"{family.upper()}_TRANSACTIONS": policy for family in FAMILIES}
        names |= {f"{family.upper()}_RDS{number}": url for family in FAMILIES for number, url in enumerate(urls)}
        return Written(text, names)

    return written


@pytest.fixture(scope="module")
def rules_of(written_for: Callable[[Path], Written]) -> RulesOf:
    """A function that sets an example's folder up (rules.yaml, schema.sql); the rules of it."""

    def made(folder: Path) -> Rules:
        rules = written_for(folder).rules()
        create(rules, (folder / "schema.sql").read_text())
        return rules

    return made


@pytest.fixture(scope="module")
def open_example(rules_of: RulesOf) -> Iterator[Callable[[Path], Any]]:
    """A function that sets an example's folder up and connects to it in autocommit mode."""
    connections: list[Any] = []

    def connect(folder: Path) -> Any:
        connections.append(shardkit.connect(rules_of(folder), autocommit=True))
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()
