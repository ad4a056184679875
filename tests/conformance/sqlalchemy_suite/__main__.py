"""`make sqlalchemy-suite`: SQLAlchemy's own dialect suite, through shardkit over MySQL shards and through PyMySQL alone.

    make sqlalchemy-suite ARGS="--run single --run sharded"

`plain`: one MySQL through PyMySQL, which says what MySQL itself skips; it always runs first. `single`: shardkit, every table of the suite in the
single database. `asyncio`: the same through the asyncio dialect. `sharded`: the tests that read and write rows, their tables
sharded by id over four databases of two servers. Each is a pytest of its own, because the suite brings its own plugin.
Invariant: fails if any test fails, or if shardkit passes at most 95 % of what MySQL passes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias
from xml.etree import ElementTree

import click
from rich.console import Console
from rich.table import Table

from tests import servers
from tests.servers import ServerUrl

HERE = Path(__file__).parent
SCHEMAS = ("test_schema", "test_schema_2")  # the names that the suite expects
DATABASES = {0: ("sk_suite", "sk_suite_0", "sk_suite_1", *SCHEMAS), 1: ("sk_suite_2", "sk_suite_3")}
ENOUGH = 95.0
SHARDED = ("some_table", "manual_pk", "stuff", "plain_pk")
READING = [
    "CollateTest",
    "OrderByLabelTest",
    "FetchLimitOffsetTest",
    "JoinTest",
    "CompoundSelectTest",
    "PostCompileParamsTest",
    "ExpandingBoundInTest",
    "LikeFunctionsTest",
    "ExistsTest",
    "IsNotDistinct",
    "IsOrIsNot",
    "WindowFunctionTest",
    "InsertBehaviorTest",
    "SimpleUpdateDeleteTest",
    "RowFetchTest",
    "RowCountTest",
    "RegexpTest",
]
RUNS = ("plain", "single", "asyncio", "sharded")


Case: TypeAlias = str
"""A test's class and name, without the driver that it ran through."""


class Outcome(NamedTuple):
    """What became of one run. `refused`: skipped, though the plain run passes it."""

    run: str
    passed: frozenset[Case]
    failed: frozenset[Case]
    refused: frozenset[Case]
    skipped: frozenset[Case]

    @property
    def share(self) -> float:
        """Passed, in per cent of what MySQL itself would not skip."""
        return 100.0 * len(self.passed) / max(len(self.passed | self.failed | self.refused), 1)


@click.command()
@click.option("--run", "chosen", multiple=True, type=click.Choice(RUNS), help="Only this one; may be repeated.")
def main(chosen: tuple[str, ...]) -> None:
    """Run SQLAlchemy's dialect suite and say how much of it passes."""
    folder = Path(tempfile.mkdtemp(prefix="shardkit-suite-"))
    try:
        pair = servers.find(folder)
        plain = one("plain", pair, folder)
        outcomes = [plain, *(one(name, pair, folder, plain) for name in chosen or RUNS if name != "plain")]
        _empty(pair, drop=True)
    finally:
        servers.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
    report(outcomes, pair[0].version)
    if any(outcome.failed or not outcome.passed or outcome.share <= ENOUGH for outcome in outcomes):
        raise SystemExit(1)


def one(name: str, pair: tuple[ServerUrl, ServerUrl], folder: Path, plain: Outcome | None = None) -> Outcome:
    """One run, on empty databases."""
    _empty(pair)
    rules, result = folder / f"{name}.yaml", folder / f"{name}.xml"
    rules.write_text(rules_text(pair, SHARDED if name == "sharded" else ()), encoding="utf-8")
    url = {
        "plain": pair[0]
        .url.set(drivername=f"{pair[0].flavor}+pymysql", database="sk_suite")
        .render_as_string(hide_password=False),
        "asyncio": f"{pair[0].flavor}+shardkit_async:///{rules}",
    }.get(name, f"{pair[0].flavor}+shardkit:///{rules}")
    command = [
        sys.executable, "-m", "pytest", "-q", "-c", "setup.cfg", "--rootdir", ".", "--confcutdir", ".", "--dburi", url,
        f"--junitxml={result}", "test_suite.py", *(("-k", " or ".join(READING)) if name == "sharded" else ()),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=HERE, env=os.environ | {"PYTHONPATH": "."}, capture_output=True, text=True)
    outcome = read(name, result, plain)
    if outcome.failed or done.returncode:
        click.echo(done.stdout[-20_000:] + done.stderr[-2_000:], err=True)
    return outcome


def read(name: str, result: Path, plain: Outcome | None) -> Outcome:
    """Sort the cases of a run; none, if it left no result."""
    cases = ElementTree.parse(result).getroot().iter("testcase") if result.exists() else ()
    found: dict[str, set[Case]] = {key: set() for key in ("passed", "failed", "refused", "skipped")}
    for case in cases:
        title = f"{_DRIVER.sub('', str(case.get('classname')))}::{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            found["failed"].add(title)
        elif case.find("skipped") is None:
            found["passed"].add(title)
        else:
            found["refused" if plain is not None and title in plain.passed else "skipped"].add(title)
    return Outcome(name, **{key: frozenset(titles) for key, titles in found.items()})


_DRIVER = re.compile(r"_(mysql|mariadb)\+\w+$")


def report(outcomes: Sequence[Outcome], version: str) -> None:
    """The runs side by side."""
    table = Table("run", "collected", "passed", "failed", "refused by shardkit", "not in MySQL", "of what MySQL runs")
    table.title = f"SQLAlchemy's dialect suite on {version}"
    for one in outcomes:
        numbers = [len(cases) for cases in (one.passed, one.failed, one.refused, one.skipped)]
        numbers = [sum(numbers), *numbers]
        table.add_row(one.run, *(f"{number}" for number in numbers), f"{one.share:.1f} %")
    Console().print(table)


def rules_text(pair: tuple[ServerUrl, ServerUrl], sharded: Sequence[str]) -> str:
    """Rules under which any table of the suite has a place."""
    tables = "".join(f"  {name}: {{ layout: s, shard_by: id, algorithm: mod }}\n" for name in sharded)
    return (
        "version: 1\nname: test\nservers:\n"
        f'  rds0: {{ url: "{pair[0].text}" }}\n  rds1: {{ url: "{pair[1].text}" }}\n'
        'layouts: { s: { databases: "sk_suite_{0..3}", servers: [rds0, rds1] } }\n'
        + (f"tables:\n{tables}" if tables else "")
        + f"single: {{ database: rds0/sk_suite, schemas: [{', '.join(SCHEMAS)}] }}\n"
        "defaults: { unlisted_tables: single, full_scan_writes: allow }\n"
    )


def _empty(pair: tuple[ServerUrl, ServerUrl], *, drop: bool = False) -> None:
    for number, names in DATABASES.items():
        with pair[number].connect() as connection, connection.cursor() as cursor:
            for name in names:
                cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
                if not drop:
                    cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")


if __name__ == "__main__":
    main()
