"""`shardkit verify RULES QUERIES.sql --against URL`: SELECTs on the shards and on one unsharded MySQL, compared.

Invariant: nothing is run unless every statement of the file is a SELECT; no password is ever printed.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click
from rich.padding import Padding
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from shardkit.backends.plain import PlainConnection
from shardkit.cli.output import cell, err, errors_told, one_line, out, plain, write_json
from shardkit.dbapi import Cluster
from shardkit.parse import is_select, split_statements
from shardkit.rules.urls import parse_database_url
from shardkit.verify import MOST, Difference, Judge, Verdict, unlike

STYLES = {"equal": "green", "different": "bold red", "refused": "yellow", "error": "red"}
SHOWN = 3
"""How many rows of a difference are printed for each side."""
REPORTED = 100
"""How many of them are in the report."""
WIDEST = 80
"""Characters of one value that are printed."""


@click.command()
@click.argument("rules", type=click.Path())
@click.argument("queries", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--against", required=True, envvar="SHARDKIT_AGAINST", metavar="URL",
    help="The unsharded database: mysql+pymysql://user:password@host:3306/database. Also read from SHARDKIT_AGAINST.",
)  # fmt: skip
@click.option("--allow-refused", is_flag=True, help="End with 0 although shardkit refuses some statements.")
@click.option("--json", "report", type=click.Path(dir_okay=False), help="Write the verdicts to this file.")
@click.option("--most", type=click.IntRange(1), default=MOST, show_default=True, help="Rows of one answer at most.")
def verify(rules: str, queries: str, against: str, allow_refused: bool, report: str | None, most: int) -> None:
    """Compare the answers to QUERIES with those of one unsharded MySQL.

    Ends with 0 when all are equal, 1 after a difference or an error, 3 when statements were only refused.
    """
    try:
        url = parse_database_url(against)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--against") from None
    with errors_told():
        texts = read_queries(Path(queries).read_text(encoding="utf-8"))
        with Cluster(rules) as cluster:
            oracle, subject = PlainConnection(url), cluster.connect(autocommit=True)
            try:
                oracle.cursor().close()
                for warning in unlike(oracle, subject):
                    err.print(Text(f"settings differ: {warning}", style="yellow"), soft_wrap=True)
                verdicts = _judged(Judge(oracle, subject, most), texts)
            finally:
                subject.close()
                oracle.close()
    tally = Counter(verdict.status for verdict in verdicts)
    parts = [f"{tally[status]} {status}" for status in STYLES if tally[status]]
    out.print(Text(f"{len(texts)} statement(s) against {oracle.place}: {', '.join(parts)}", style="bold"))
    if report is not None:
        pairs = zip(texts, verdicts, strict=True)
        data = {"against": str(oracle.place), "summary": dict(tally), "statements": [_data(*pair) for pair in pairs]}
        write_json(report, data)
    sys.exit(exit_code(tally, allow_refused))


def read_queries(text: str) -> list[str]:
    """The statements of a file. Ends the command with a message when there are none, or one is not a SELECT."""
    texts = split_statements(text)
    if not texts:
        err.print(Text("no statement in the file", style="red"))
        sys.exit(1)
    wrong = [(number, one) for number, one in enumerate(texts, 1) if not is_select(one)]
    for number, one in wrong:
        message = f"statement {number} is not a SELECT: {one_line(one, 60)}"
        err.print(Text(message, style="red"), soft_wrap=True)
    if wrong:
        err.print(Text("verify only reads; nothing was run", style="bold red"))
        sys.exit(1)
    return texts


def exit_code(tally: Counter[str], allow_refused: bool) -> int:
    """0 all equal, 1 differences or errors, 3 only refusals."""
    if tally["different"] or tally["error"]:
        return 1
    return 3 if tally["refused"] and not allow_refused else 0


def _judged(judge: Judge, texts: list[str]) -> list[Verdict]:
    verdicts = []
    with Progress(console=err, transient=True, disable=not (err.is_terminal and out.is_terminal)) as progress:
        task = progress.add_task("comparing", total=len(texts))
        for number, text in enumerate(texts, 1):
            progress.update(task, completed=number - 1, description=one_line(text, 40))
            verdicts.append(judge.verdict(text))
            _show(number, text, verdicts[-1])
    return verdicts


def _show(number: int, text: str, verdict: Verdict) -> None:
    rows = "" if verdict.rows is None else f"{verdict.rows} rows"
    line = Text(f"{number:>4}  ")
    line.append(f"{verdict.status:<9}", STYLES[verdict.status])
    line.append(f"  {rows:>10}  {one_line(text.rstrip(';'), 500)}")
    out.print(line, no_wrap=True, overflow="ellipsis", crop=True)
    for said in filter(None, (verdict.text, *verdict.notes)):
        out.print(Padding(Text(said, style="dim" if verdict.status == "equal" else ""), (0, 0, 0, 6), expand=False))
    if verdict.difference is not None and verdict.columns:
        table = _rows(verdict.columns, verdict.difference)
        if table.row_count:
            out.print(Padding(table, (0, 0, 0, 6), expand=False))


def _rows(columns: tuple[str, ...], found: Difference) -> Table:
    """The first rows of each side that the other side lacks."""
    table = Table("only in", header_style="bold")
    for name in columns:
        table.add_column(Text(name))
    for side, rows in (("unsharded", found.missing), ("shardkit", found.extra)):
        for row in rows[:SHOWN]:
            table.add_row(side, *map(_short, row))
        if len(rows) > SHOWN:
            table.add_row(f"{side}: {len(rows) - SHOWN} more", *[""] * len(columns), style="dim")
    return table


def _short(value: Any) -> Text:
    shown = cell(value)
    shown.truncate(WIDEST, overflow="ellipsis")
    return shown


def _data(text: str, verdict: Verdict) -> dict[str, Any]:
    found: dict[str, Any] = {"sql": text, "status": verdict.status, "rows": verdict.rows, "text": verdict.text}
    found["notes"] = list(verdict.notes)
    if verdict.difference is not None:
        found["columns"] = list(verdict.columns)
        for side, rows in (("unsharded", verdict.difference.missing), ("shardkit", verdict.difference.extra)):
            found[f"rows_only_{side}"] = len(rows)
            found[f"only_{side}"] = [[plain(value) for value in row] for row in rows[:REPORTED]]
    return found
