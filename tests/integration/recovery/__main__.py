"""`make chaos`: 500 kills of workers and connections in the middle of their transactions, and what came of it."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests import servers
from tests.integration.recovery.bank import bank
from tests.integration.recovery.chaos import WORKERS, Chaos, seed_of_today

OUT = Console(highlight=False)


def main() -> int:
    """One run; 1 when a transfer was there in part or not as was said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=seed_of_today())
    parser.add_argument("--workers", type=int, default=WORKERS)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="shardkit-chaos-"))
    try:
        return play(folder, given.kills, given.seed, given.workers)
    finally:
        servers.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def play(folder: Path, kills: int, seed: int, workers: int) -> int:
    """Start servers, kill, tell."""
    began = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=OUT) as progress:
        bar = progress.add_task("starting two servers", total=kills)
        pair = servers.find(folder)
        with bank(pair, own_user=True) as found:
            chaos = Chaos(found, folder, seed, workers)
            progress.update(bar, description=f"killing, seed {seed}")
            wrong = ""
            try:
                chaos.run(kills, lambda: progress.advance(bar))
            except AssertionError as error:
                wrong = str(error)
    table = Table("what", "how often", title=f"{pair[0].flavor} {pair[0].version}, seed {seed}")
    for what, count in sorted(chaos.counts.items()):
        table.add_row({"begun": "died before an answer"}.get(what, what), f"{count:,}")
    OUT.print(table)
    if wrong:
        OUT.print(f"WRONG: {wrong}", style="bold red", markup=False)
        return 1
    OUT.print(f"every transfer is whole, and as was said ({time.monotonic() - began:.0f} s)", style="green")
    return 0


if __name__ == "__main__":
    sys.exit(main())
