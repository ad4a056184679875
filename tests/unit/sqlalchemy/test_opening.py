"""What an engine's URL says, and who closes the cluster."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import shardkit
import shardkit.aio
from shardkit.errors import InterfaceError, RulesError
from shardkit.flow import Budget
from shardkit.observe import ClusterCloses, ClusterOpens, Event, StatementEnds
from shardkit.rules import Rules, load, loads
from shardkit.sqlalchemy import ClusterPool, ShardkitDialect
from shardkit.sqlalchemy.opening import rules_of, settings
from shardkit.sqlalchemy.pool import KEPT

TEXT = """
version: 1
servers: {{ one: {{ url: "sqlite:///{folder}" }} }}
layouts: {{ m: {{ databases: "m_{{0..1}}", servers: [one] }} }}
tables: {{ member: {{ layout: m, shard_by: id }} }}
single: {{ database: one/app }}
defaults: {{ unlisted_tables: single, budget: {{ rows: 10, memory: 1MB, time: 5s }} }}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    return loads(TEXT.format(folder=tmp_path))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shard-rules.yaml"
    path.write_text(TEXT.format(folder="./"), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("mysql+shardkit:///rules.yaml", {"rules": "rules.yaml"}),
        ("mysql+shardkit:////etc/app/rules.yaml", {"rules": "/etc/app/rules.yaml"}),
        ("mysql+shardkit://", {}),
        ("mysql+shardkit:///r?budget_rows=5_000&budget_memory=2MB",
         {"rules": "r", "budget_rows": 5000, "budget_memory": 2**21}),
        ("mysql+shardkit:///r?budget_time=2m&local_infile=true",
         {"rules": "r", "budget_time": 120.0, "local_infile": True}),
        ("mysql+shardkit:///r.yaml?recover_every=60s", {"rules": "r.yaml", "recover_every": 60.0}),
    ],
)  # fmt: skip
def test_a_url(url: str, found: dict[str, Any]) -> None:
    assert settings(make_url(url)) == found


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql+shardkit://root:x@host/rules.yaml", "stand in the rules file"),
        ("mysql+shardkit:///r.yaml?charset=utf8", "unknown option 'charset'"),
        ("mysql+shardkit:///r.yaml?budget_rows=1&budget_rows=2", "given twice"),
        ("mysql+shardkit:///r.yaml?budget_time=5", "option 'budget_time'"),
        ("mysql+shardkit:///r.yaml?local_infile=1", "must be true or false"),
    ],
)
def test_a_wrong_url_is_told(url: str, told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        settings(make_url(url))


@pytest.mark.parametrize("name", ["mysql", "mariadb"])
def test_both_names_have_both_engines(name: str) -> None:
    url = make_url(f"{name}+shardkit:///r.yaml")
    made: Any = url.get_dialect()()
    assert (made.name, bool(made.is_mariadb)) == (name, name == "mariadb")
    looped = url.get_dialect().get_async_dialect_cls(url)
    assert (looped.name, looped.is_async) == (name, True)
    assert make_url(f"{name}+shardkit_async:///r.yaml").get_dialect() is looped


def test_options_change_the_budget(file: Path) -> None:
    found = rules_of({"rules": str(file), "budget_rows": 7})
    assert found.defaults.budget == Budget(7, 2**20, 5.0)
    assert found.defaults.unlisted_tables == "single"
    assert not load(file).counts_matches
    assert load(file).counting_matches().counts_matches


def test_a_file_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="which rules"):
        rules_of({})
    with pytest.raises(RulesError):
        rules_of({"rules": str(tmp_path / "none.yaml")})


def test_a_relative_path_is_taken_from_the_working_directory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    engine = create_engine("mysql+shardkit:///shard-rules.yaml")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT DATABASE()").scalar() == "shardkit"
    engine.dispose()


def test_loaded_rules_may_be_given(rules: Rules) -> None:
    engine = create_engine("mysql+shardkit://", connect_args={"rules": rules})
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    engine.dispose()


