"""A cluster over embedded shards, with observers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import shardkit
from shardkit.observe import Event, Observer, StatementEnds
from tests.integration.dbapi.stage import built_stage, stage

__all__ = ["built_stage", "stage"]

RULES = """\
version: 1
servers: {{ one: {{ url: "sqlite:///{folder}" }} }}
layouts: {{ main: {{ databases: "o_{{0..3}}", servers: [one] }} }}
tables:
  t_order: {{ layout: main, shard_by: memberId, algorithm: mod }}
defaults: {{ {defaults} }}
"""


class Heard(list[Event]):
    """An observer that keeps what it hears."""

    def __call__(self, event: Event, /) -> None:
        self.append(event)

    @property
    def statements(self) -> list[StatementEnds]:
        """Those that have ended."""
        return [event for event in self if isinstance(event, StatementEnds)]

    def last(self) -> StatementEnds:
        """The statement that ended last."""
        return self.statements[-1]


Opening = Callable[..., shardkit.Cluster]


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    """Opens a cluster with a table of eight rows and these observers, which hear nothing of how it came to be."""
    clusters = []
    rules = tmp_path / "rules.yaml"

    def opened(*observers: Observer, defaults: str = "") -> shardkit.Cluster:
        rules.write_text(RULES.format(folder=tmp_path, defaults=defaults), encoding="utf-8")
        with closing(shardkit.connect(rules, autocommit=True)) as connection:
            connection.cursor().execute("CREATE TABLE t_order (orderId BIGINT PRIMARY KEY, memberId BIGINT, n INT)")
            connection.cursor().executemany("INSERT INTO t_order VALUES (%s, %s, %s)", [(i, i, i) for i in range(8)])
        clusters.append(shardkit.Cluster(rules, observers=observers))
        return clusters[-1]

    yield opened
    for cluster in clusters:
        cluster.close()
