"""`shardkit check RULES`: every mistake at once with its place, or what the rules amount to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from shardkit.cli.output import err, errors_told, out
from shardkit.parse import unique_keys
from shardkit.rules import Rules, json_schema, load


@click.command()
@click.argument("rules", type=click.Path(), required=False)
@click.argument("tables", type=click.Path(exists=True, dir_okay=False), required=False)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of rules files, for editors.")
def check(rules: str | None, tables: str | None, schema: bool) -> None:
    """Check a rules file, or print its JSON Schema.

    TABLES is a script with the CREATE TABLE statements; unique keys that no shard can answer for alone are told.
    """
    if schema:
        click.echo(json.dumps(json_schema(), indent=2))
        return
    if rules is None:
        raise click.UsageError("give the rules file, or --schema")
    with errors_told():
        loaded = load(rules)
        _show(loaded)
        if tables is not None:
            for notice in only_on_each_shard(loaded, Path(tables).read_text(encoding="utf-8")):
                err.print(Text(f"{tables}: {notice}", style="yellow"), soft_wrap=True)


def _show(rules: Rules) -> None:
    layouts = Table(
        "layout", "databases", "tables in each", "slots", "first", "last", title="Layouts", header_style="bold"
    )
    for layout in rules.layouts.values():
        shards = layout.shards
        layouts.add_row(
            layout.name,
            str(len(shards)),
            str(layout.tables_per_shard),
            str(layout.slots),
            str(shards[0]),
            str(shards[-1]),
        )
    out.print(layouts)
    tables = Table("table", "kind", "shard key", "layout", title="Tables", header_style="bold")
    for name, sharded in rules.sharded.items():
        tables.add_row(name, "sharded", ", ".join(sharded.sharding.columns), sharded.layout.name)
    for name, copied in rules.broadcast.items():
        tables.add_row(name, "broadcast", "", copied.layout.name)
    for name, single in rules.single.items():
        tables.add_row(name, "single", "", str(single.shard))
    out.print(tables)
    for notice in rules.notices:
        err.print(Text(str(notice), style="yellow"), soft_wrap=True)
    out.print(Text(f"{rules.file}: no mistakes", style="green"), soft_wrap=True)


def only_on_each_shard(rules: Rules, schema: str) -> Iterator[str]:
    """A notice for each primary or unique key of a sharded table that does not hold its shard key.

    Ids that the rules generate are unique by themselves, so a key that holds one is passed over.
    """
    sharded = {name.lower(): table for name, table in rules.sharded.items()}
    for name, key in unique_keys(schema):
        table = sharded.get(name.lower())
        if table is None or table.not_yet:
            continue
        held = {column.lower() for column in key}
        if held.isdisjoint(table.generate) and not held.issuperset(table.sharding.columns):
            wanted = ", ".join(table.sharding.columns)
            yield (
                f"unique key ({', '.join(key)}) of table {name} does not hold the shard key ({wanted}): it is unique "
                "on each shard only: two shards may hold the same value. Add the shard key to it, or generate the ids"
            )
