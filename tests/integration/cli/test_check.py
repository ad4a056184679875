"""`shardkit check`: ten mistakes give ten messages with their places; a good file tells what it amounts to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from shardkit.cli import main
from tests.integration.dbapi.stage import Stage

WRONG = """\
version: 1
servers:
  rds0:
    url: mysql+pymysql://app:${NO_SUCH_VARIABLE_HERE}@10.0.0.1:3306
    pool: { size: 3, wait: 5x }
  rds1: { url: "mysql+pymysql://app:hunter2@10.0.0.2:3306" }
layouts:
  member:
    databases: "member_{00..15}"
    servers: [rds0, rds2]
  order:
    databases: "order_{00..15}"
    servers: { rds0: "{00..11}", rds1: "{11..14}" }
tables:
  member:
    layout: membr
    shard_by: memberId
    algorithm: hsh
  member:
    layout: member
  t_order:
    layout: order
    shard_by: orderId
    generat: { orderId: snowflake }
defaults:
  unlisted_tables: off
"""
PLACES = ["4:", "5:", "10:", "13:", "16:", "18:", "19:", "24:", "26:"]
"""Where mistakes are, as line numbers; line 13 has two (an overlap and a hole)."""


def shardkit(*arguments: str, **options: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env=options)


def test_ten_mistakes_give_ten_messages(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(WRONG, encoding="utf-8")
    done = shardkit("check", str(file))
    assert done.exit_code == 1
    assert done.stdout == ""
    *messages, last = done.stderr.splitlines()
    assert last == "10 problem(s)"
    assert len(messages) == 10
    for message in messages:
        place, line, column, text = message[len(str(tmp_path)) :].split(":", 3)
        assert place == "/rules.yaml"
        assert int(line) > 0
        assert int(column) > 0
        assert text.strip()
    assert {f"{message.split(':')[1]}:" for message in messages} == set(PLACES)
    assert "hunter2" not in done.output + done.stderr


def test_a_good_file(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(stage.text(), encoding="utf-8")
    done = shardkit("check", str(file))
    assert (done.exit_code, done.stderr) == (0, "")
    for word in ("member", "t_order", "country", "broadcast", "config", "single", "sharded", "rds0/"):
        assert word in done.stdout
    assert stage.password not in done.stdout


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = shardkit("check", str(tmp_path / "nothing.yaml"))
    assert done.exit_code == 1
    assert "nothing.yaml:1:1: cannot be read" in done.stderr


@pytest.mark.parametrize(
    "text", ["", "version: [", "\t", "a: 'open", "version: 1\nversion: 1\n", "\x00", "- 1\n- 2\n", "5"]
)
def test_files_that_are_no_rules(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    done = shardkit("check", str(file))
    assert done.exit_code == 1
    assert "rules.yaml:" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_the_schema_of_the_file(stage: Stage) -> None:
    done = shardkit("check", "--schema")
    assert done.exit_code == 0
    schema = json.loads(done.stdout)
    written = yaml.safe_load(stage.text())
    assert set(written) <= set(schema["properties"])
    assert schema["additionalProperties"] is False


def test_without_a_file() -> None:
    done = shardkit("check")
    assert done.exit_code == 2
    assert "--schema" in done.stderr


def test_help() -> None:
    for command in ((), ("check",), ("explain",), ("init",), ("sql",)):
        done = shardkit(*command, "--help")
        assert done.exit_code == 0
        assert "Usage" in done.stdout
