"""DDL on every shard: it ends a transaction by committing it, says where it stopped, and can be completed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import shardkit
from shardkit.cli import main
from tests.integration.dbapi.stage import Stage, rows, run

ADD = "ALTER TABLE country ADD note VARCHAR(20)"


def columns(stage: Stage) -> list[int]:
    """How many columns the table has on each shard."""
    sql = "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = %s AND table_name = 'country'"
    return [stage.ask(int(shard.server[-1]), sql, (shard.database,))[0][0] for shard in stage.databases]


def on(stage: Stage, shard: int, sql: str) -> None:
    place = stage.databases[shard]
    stage.ask(int(place.server[-1]), sql.format(f"`{place.database}`"))


def test_ddl_commits_the_transaction_over_several_shards(stage: Stage) -> None:
    with stage.connection(autocommit=False, transactions="xa") as connection:
        run(connection, "INSERT INTO member (memberId) VALUES (0), (2), (3)")
        run(connection, ADD)
        connection.rollback()
        assert rows(connection, "SELECT memberId FROM member ORDER BY memberId") == [(0,), (2,), (3,)]
        run(connection, "ALTER TABLE country DROP note")
    assert columns(stage) == [2, 2, 2, 2]


def test_ddl_that_stops_halfway_is_named_and_completed(stage: Stage, tmp_path: Path) -> None:
    on(stage, 2, "ALTER TABLE {}.country ADD note VARCHAR(20)")
    with stage.connection(transactions="xa") as connection:
        with pytest.raises(shardkit.Error) as caught:
            run(connection, ADD)
        (note,) = caught.value.__notes__
        done, failed = note.split(", then failed on ")
        first, second, third, last = (str(shard) for shard in stage.databases)
        assert f"({first}.country, {second}.country)" in done
        assert failed.startswith(f"{third}.country; not tried on {last}.country")
    assert columns(stage) == [3, 3, 3, 2]
    rules = tmp_path / "rules.yaml"
    rules.write_text(stage.text(), encoding="utf-8")
    told = CliRunner().invoke(main, ["sql", str(rules), "--resume", ADD])
    assert (told.exit_code, told.stdout.splitlines()[0]) == (0, "done; 3 physical table(s) had it already")
    assert columns(stage) == [3, 3, 3, 3]
    again = CliRunner().invoke(main, ["sql", str(rules), "--resume", "ALTER TABLE country DROP note"])
    assert again.stdout.startswith("done; 0 physical")


@pytest.mark.parametrize(
    ("done", "sql", "undo"),
    [
        (
            "CREATE TABLE {}.scratch (id INT PRIMARY KEY)",
            "CREATE TABLE scratch (id INT PRIMARY KEY)",
            "DROP TABLE scratch",
        ),
        ("CREATE INDEX i ON {}.member (name)", "CREATE INDEX i ON member (name)", "DROP INDEX i ON member"),
    ],
)
def test_what_one_shard_has_is_passed(stage: Stage, done: str, sql: str, undo: str) -> None:
    on(stage, 1, done)
    with stage.connection() as connection:
        assert connection.resume(sql) == [f"{stage.databases[1]}.{'member' if 'member' in sql else 'scratch'}"]
        assert len(connection.resume(sql)) == 4
        assert connection.resume(undo) == []
        assert len(connection.resume(undo)) == 4
