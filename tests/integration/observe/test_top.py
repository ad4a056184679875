"""`shardkit top` over processes that publish, and over servers."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import shardkit
from shardkit.cli import main
from shardkit.rules import loads
from shardkit.telemetry import Figures
from tests.integration.dbapi.stage import Stage
from tests.integration.observe.conftest import Opening


def shown(rules: Path, *options: str) -> dict[str, Any]:
    """One picture."""
    done = CliRunner().invoke(main, ["top", str(rules), "--once", "--format", "json", "--every", "300ms", *options])
    assert done.exception is None, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_process_that_publishes(opening: Opening, tmp_path: Path) -> None:
    figures, folder = Figures(), tmp_path / "figures"
    cluster = opening(figures)
    cluster.publish(figures, folder, every=0.05)
    stop = threading.Event()

    def work() -> None:
        with closing(cluster.connect(autocommit=True)) as connection:
            while not stop.is_set():
                connection.cursor().execute("SELECT * FROM t_order WHERE memberId = %s", (1,)).fetchall()
                connection.cursor().execute("SELECT COUNT(*) FROM t_order").fetchall()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        found = shown(tmp_path / "rules.yaml", "--figures", str(folder))
    finally:
        stop.set()
        thread.join()
    (one,) = found["processes"]
    assert one["statements_per_second"] > 0
    assert 0.3 < one["scatter_share"] < 0.7
    shards = {shard["name"]: shard["statements_per_second"] for shard in found["shards"]}
    assert shards["one/o_1"] > shards["one/o_0"] > 0
    cluster.close()
    assert list(folder.iterdir()) == []


def test_a_table_is_printed_without_figures(opening: Opening, tmp_path: Path) -> None:
    opening()
    done = CliRunner().invoke(main, ["top", str(tmp_path / "rules.yaml"), "--once", "--every", "10ms"])
    assert done.exit_code == 0
    assert "one/o_3" in done.stdout


def test_a_folder_that_cannot_be_written_is_logged(
    opening: Opening, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    figures = Figures()
    cluster = opening(figures)
    (tmp_path / "figures").write_text("a file, not a folder", encoding="utf-8")
    cluster.publish(figures, tmp_path / "figures", every=60.0)
    cluster.close()
    assert any("figures could not be written" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("options", [["--every", "soon"], ["--long", "1"]])
def test_mistakes(opening: Opening, tmp_path: Path, options: list[str]) -> None:
    opening()
    assert CliRunner().invoke(main, ["top", str(tmp_path / "rules.yaml"), *options]).exit_code == 2


@pytest.mark.mysql
def test_servers(stage: Stage, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(stage.text(), encoding="utf-8")
    with shardkit.Cluster(loads(stage.text())) as cluster, closing(cluster.connect(autocommit=True)) as connection:
        started = threading.Event()

        def sleep() -> None:
            with closing(cluster.connect(autocommit=True)) as other:
                started.set()
                other.cursor().execute(
                    "SELECT memberId, SLEEP(4) FROM member WHERE memberId = 3 OR SLEEP(2)"
                ).fetchall()

        cursor = connection.cursor()
        cursor.execute("INSERT INTO member (memberId, name) VALUES (3, 'x')")
        connection.begin()
        cursor.execute("UPDATE member SET name = 'secret' WHERE memberId = 3")
        thread = threading.Thread(target=sleep)
        thread.start()
        started.wait()
        found = shown(rules, "--long", "0s", "--every", "1s")
        connection.rollback()
        thread.join()
        cursor.execute("DELETE FROM member WHERE memberId = 3")
    assert [one["error"] for one in found["servers"]] == [None, None]
    assert all(one["statements_per_second"] > 0 for one in found["servers"])
    assert all(one["threads_running"] >= 1 for one in found["servers"])
    sleeping = [one for one in found["long"] if "SLEEP(?)" in one["statement"]]
    assert sleeping
    assert all(one["shard"] in map(str, stage.databases) for one in sleeping)
