"""An engine that was used before a fork is whole in both processes: neither uses the other's connections."""

from __future__ import annotations

import subprocess
import sys

from sqlalchemy import Engine


def test_both_processes_go_on(engine: Engine) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "tests.integration.sqlalchemy.forking",
         engine.url.render_as_string()],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.split("\n")[:4] == ["as_it_is 0", "anew 0", "notes 5", "members 13"]
