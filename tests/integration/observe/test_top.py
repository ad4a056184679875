"""`shardkit top` over processes that publish, and over servers."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import shardkit
from shardkit.cli import main
from shardkit.cli.top import looking
from shardkit.rules import loads
from shardkit.telemetry import Figures
from shardkit.top import Look, picture
from tests.integration.dbapi.stage import PATIENCE, Stage
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
    cluster.publish(figures, folder, every=0.02)
    with closing(cluster.connect(autocommit=True)) as connection, looking(cluster.rules, str(folder)) as glance:

        def work(rounds: int, statements: int) -> Look:
            """So many rounds; gives the look at the first figures that tell of all statements."""
            for _ in range(rounds):
                connection.cursor().execute("SELECT * FROM t_order WHERE memberId = %s", (1,)).fetchall()
                connection.cursor().execute("SELECT COUNT(*) FROM t_order").fetchall()
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until:
                found = glance()
                if found.processes and sum(found.processes[0].figures["statements"].values()) == statements:
                    return found
                time.sleep(0.01)
            raise AssertionError("the figures never told of all statements")

        found = picture(work(1, 2), work(10, 22))
    (one,) = found["processes"]
    assert one["statements_per_second"] > 0
    assert (one["scatter_share"], one["plan_cache_share"]) == (0.5, 1.0)
    rates = {shard["name"]: shard["statements_per_second"] for shard in found["shards"]}
    assert rates["one/o_1"] == pytest.approx(2 * rates["one/o_0"])
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
def test_servers(stage: Stage) -> None:
    rules = loads(stage.text())
    with (
        shardkit.Cluster(rules) as cluster,
        closing(cluster.connect(autocommit=True)) as holder,
        closing(cluster.connect(autocommit=True)) as waiter,
        looking(rules, None) as glance,
    ):
        holder.cursor().execute("INSERT INTO member (memberId, name) VALUES (3, 'x')")
        holder.begin()
        holder.cursor().execute("UPDATE member SET name = 'secret' WHERE memberId = 3")
        blocked = threading.Thread(
            target=waiter.cursor().execute, args=("UPDATE member SET name = 'hidden' WHERE memberId = 3",)
        )
        before = glance()
        blocked.start()
        until = time.monotonic() + PATIENCE
        found = picture(before, glance(), long=0.0)
        while not found["long"] and time.monotonic() < until:
            found = picture(before, glance(), long=0.0)
        holder.rollback()
        blocked.join()
        holder.cursor().execute("DELETE FROM member WHERE memberId = 3")
    assert [one["error"] for one in found["servers"]] == [None, None]
    assert all(one["statements_per_second"] > 0 for one in found["servers"])
    (one,) = found["long"]
    assert one["statement"].startswith("UPDATE ")
    assert one["statement"].endswith("SET name = ? WHERE memberId = ?")
    assert one["shard"] == str(stage.databases[3])
