"""`make fuzz`: random SELECTs over every world, against one unsharded server.

    make fuzz ARGS="--count 20000 --seed 7 --size 5 --size 4x4"

`SHARDKIT_TEST_FLAVOR` and its kin choose the servers, as for the tests. Failures are made small and printed as cases.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests import servers
from tests.differential.conftest import connect
from tests.differential.world import SIZES, build
from tests.fuzz.run import Tally, run
from tests.fuzz.verdict import Moody

MOST_REFUSED = 2.0
MOST_DISCARDED = 10.0


@click.command()
@click.option("--count", default=2000, show_default=True, help="Statements in all.")
@click.option("--seed", default=1, show_default=True, help="Another seed, other statements.")
@click.option("--first", default=0, help="The number of the first statement.")
@click.option("--size", "sizes", multiple=True, type=click.Choice(SIZES), help="Only this world; may be repeated.")
def main(count: int, seed: int, first: int, sizes: tuple[str, ...]) -> None:
    """Ask random SELECTs of shardkit and of one unsharded server, and compare."""
    console = Console()
    with worlds(sizes or SIZES) as made, progress(console) as bar:
        task = bar.add_task("asking", total=count, found="")

        def step(tally: Tally) -> None:
            found = f"{tally.count('wrong')} wrong, {tally.share('refused'):.1f} % refused"
            bar.update(task, advance=1, found=found)
            if tally.findings:
                shown = len(tally.findings)
                for finding in tally.findings[printed[0] :]:
                    bar.console.print(str(finding), markup=False, highlight=False, soft_wrap=True)
                printed[0] = shown

        printed = [0]
        tally = run(made, seed, range(first, first + count), step)
        version = made[0].servers[0].version
    report(console, tally, f"{count} statements of seed {seed} on {version}")
    if tally.count("wrong") or tally.share("refused") > MOST_REFUSED or tally.share("discarded") > MOST_DISCARDED:
        raise SystemExit(1)


def progress(console: Console) -> Progress:
    """The bar."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[found]}"), console=console,
    )  # fmt: skip


@contextmanager
def worlds(sizes: tuple[str, ...]) -> Iterator[list[Moody]]:
    """The worlds of these sizes on servers of this run; all of it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="shardkit-fuzz-"))
    made: list[Moody] = []
    try:
        pair = servers.shared(folder)
        for size in sizes:
            made.append(Moody(size, pair, servers.new_prefix(), connect))
            build(made[-1])
        yield made
    finally:
        for world in made:
            world.reconnect()
            servers.drop_databases(world.servers, world.prefix)
        servers.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def report(console: Console, tally: Tally, title: str) -> None:
    """Print what happened, per kind of plan, with the reasons of refusals and of statements left out."""
    results = ("same", "refused", "discarded", "wrong")
    table = Table(title=title)
    for name in ("plan", *results):
        table.add_column(name, justify="left" if name == "plan" else "right")
    for kind in sorted({kind for kind, _ in tally.outcomes}):
        table.add_row(kind, *(str(tally.outcomes[kind, result]) for result in results))
    table.add_row("all", *(f"{tally.count(result)} ({tally.share(result):.2f} %)" for result in results))
    console.print(table)
    console.print(f"{tally.empty} answers without rows")
    for head, counted in (("refused", tally.reasons), ("left out", tally.errors), ("wrong", tally.sorts)):
        for text, number in counted.most_common(25):
            console.print(f"{head}: {number:5} {text}", markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
