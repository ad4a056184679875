"""A process is killed with SIGKILL at each step of its commit; recovery in another process makes it all or nothing.

Invariant shown: before the deciding COMMIT is sent nothing lasts, after it is answered everything does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.recovery.bank import ACCOUNTS, START, Bank, bank
from tests.integration.recovery.child import KILL
from tests.servers import ServerUrl

ROOT = Path(__file__).resolve().parents[3]
KEYS = {"two servers": (0, 2), "four shards": (3, 0, 1, 2)}
STEPS = ("prepare", "decide", "spread")
MOMENTS = [(when, number) for number in (1, 2, 3) for when in ("before", "within", "after")]


@pytest.fixture(scope="module")
def accounts(mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[Bank]:
    with bank(mysql_servers) as found:
        yield found


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("moment", MOMENTS, ids=[f"{when} {STEPS[number - 1]}" for when, number in MOMENTS])
def test_all_or_nothing(accounts: Bank, tmp_path: Path, moment: tuple[str, int], keys: tuple[int, ...]) -> None:
    when, number = moment
    name = f"{when}{number}-{len(keys)}"
    rules = tmp_path / "rules.yaml"
    rules.write_text(accounts.text, encoding="utf-8")
    died = subprocess.run(
        [sys.executable, "-m", "tests.integration.recovery.child", str(rules), name, *map(str, keys)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), KILL: f"{when} {number}"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (died.returncode, died.stdout) == (-9, ""), died.stderr
    accounts.recover()
    reached = accounts.entries().get(name, set())
    assert reached in (set(), set(keys))
    assert sum(accounts.balances().values()) == ACCOUNTS * START
    place = MOMENTS.index(moment)
    if place <= MOMENTS.index(("before", 2)):
        assert not reached
    if place >= MOMENTS.index(("after", 2)):
        assert reached
