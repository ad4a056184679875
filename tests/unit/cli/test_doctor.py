"""`shardkit doctor` without servers: embedded shards are not examined, a silent server is told."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from shardkit.cli import main


def doctor(folder: Path, url: str, *options: str) -> Result:
    rules = folder / "rules.yaml"
    rules.write_text(
        f'version: 1\nservers: {{ a: {{ url: "{url}" }} }}\n'
        'layouts: { m: { databases: "m{0..1}", servers: [a] } }\n'
        "tables: { member: { layout: m, shard_by: id } }\n",
        encoding="utf-8",
    )
    return CliRunner().invoke(main, ["doctor", str(rules), *options])


def test_embedded_shards(tmp_path: Path) -> None:
    told = doctor(tmp_path, "sqlite:///./a")
    assert told.exit_code == 0
    assert "embedded, not examined" in told.stdout


def test_a_silent_server(tmp_path: Path) -> None:
    url = "mysql+pymysql://u:secret@127.0.0.1:1"
    told = doctor(tmp_path, url)
    assert told.exit_code == 1
    assert "does not answer" in told.stdout
    report = json.loads(doctor(tmp_path, url, "--json").stdout)
    assert [(one["level"], one["where"]) for one in report["findings"]] == [("wrong", "a")]
    assert "secret" not in told.stdout + json.dumps(report)
