"""`make fuzz-writes`: random writes and SELECTs over every world, against one unsharded server.

make fuzz-writes ARGS="--count 10000 --seed 7 --size 5 --size 4x4"
"""

from __future__ import annotations

import click
from rich.console import Console

from tests.differential.world import SIZES
from tests.fuzz.__main__ import progress, worlds
from tests.fuzz.write_run import Tally, run

MOST_REFUSED = 5.0


@click.command()
@click.option("--count", default=2000, show_default=True, help="Statements in all.")
@click.option("--seed", default=1, show_default=True, help="Another seed, other statements.")
@click.option("--first", default=0, help="The number of the first statement.")
@click.option("--size", "sizes", multiple=True, type=click.Choice(SIZES), help="Only this world; may be repeated.")
def main(count: int, seed: int, first: int, sizes: tuple[str, ...]) -> None:
    """Write at random on both sides, and compare what is left after each statement."""
    console = Console()
    with worlds(sizes or SIZES) as made, progress(console) as bar:
        task = bar.add_task("writing", total=count, found="")
        printed = [0]

        def step(tally: Tally) -> None:
            bar.update(task, advance=1, found=f"{tally.results['wrong']} wrong, {tally.results['refused']} refused")
            for problem in tally.problems[printed[0] :]:
                bar.console.print(problem, markup=False, highlight=False, soft_wrap=True)
            printed[0] = len(tally.problems)

        tally = run(made, seed, range(first, first + count), step)
        version = made[0].servers[0].version
    console.print(f"{count} statements of seed {seed} on {version}: {dict(tally.results)}")
    for head, counted in (("refused", tally.reasons), ("failed alike", tally.errors)):
        for text, number in counted.most_common(15):
            console.print(f"{head}: {number:5} {text}", markup=False, highlight=False, soft_wrap=True)
    if tally.problems or tally.share("refused") > MOST_REFUSED:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
