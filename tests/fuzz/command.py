"""What the programs of both fuzzers share: their options, their worlds, the bar, findings printed as they come.

Invariant: servers and worlds that were made here are gone afterwards, whatever happened.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests import servers
from tests.differential.conftest import connect
from tests.differential.world import SIZES, build
from tests.fuzz.verdict import Moody
from tests.servers import ServerUrl

Command = TypeVar("Command", bound=Callable[..., Any])
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options."""

    count: int
    seed: int
    first: int
    sizes: tuple[str, ...]


def options(command: Command) -> Command:
    """The options of both programs, as the fields of `Asked`."""
    for option in (
        click.option("--size", "sizes", multiple=True, type=click.Choice(SIZES), help="Only this world; repeatable."),
        click.option("--first", default=0, help="The number of the first statement."),
        click.option("--seed", default=1, show_default=True, help="Another seed, other statements."),
        click.option("--count", default=2000, show_default=True, help="Statements in all."),
    ):
        command = option(command)
    return command


def play(
    word: str,
    asked: Asked,
    run: Callable[[Sequence[Moody], int, range, Callable[[T], None]], T],
    told: Callable[[T], tuple[str, Sequence[object]]],
) -> tuple[Console, T, str]:
    """Run statements with a bar; `told` gives of a tally what stands behind the bar, and all findings so far.

    Gives where to print, the tally, and a title for it.
    """
    console = Console()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with (
        opened(asked.sizes or SIZES) as made,
        Progress(*columns, TextColumn("{task.fields[found]}"), console=console) as bar,
    ):
        task = bar.add_task(word, total=asked.count, found="")
        printed = 0

        def step(tally: T) -> None:
            nonlocal printed
            found, problems = told(tally)
            bar.update(task, advance=1, found=found)
            for problem in problems[printed:]:
                bar.console.print(str(problem), markup=False, highlight=False, soft_wrap=True)
            printed = len(problems)

        tally = run(made, asked.seed, range(asked.first, asked.first + asked.count), step)
        version = made[0].servers[0].version
    return console, tally, f"{asked.count} statements of seed {asked.seed} on {version}"


@contextmanager
def opened(sizes: Sequence[str]) -> Iterator[list[Moody]]:
    """The worlds of these sizes on servers of this run."""
    folder = Path(tempfile.mkdtemp(prefix="shardkit-fuzz-"))
    try:
        with worlds(servers.shared(folder), sizes) as made:
            yield made
    finally:
        servers.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def worlds(pair: tuple[ServerUrl, ServerUrl], sizes: Sequence[str]) -> Iterator[list[Moody]]:
    """The worlds of these sizes on these servers."""
    made: list[Moody] = []
    try:
        for size in sizes:
            made.append(Moody(size, pair, servers.new_prefix(), connect))
            build(made[-1])
        yield made
    finally:
        for world in made:
            world.reconnect()
            servers.drop_databases(pair, world.prefix)
