"""`shardkit analyze RULES QUERY_LOG`: what would become of the statements of a log, before anything is migrated.

Invariant: no statement of the log is run, and no value of one is shown unless it is asked for.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.progress import Progress
from rich.text import Text

from shardkit.analyze import (
    FORMATS,
    MOST,
    Classifier,
    Explain,
    Offline,
    Report,
    Tally,
    as_data,
    planner_of,
    read_log,
    report,
)
from shardkit.cli.analysis import show
from shardkit.cli.output import err, errors_told, write_json
from shardkit.dbapi import Cluster
from shardkit.errors import OperationalError
from shardkit.parse import read_schema
from shardkit.plan import Explanation
from shardkit.rewrite.template import quote
from shardkit.rules import Rules, load
from shardkit.values import Params

PIECE = 8 * 1024 * 1024
"""Characters read at a time when a line does not end before."""
LARGE = 1024 * 1024
"""Bytes of a log from which on a progress bar is shown."""


@click.command()
@click.argument("rules", type=click.Path())
@click.argument("log", metavar="QUERY_LOG", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--schema", type=click.Path(exists=True, dir_okay=False), help="CREATE TABLEs; else servers are asked.")
@click.option("--format", "form", type=click.Choice(["auto", *FORMATS]), default="auto", help="Of QUERY_LOG's lines.")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="Statements shown at most.")
@click.option("--most", type=click.IntRange(1), default=MOST, show_default=True, help="Fingerprints kept at most.")
@click.option("--show-values", is_flag=True, help="Show an example with its values, and messages that quote them.")
@click.option("--json", "file", type=click.Path(dir_okay=False), help="Write everything to this file.")
def analyze(
    rules: str, log: str, schema: str | None, form: str, top: int, most: int, show_values: bool, file: str | None
) -> None:
    """Classify the statements of QUERY_LOG: a .sql file, a general log or a slow log (- reads standard input)."""
    with errors_told():
        loaded = load(rules)
        with _classifier(loaded, schema, show_values) as classifier:
            tally = Tally(most)
            name = _read(log, None if form == "auto" else form, tally)
            found = _classified(tally, classifier)
            show(found, name, top, show_values)
            if file is not None:
                write_json(file, {"format": name, **as_data(found, show_values)})


@contextmanager
def _classifier(rules: Rules, schema: str | None, show_values: bool) -> Iterator[Classifier]:
    """A classifier over the tables of the schema file, or else of the servers."""
    if schema is not None:
        tables = read_schema(Path(schema).read_text(encoding="utf-8", errors="replace"))
        for name in rules.table_names():
            if name not in tables:
                err.print(Text(f"the schema has no CREATE TABLE for {name}", style="yellow"), soft_wrap=True)
        planner = planner_of(rules, tables.values())
        yield Classifier(planner, Offline(planner).explain, show_values)
        return
    with Cluster(rules) as cluster:
        connection = cluster.connect(autocommit=True)

        def explain(text: str, params: Params) -> Explanation:
            with connection.cursor() as cursor:
                return cursor.explain(text, params)

        try:
            _try(explain, rules)
            yield Classifier(cluster.planner, explain, show_values)
        finally:
            connection.close()


def _try(explain: Explain, rules: Rules) -> None:
    """End the command when the servers cannot be asked about tables."""
    for name in rules.table_names()[:1]:
        try:
            explain(f"SELECT * FROM {quote(name)} LIMIT 0", None)
        except OperationalError as error:
            error.add_note("the servers cannot be asked about their tables: give --schema SCHEMA.sql")
            raise


def _read(log: str, form: str | None, tally: Tally) -> str:
    """Count the statements of a log; gives its format. What is no UTF-8 is replaced."""
    size = 0 if log == "-" else os.path.getsize(log)
    with Progress(console=err, transient=True, disable=size < LARGE or not err.is_terminal) as progress:
        task = progress.add_task("reading", total=size)
        with click.open_file(log, "rb") as raw:
            text = io.TextIOWrapper(raw, encoding="utf-8", errors="replace")
            name, entries = read_log(iter(lambda: text.readline(PIECE), ""), form)
            for number, entry in enumerate(entries):
                tally.add(entry)
                if number % 1000 == 0 and size:
                    progress.update(task, completed=raw.tell())
            text.detach()
    return name


def _classified(tally: Tally, classifier: Classifier) -> Report:
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("classifying", total=len(tally.groups))
        return report(tally, classifier, lambda done: progress.update(task, completed=done))
