"""Table, JSON and picture tell the same figures; the headline is the point select's CPU difference."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.measure import Sample
from benchmarks.plot import draw
from benchmarks.report import Result, RivalResult, as_json, environment, headline, table


def samples(*cpu: float) -> tuple[Sample, ...]:
    return tuple(Sample(value * 3, value, value / 2) for value in cpu)


@pytest.fixture
def results() -> list[Result]:
    ours, bare = RivalResult("shardkit", samples(120, 130, 125)), RivalResult("bare", samples(100, 104, 102))
    point = Result("point-select", "one member", (ours, bare))
    page = Result("order-page", "a page", (ours, bare, RivalResult("bare, 16 in turn", samples(900, 950, 920))))
    return [point, page]


def test_headline_is_the_median_of_paired_cpu_differences(results: list[Result]) -> None:
    assert headline(results) == 23
    assert headline(results[1:]) is None


def test_table_has_a_line_for_each_rival(results: list[Result]) -> None:
    console = Console(width=200, file=StringIO())
    console.print(table(results))
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    assert "125.0 (130.0)" in text
    assert "+23.0" in text
    assert text.count("shardkit") >= 2


def test_json_holds_all_samples_and_the_environment(results: list[Result]) -> None:
    facts = environment(["MySQL 9.7"], {"rows": 5}, "python -m benchmarks --quick")
    data = json.loads(json.dumps(as_json(results, facts, {"hit": 1.5})))
    assert data["headline"] == {"cpu_us_over_bare": 23, "target": 30.0}
    assert data["results"][0]["rivals"][0]["samples"][0] == [360, 120, 60]
    assert data["results"][1]["rivals"][2]["cpu_us_shardkit_minus_this"] == -795
    assert data["environment"]["packages"]["pymysql"]
    assert data["environment"]["cores"] >= 1
    assert data["plan_cache_us"] == {"hit": 1.5}


def test_picture_is_written(results: list[Result], tmp_path: Path) -> None:
    path = tmp_path / "plot.png"
    draw(results, path)
    assert path.read_bytes().startswith(b"\x89PNG")
