"""A process is killed with SIGKILL at each step of its commit; recovery in another process makes it all or nothing.

Invariant shown: before the deciding COMMIT is sent nothing lasts, after it is answered everything does.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.integration.recovery.bank import ACCOUNTS, START, Bank, bank
from tests.integration.recovery.child import transfer_and_die
from tests.servers import ServerUrl

KEYS = {"two servers": (0, 2), "four shards": (3, 0, 1, 2)}
STEPS = ("prepare", "decide", "spread")
MOMENTS = [(when, number) for number in (1, 2, 3) for when in ("before", "within", "after")]


@pytest.fixture(scope="module")
def accounts(mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[Bank]:
    with bank(mysql_servers) as found:
        yield found


@pytest.fixture(scope="module")
def forks() -> ForkServerContext:
    """Makes processes out of one that has no thread and has imported all there is: importing is what they would cost."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.recovery.child"])
    return context


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("moment", MOMENTS, ids=[f"{when} {STEPS[number - 1]}" for when, number in MOMENTS])
def test_all_or_nothing(
    accounts: Bank, forks: ForkServerContext, tmp_path: Path, moment: tuple[str, int], keys: tuple[int, ...]
) -> None:
    name = f"{moment[0]}{moment[1]}-{len(keys)}"
    rules = tmp_path / "rules.yaml"
    rules.write_text(accounts.text, encoding="utf-8")
    process = forks.Process(target=transfer_and_die, args=(str(rules), name, keys, moment))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    process.close()
    accounts.recover()
    reached = accounts.entries().get(name, set())
    assert reached in (set(), set(keys))
    assert sum(accounts.balances().values()) == ACCOUNTS * START
    place = MOMENTS.index(moment)
    if place <= MOMENTS.index(("before", 2)):
        assert not reached
    if place >= MOMENTS.index(("after", 2)):
        assert reached
