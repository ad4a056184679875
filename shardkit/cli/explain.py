"""`shardkit explain RULES "SELECT …"`: where a statement goes and how its answers become one."""

from __future__ import annotations

import json
from typing import Any

import click
import yaml

from shardkit.cli.output import errors_told
from shardkit.dbapi import Cluster


@click.command()
@click.argument("rules", type=click.Path())
@click.argument("statement")
@click.option(
    "--param", "-p", "params", multiple=True, help="A value for the next %s, as YAML reads it (42, text, '42')."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a tree.")
@click.option("--analyze", is_flag=True, help="Run the SELECT and show its steps with rows, bytes and times.")
def explain(rules: str, statement: str, params: tuple[str, ...], as_json: bool, analyze: bool) -> None:
    """Show what a statement would do, without doing it (unless --analyze is given)."""
    values: tuple[Any, ...] | None = tuple(yaml.safe_load(value) for value in params) or None
    with errors_told(), Cluster(rules) as cluster:
        connection = cluster.connect(autocommit=True)
        try:
            found = connection.cursor().explain(statement, values, analyze=analyze)
        finally:
            connection.close()
    click.echo(json.dumps(found.json(), indent=2, ensure_ascii=False) if as_json else str(found))
