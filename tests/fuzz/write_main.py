"""`make fuzz-writes`: random writes and SELECTs over every world, against one unsharded server.

make fuzz-writes ARGS="--count 10000 --seed 7 --size 5 --size 4x4"
"""

from __future__ import annotations

from typing import Any

import click

from tests.fuzz.command import Asked, options, play
from tests.fuzz.write_run import Tally, run

MOST_REFUSED = 5.0


@click.command()
@options
def main(**given: Any) -> None:
    """Write at random on both sides, and compare what is left after each statement."""
    console, tally, title = play("writing", Asked(**given), run, told)
    console.print(f"{title}: {dict(tally.results)}")
    for head, counted in (("refused", tally.reasons), ("failed alike", tally.errors)):
        for text, number in counted.most_common(15):
            console.print(f"{head}: {number:5} {text}", markup=False, highlight=False, soft_wrap=True)
    if tally.problems or tally.share("refused") > MOST_REFUSED:
        raise SystemExit(1)


def told(tally: Tally) -> tuple[str, list[str]]:
    """What stands behind the bar, and the findings."""
    return f"{tally.results['wrong']} wrong, {tally.results['refused']} refused", tally.problems


if __name__ == "__main__":
    main()
