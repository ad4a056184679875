"""`make fuzz`: random SELECTs over every world, against one unsharded server.

    make fuzz ARGS="--count 20000 --seed 7 --size 5 --size 4x4"

`SHARDKIT_TEST_FLAVOR` and its kin choose the servers, as for the tests. Failures are made small and printed as cases.
"""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console
from rich.table import Table

from tests.fuzz.command import Asked, options, play
from tests.fuzz.run import Tally, run

MOST_REFUSED = 2.0
MOST_DISCARDED = 10.0


@click.command()
@options
def main(**given: Any) -> None:
    """Ask random SELECTs of shardkit and of one unsharded server, and compare."""
    console, tally, title = play("asking", Asked(**given), run, told)
    report(console, tally, title)
    if tally.count("wrong") or tally.share("refused") > MOST_REFUSED or tally.share("discarded") > MOST_DISCARDED:
        raise SystemExit(1)


def told(tally: Tally) -> tuple[str, list[Any]]:
    """What stands behind the bar, and the findings."""
    return f"{tally.count('wrong')} wrong, {tally.share('refused'):.1f} % refused", list(tally.findings)


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