def test_a_cluster_that_was_given_is_not_closed(rules: Rules) -> None:
    with shardkit.Cluster(rules, found_rows=True) as cluster:
        engine = create_engine("mysql+shardkit://", connect_args={"cluster": cluster})
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
        engine.dispose()
        cluster.engine.check_open()
    with pytest.raises(InterfaceError):
        cluster.engine.check_open()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"connect_timeout": 5}, "unknown connect_args of mysql.shardkit: connect_timeout; known: rules, cluster, obs"),
        ({"cluster": None, "charset": "utf8"}, "charset"),
        ({"cluster": "own", "observers": []}, "has its own: observers"),
        ({"cluster": "own", "budget_rows": 5}, "has its own: budget_rows"),
        ({"cluster": "plain"}, "found_rows=True"),
    ],
)
def test_connect_args_that_would_do_nothing_are_told(rules: Rules, given: dict[str, Any], told: str) -> None:
    clusters = {"own": shardkit.Cluster(rules, found_rows=True), "plain": shardkit.Cluster(rules), None: None}
    if "cluster" in given:
        given = given | {"cluster": clusters[given["cluster"]]}
    engine = create_engine("mysql+shardkit://", connect_args=given)
    with pytest.raises(ArgumentError, match=told):
        engine.connect()
    engine.dispose()
    for cluster in clusters.values():
        if cluster is not None:
            cluster.close()


def test_observers_may_be_given(rules: Rules) -> None:
    seen: list[Event] = []
    engine = create_engine("mysql+shardkit://", connect_args={"rules": rules, "observers": [seen.append]})
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 'watched'")
    engine.dispose()
    assert any(isinstance(event, StatementEnds) and "watched" in event.statement.text for event in seen)
    assert isinstance(seen[0], ClusterOpens)
    assert isinstance(seen[-1], ClusterCloses)


def test_observers_may_be_given_under_asyncio(rules: Rules) -> None:
    seen: list[Event] = []

    async def main() -> None:
        engine = create_async_engine("mysql+shardkit://", connect_args={"rules": rules, "observers": [seen.append]})
        async with engine.connect() as connection:
            await connection.exec_driver_sql("SELECT 'watched'")
        await engine.dispose()

    asyncio.run(main())
    assert any(isinstance(event, StatementEnds) and "watched" in event.statement.text for event in seen)
    assert isinstance(seen[-1], ClusterCloses)


def test_a_cluster_may_count_the_rows_that_match(rules: Rules) -> None:
    assert not rules.counts_matches
    for made in (shardkit.Cluster, shardkit.aio.Cluster):
        assert made(rules, found_rows=True).rules.counts_matches
        assert made(rules).rules is rules


def test_the_cluster_is_made_with_the_first_connection(rules: Rules) -> None:
    engine = create_engine("mysql+shardkit://", connect_args={"rules": rules})
    assert isinstance(engine.dialect, ShardkitDialect)
    with pytest.raises(InterfaceError, match="no connection yet"):
        _ = engine.dialect.opening.cluster
    engine.dispose()


def test_another_pool_may_be_chosen(rules: Rules) -> None:
    engine = create_engine("mysql+shardkit://", connect_args={"rules": rules}, poolclass=NullPool)
    assert isinstance(engine.dialect, ShardkitDialect)
    with engine.connect():
        cluster = engine.dialect.opening.cluster
    engine.dispose()
    with pytest.raises(InterfaceError):
        cluster.engine.check_open()


def test_the_pool_takes_sizes_when_they_are_wanted(rules: Rules) -> None:
    engine = create_engine("mysql+shardkit://", connect_args={"rules": rules}, pool_size=3, max_overflow=0)
    assert isinstance(engine.pool, ClusterPool)
    assert engine.pool.size() == 3
    engine.dispose()
    unlimited = create_engine("mysql+shardkit://", connect_args={"rules": rules})
    assert isinstance(unlimited.pool, ClusterPool)
    assert (unlimited.pool.size(), unlimited.pool.overflow()) == (KEPT, -KEPT)


def test_recovery_may_run_beside_the_engine(rules: Rules) -> None:
    engine = create_engine("mysql+shardkit:///?recover_every=60s", connect_args={"rules": rules})
    assert isinstance(engine.dialect, ShardkitDialect)
    with engine.connect():
        cluster = engine.dialect.opening.cluster
        assert cluster._recoverer is not None
    engine.dispose()
    assert cluster._recoverer is None
