"""A picture of a run: requests a second and their latencies over time.

Invariant: every request is in the picture; failed ones stand out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from examples.centers.load.buying import Done
from examples.centers.load.report import quantile
from examples.centers.load.schedule import Phase

INK, POINT, MEDIAN, HIGH, FAILED = "#333333", "#9ab8d8", "#1f5f9f", "#d97b29", "#c0392b"


def draw(path: Path, parts: Sequence[Phase], done: Sequence[Done]) -> None:
    """Write the picture; the file's name says which format."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 5.5), sharex=True, height_ratios=(1, 2))
    seconds = Counter(int(one.arrival.at) for one in done)
    length = int(sum(part.seconds for part in parts))
    above.bar(range(length), [seconds[second] for second in range(length)], width=1.0, color=POINT)
    above.set_ylabel("requests a second", color=INK)
    fine = [one for one in done if one.outcome != "failed"]
    below.scatter(
        [one.arrival.at for one in fine], [one.took * 1000 for one in fine], s=3, color=POINT, label="a request"
    )
    for share, color in ((0.5, MEDIAN), (0.99, HIGH)):
        marks = [(second, _quantile(fine, second, share)) for second in range(0, length, 5)]
        shown = [(second + 2.5, mark) for second, mark in marks if mark is not None]
        below.plot([x for x, _ in shown], [y for _, y in shown], color=color, label=f"p{share * 100:.0f} of 5 s")
    failed = [one for one in done if one.outcome == "failed"]
    below.scatter([one.arrival.at for one in failed], [one.took * 1000 for one in failed], color=FAILED, marker="x")
    below.set_yscale("log")
    below.set_ylabel("ms until the answer", color=INK)
    below.set_xlabel("seconds", color=INK)
    below.legend(loc="upper right", frameon=False)
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def _quantile(done: Sequence[Done], second: int, share: float) -> float | None:
    took = sorted(one.took * 1000 for one in done if second <= one.arrival.at < second + 5)
    return quantile(took, share) if took else None
