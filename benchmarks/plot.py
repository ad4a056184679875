"""The results as a picture: for each workload the CPU and wall time of every rival, on a scale of its own.

Invariant: bars are medians, whiskers reach to the 95th percentile; the figures are those of the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Result

COLORS = ("#1f6f8b", "#99a8b2", "#d9b44a")


def draw(results: Sequence[Result], path: Path) -> None:
    """Write the picture; the file's ending chooses the format (.png, .svg). OSError if it cannot be written."""
    # Imported here, and without a display: only runs that ask for a picture pay for it.
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(results), figsize=(3.6 * len(results), 4.2), squeeze=False)
    for axis, result in zip(axes[0], results, strict=True):
        for index, rival in enumerate(result.rivals):
            summaries = [rival.summary("cpu"), rival.summary("wall")]
            places = [group * 4 + index for group in range(2)]
            medians = [summary.median for summary in summaries]
            reach = [[0.0, 0.0], [max(0.0, summary.p95 - summary.median) for summary in summaries]]
            color = COLORS[index % len(COLORS)]
            axis.bar(places, medians, yerr=reach, label=rival.name, color=color, capsize=3)
        axis.set_xticks([1, 5], ["CPU", "wall"])
        axis.set_title(result.workload)
        axis.set_ylabel("µs per operation")
        axis.legend(fontsize=7)
    figure.suptitle("shardkit next to the bare driver: median, whisker to p95")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
