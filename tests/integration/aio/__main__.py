"""`make chaos-cancel`: a thousand cancellations at random moments for each driver, and what the servers see then."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests import servers
from tests.integration.aio import chaos
from tests.integration.aio.conftest import DRIVERS, opened
from tests.integration.dbapi.stage import Stage
from tests.integration.recovery.chaos import seed_of_today

OUT = Console(highlight=False)


def main() -> int:
    """One run; 1 when something was left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=seed_of_today())
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="shardkit-chaos-"))
    try:
        return play(folder, given.cuts, given.seed)
    finally:
        servers.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def play(folder: Path, cuts: int, seed: int) -> int:
    """Start servers, cut, look, tell."""
    began = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    counts: dict[str, Counter[str]] = {}
    with Progress(*columns, console=OUT) as progress:
        bar = progress.add_task("starting two servers", total=cuts * len(DRIVERS))
        pair = servers.find(folder)
        stage = Stage(pair)
        stage.build()
        try:
            for driver in DRIVERS:
                progress.update(bar, description=f"cutting over {driver}, seed {seed}")
                counts[driver] = asyncio.run(cut(stage, driver, seed, cuts, lambda: progress.advance(bar)))
        finally:
            stage.remove()
    table = Table("what", *DRIVERS, title=f"{pair[0].flavor} {pair[0].version}, seed {seed}")
    for what in sorted(set().union(*counts.values())):
        table.add_row(what, *(f"{counts[driver][what]:,}" for driver in DRIVERS))
    OUT.print(table)
    OUT.print(f"nothing was left behind ({time.monotonic() - began:.0f} s)", style="green")
    return 0


async def cut(stage: Stage, driver: str, seed: int, cuts: int, tick: object) -> Counter[str]:
    """One driver's turn. AssertionError when something is left or money is missing."""
    stage.wipe()
    chaos.fill(stage)
    async with opened(stage, driver, transactions="xa") as cluster:
        torment = chaos.Chaos(cluster, seed)
        await torment.run(cuts, tick)  # type: ignore[arg-type]
    assert chaos.money(stage) == chaos.ACCOUNTS * chaos.EACH, "money is missing, or there is too much"
    assert chaos.prepared(stage) == [], "a branch is left"
    return torment.counts


if __name__ == "__main__":
    sys.exit(main())
