"""`shardkit init RULES SCHEMA.sql`: creates the physical databases and tables. Running it again completes it.

Invariant: nothing is dropped, and a table that is there already is left alone when the schema says IF NOT EXISTS.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from shardkit.cli.output import err, errors_told
from shardkit.dbapi import Cluster
from shardkit.flow import Query, Task
from shardkit.parse import split_statements
from shardkit.rewrite.template import quote
from shardkit.rules import Rules, load
from shardkit.session.branches import CREATE

Told = Callable[[str, int, int], None]


@click.command()
@click.argument("rules", type=click.Path())
@click.argument("schema", type=click.Path(exists=True, dir_okay=False))
def init(rules: str, schema: str) -> None:
    """Create the databases and tables of SCHEMA on every shard."""
    with errors_told(), _progress() as progress:
        task = progress.add_task("", total=None)

        def told(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        create(load(rules), Path(schema).read_text(encoding="utf-8"), told)
    err.print("done", style="green")


def create(rules: Rules, schema: str, told: Told | None = None) -> None:
    """Create every database of the rules, then run each statement of `schema` on the tables it names.

    `told(what, done, total)` hears of progress. Raises errors of shardkit.errors; what was created stays.
    """
    statements = split_statements(schema)
    total = len(rules.shards) + len(statements)
    with Cluster(rules) as cluster:
        lanes = cluster.engine.open()
        try:
            for done, shard in enumerate(rules.shards):
                server = rules.servers[shard.server]
                if server.embedded:
                    Path(server.url.database or ".").mkdir(parents=True, exist_ok=True)
                else:
                    sql = f"CREATE DATABASE IF NOT EXISTS {quote(shard.database)} CHARACTER SET utf8mb4"
                    lanes.perform(Query((Task(shard, sql),), False))
                    lanes.perform(Query((Task(shard, CREATE.format(database=shard.database)),), False))
                if told is not None:
                    told(f"database {shard}", done + 1, total)
        finally:
            lanes.close()
        connection = cluster.connect(autocommit=True)
        try:
            for done, statement in enumerate(statements, len(rules.shards)):
                connection.cursor().execute(statement)
                if told is not None:
                    told(" ".join(statement.split()[:6]), done + 1, total)
        finally:
            connection.close()


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True)
