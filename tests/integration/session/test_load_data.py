"""LOAD DATA LOCAL INFILE over shards holds what one server makes of the same file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shardkit.errors import DataError, NotSupportedError, OperationalError, ShardKeyError
from tests.integration.dbapi.stage import Stage, rows, run

LOOSE: dict[str, Any] = {"transactions": "best_effort"}
CSV = "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' LINES TERMINATED BY '\\n' IGNORE 1 LINES"


def written(folder: Path, text: str) -> str:
    path = folder / "rows.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return str(path)


def test_a_file_is_split_by_shard_as_one_server_reads_it(stage: Stage, tmp_path: Path) -> None:
    lines = [f'{n},{n % 7},"name, ""{n}"" é😀","line\\n\\tof {n}"' for n in range(1, 1500)]
    lines += ["2000,NULL,\\N,", "3,5,again,x"]
    path = written(tmp_path, "id,n,name,v\n" + "\n".join(lines) + "\n")
    stage.everywhere("ALTER TABLE member DROP KEY n")
    try:
        with stage.cluster(**LOOSE) as cluster:
            connection = cluster.connect(autocommit=True, local_infile=True)
            sql = f"LOAD DATA LOCAL INFILE %s INTO TABLE member {CSV} (memberId, n, name, v)"
            assert run(connection, sql, (path,)) == 1500
            connection.close()
            stage.assert_idle(cluster)
        with (
            stage.servers[0].connect(stage.databases[0].database, local_infile=True) as plain,
            plain.cursor() as cursor,
        ):
            cursor.execute("SET GLOBAL local_infile = 1")
            cursor.execute("CREATE TABLE loaded LIKE member")
            cursor.execute(f"LOAD DATA LOCAL INFILE %s INTO TABLE loaded {CSV} (memberId, n, name, v)", (path,))
            assert cursor.rowcount == 1500
            cursor.execute("SELECT memberId, n, name, v FROM loaded")
            wanted = sorted(cursor.fetchall(), key=repr)
            cursor.execute("DROP TABLE loaded")
        stored = stage.stored("member", "memberId, n, name, v")
        assert sorted((row[1:] for row in stored), key=repr) == wanted
        assert all(row[0] == row[1] % 4 for row in stored)
    finally:
        stage.everywhere("DELETE FROM member", "ALTER TABLE member ADD UNIQUE (n)")


def test_replace_and_copies(stage: Stage, tmp_path: Path) -> None:
    path = written(tmp_path, "a\tone\nb\ttwo\na\tthree\n")
    with stage.cluster(**LOOSE) as cluster:
        connection = cluster.connect(autocommit=True, local_infile=True)
        run(connection, "LOAD DATA LOCAL INFILE %s REPLACE INTO TABLE country", (path,))
        assert rows(connection, "SELECT * FROM country ORDER BY code") == [("a", "three"), ("b", "two")]
        assert len(stage.stored("country")) == 8
        connection.close()


@pytest.mark.parametrize(
    ("text", "error"),
    [("1,2\n5,x,y\n", DataError), ("1,2\nx,2\n", ShardKeyError), ("1,2\n\\N,2\n", ShardKeyError)],
)
def test_a_file_that_cannot_be_read_leaves_nothing(
    stage: Stage, tmp_path: Path, text: str, error: type[Exception]
) -> None:
    path = written(tmp_path, text)
    with stage.cluster(**LOOSE) as cluster:
        connection = cluster.connect(autocommit=True, local_infile=True)
        with pytest.raises(error):
            sql = "LOAD DATA LOCAL INFILE %s INTO TABLE member FIELDS TERMINATED BY ',' (memberId, n)"
            run(connection, sql, (path,))
        assert stage.stored("member") == []
        with pytest.raises(OperationalError, match="Can't find file"):
            run(connection, "LOAD DATA LOCAL INFILE '/no/such/file' INTO TABLE member")
        connection.close()
        stage.assert_idle(cluster)


def test_files_of_this_machine_are_read_only_if_asked_for(stage: Stage, tmp_path: Path) -> None:
    with stage.connection(**LOOSE) as connection, pytest.raises(NotSupportedError, match="local_infile=True"):
        run(connection, "LOAD DATA LOCAL INFILE %s INTO TABLE member", (written(tmp_path, "1\n"),))
