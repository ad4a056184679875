"""`shardkit analyze` without a schema file: the tables are described by the servers of the rules, and nothing is run."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from shardkit.cli import main
from tests.integration.dbapi.stage import Stage

QUERIES = """
SELECT * FROM member WHERE memberId = 5;
SELECT name FROM member ORDER BY name;
SELECT * FROM t_order WHERE orderId = 3;
DELETE FROM member WHERE memberId = 1;
DROP TABLE member;
"""


def test_tables_from_the_servers(stage: Stage, tmp_path: Path) -> None:
    for name, text in (("rules.yaml", stage.text()), ("queries.sql", QUERIES)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = [str(tmp_path / name) for name in ("rules.yaml", "queries.sql")]
    done = CliRunner().invoke(main, ["analyze", *files, "--json", str(tmp_path / "out.json")])
    assert (done.exit_code, done.stderr) == (0, "")
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    kinds = {one["fingerprint"].split(" WHERE")[0]: one["kind"] for one in found["statements"]}
    assert kinds == {
        "SELECT * FROM member": "pass",
        "SELECT name FROM member ORDER BY name": "merge",
        "SELECT * FROM t_order": "merge",
        "DELETE FROM member": "write",
        "DROP TABLE member": "ddl",
    }
    assert "index table on orderId" in " ".join(done.stdout.split())
    assert stage.password not in done.stdout
    assert stage.stored("member") == []


def test_tables_that_are_not_there(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(stage.text(), encoding="utf-8")
    (tmp_path / "queries.sql").write_text("SELECT * FROM scratch; SELECT 1", encoding="utf-8")
    done = CliRunner().invoke(main, ["analyze", str(tmp_path / "rules.yaml"), str(tmp_path / "queries.sql")])
    assert done.exit_code == 0
    assert "Table 'scratch' doesn't exist" in " ".join(done.stdout.split())
