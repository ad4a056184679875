"""All 22 TPC-H queries at scale factor 0.01 over several databases on two servers equal those of one MySQL.

`SHARDKIT_TPCH_SHARDS` (default 4) makes another number of databases.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

import pytest

from shardkit.verify import Answer, differ
from tests.differential.answers import ask
from tests.servers import ServerUrl
from tests.tpch import generate, queries, schema
from tests.tpch.queries import Query
from tests.tpch.world import World

SHARDS = int(os.environ.get("SHARDKIT_TPCH_SHARDS", "4"))


@pytest.fixture(scope="module")
def world(mysql_servers: tuple[ServerUrl, ServerUrl], database_prefix: str) -> Iterator[World]:
    made = World(mysql_servers, database_prefix, SHARDS)
    try:
        made.load()
        yield made
    finally:
        made.close()


def spelled(_: str, texts: Sequence[str]) -> Mapping[str, int]:
    """Equal texts are spelled alike in these tables, so no collation needs to be asked."""
    return {text: number for number, text in enumerate(texts)}


@pytest.mark.parametrize("table", [table for table in schema.TABLES if table not in schema.BROADCAST])
def test_every_row_lies_on_one_shard(world: World, table: str) -> None:
    counts = list(world.stored(table))
    assert sum(counts) == len(generate.tables()[table])
    assert all(counts), f"{table} leaves a shard empty: {counts}"


@pytest.mark.parametrize("query", queries.load(), ids=lambda query: f"q{query.number:02}")
def test_query(world: World, query: Query) -> None:
    oracle, subject = ask(world.oracle, query.sql), ask(world.subject, query.sql)
    assert isinstance(oracle, Answer), oracle
    assert any(value is not None for row in oracle.rows for value in row), "it finds nothing and so tests nothing"
    problem = differ(oracle, subject, query.manner, spelled)
    assert not problem, f"Q{query.number}, {query.title}: {problem}"
