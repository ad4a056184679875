"""What a run found: a table for people, JSON for machines, with enough about the machine to compare runs honestly.

Invariant: every figure shown is also in the JSON, which holds all samples, so nothing needs to be believed.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.measure import Sample, Summary, difference, ratio, summarize

TARGET = 30.0
"""CPU microseconds that a routed point select may cost more than the bare driver's."""

HEADLINE = "point-select"
PACKAGES = ("shardkit", "pymysql", "mysqlclient", "sqlglot", "sqlglotc")


@dataclass(frozen=True, slots=True)
class RivalResult:
    """The samples of one rival, one for each round."""

    name: str
    samples: tuple[Sample, ...]

    def column(self, clock: str) -> list[float]:
        """One clock of all samples: wall, cpu or thread."""
        return [getattr(sample, clock) for sample in self.samples]

    def summary(self, clock: str) -> Summary:
        """Median and p95 of one clock."""
        return summarize(self.column(clock))


@dataclass(frozen=True, slots=True)
class Result:
    """One workload: shardkit first, then the rivals it is compared with."""

    workload: str
    about: str
    rivals: tuple[RivalResult, ...]

    def difference(self, rival: RivalResult, clock: str) -> float:
        """Shardkit minus the rival, in microseconds an operation."""
        return difference(self.rivals[0].column(clock), rival.column(clock))

    def ratio(self, rival: RivalResult, clock: str) -> float:
        """Shardkit over the rival."""
        return ratio(self.rivals[0].column(clock), rival.column(clock))


def headline(results: Sequence[Result]) -> float | None:
    """CPU microseconds of a routed point select minus the bare driver's; None if it was not measured."""
    for result in results:
        if result.workload == HEADLINE:
            return result.difference(result.rivals[1], "cpu")
    return None


def table(results: Sequence[Result]) -> Table:
    """All results, one line for each rival."""
    shown = Table(title="µs per operation: median (p95) over the rounds; differences are shardkit minus the rival")
    shown.add_column("workload")
    shown.add_column("rival")
    for name in ("wall", "CPU process", "CPU thread", "Δ wall", "Δ CPU", "wall ratio", "CPU ratio"):
        shown.add_column(name, justify="right")
    for result in results:
        for index, rival in enumerate(result.rivals):
            cells = [_pair(rival.summary(clock)) for clock in ("wall", "cpu", "thread")]
            shown.add_row(result.workload if index == 0 else "", rival.name, *cells, *_against(result, index))
        shown.add_section()
    return shown


def as_json(results: Sequence[Result], environment: dict[str, Any], plan_cache: dict[str, float]) -> dict[str, Any]:
    """Everything of the run as plain data."""
    return {
        "environment": environment,
        "headline": {"cpu_us_over_bare": headline(results), "target": TARGET},
        "plan_cache_us": plan_cache,
        "results": [_result(result) for result in results],
    }


def environment(servers: Sequence[str], settings: dict[str, Any], command: str) -> dict[str, Any]:
    """The machine, the versions, the servers' own names for themselves, and how the run was called."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "settings": settings,
        "servers": list(servers),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.platform(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "packages": {name: found for name in PACKAGES if (found := _version(name)) is not None},
    }


def _result(result: Result) -> dict[str, Any]:
    rivals = []
    for index, rival in enumerate(result.rivals):
        entry: dict[str, Any] = {"name": rival.name}
        for clock in ("wall", "cpu", "thread"):
            entry[f"{clock}_us"] = rival.summary(clock)._asdict()
            if index:
                entry[f"{clock}_us_shardkit_minus_this"] = result.difference(rival, clock)
                entry[f"{clock}_shardkit_over_this"] = result.ratio(rival, clock)
        entry["samples"] = asdict(rival)["samples"]
        rivals.append(entry)
    return {"workload": result.workload, "about": result.about, "rivals": rivals}


def _against(result: Result, index: int) -> list[str]:
    if index == 0:
        return [""] * 4
    rival = result.rivals[index]
    gaps = [f"{result.difference(rival, clock):+,.1f}" for clock in ("wall", "cpu")]
    return gaps + [f"{result.ratio(rival, clock):.2f}x" for clock in ("wall", "cpu")]


def _pair(summary: Summary) -> str:
    return f"{summary.median:,.1f} ({summary.p95:,.1f})"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
