"""`shardkit top RULES`: what the servers, and the processes that publish their figures, do now.

Invariant: what is not known is shown as a dash, never as nought.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from shardkit.cli.output import errors_told, one_line, out
from shardkit.dbapi import Cluster
from shardkit.flow import Opened, Outside, Task
from shardkit.rules import Rules, load
from shardkit.rules.units import seconds
from shardkit.top import Ask, Look, look, picture
from shardkit.values import Params, Row, ShardId

PATIENCE = 5.0
"""Seconds that a server has for an answer."""

SERVERS = ("server", "stmt/s", "running", "connected", "trx", "lock waits", "in doubt", "oldest")
SHARDS = ("shard", "stmt/s", "ms", "running", "rows read/s", "rows written/s")
PROCESSES = ("process", "stmt/s", "running", "err/s", "rows/s", "scatter", "cached", "waits/s", "in doubt")


@click.command()
@click.argument("rules", type=click.Path())
@click.option("--figures", metavar="FOLDER", help="Where processes publish their figures (Cluster.publish).")
@click.option("--every", default="2s", show_default=True, help="Time between two looks.")
@click.option("--long", default="1s", show_default=True, help="Name statements that have run so long.")
@click.option("--once", is_flag=True, help="One picture, then end.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="json: a line a picture.")
def top(rules: str, figures: str | None, every: str, long: str, once: bool, form: str) -> None:
    """Show live figures: servers, shards, long statements, and processes that publish theirs. Ctrl-C ends it."""
    try:
        pause, least = seconds(every), seconds(long)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    with errors_told(), looking(load(rules), figures) as glance:
        pictures = _pictures(glance, pause, least)
        if once:
            _print(next(pictures), form)
            return
        try:
            _show(pictures, form)
        except KeyboardInterrupt:
            return


@contextmanager
def looking(rules: Rules, figures: str | None) -> Iterator[Callable[[], Look]]:
    """A function that takes one look."""
    with Cluster(rules) as cluster:
        lanes = cluster.engine.open()

        def ask(shard: ShardId, sql: str, params: Params) -> Sequence[Row]:
            opened: Opened = lanes.perform(Outside(Task(shard, sql, params or None), PATIENCE))
            return opened.first.rows

        questions: Ask = ask
        try:
            yield lambda: look(rules, questions, time.time, figures)
        finally:
            lanes.close()


def _pictures(glance: Callable[[], Look], pause: float, long: float) -> Iterator[dict[str, Any]]:
    before = glance()
    while True:
        time.sleep(pause)
        after = glance()
        yield picture(before, after, long)
        before = after


def _show(pictures: Iterator[dict[str, Any]], form: str) -> None:
    if form == "json":
        for found in pictures:
            _print(found, form)
        return
    with Live(Text("looking …"), console=out, screen=out.is_terminal, auto_refresh=False) as live:
        for found in pictures:
            live.update(drawn(found), refresh=True)


def _print(found: dict[str, Any], form: str) -> None:
    if form == "json":
        click.echo(json.dumps(found))
    else:
        out.print(drawn(found))


def drawn(found: dict[str, Any]) -> RenderableType:
    """A picture as tables."""
    parts: list[RenderableType] = []
    if found["servers"]:
        parts.append(_table(SERVERS, [_server(one) for one in found["servers"]]))
    parts.append(_table(SHARDS, [_shard(one) for one in found["shards"]]))
    if found["processes"]:
        parts.append(_table(PROCESSES, [_process(one) for one in found["processes"]]))
    if found["long"]:
        rows = [
            (f"{one['seconds']:.0f} s", one["shard"] or one["server"], one["state"], one_line(one["statement"], 120))
            for one in found["long"]
        ]
        parts.append(_table(("time", "where", "state", "statement"), rows))
    return Group(*parts)


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(header_style="bold")
    for number, name in enumerate(names):
        table.add_column(name, justify="left" if number == 0 or name in ("where", "state", "statement") else "right")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _server(one: dict[str, Any]) -> list[str]:
    if one["error"] is not None:
        return [one["name"], one_line(one["error"], 80)]
    return [
        one["name"], _number(one["statements_per_second"]), _number(one["threads_running"]),
        _number(one["threads_connected"]), _number(one["open_transactions"]), _number(one["lock_waits"]),
        _number(one["in_doubt"]), "–" if one["oldest_in_doubt"] is None else f"{one['oldest_in_doubt']:.0f} s",
    ]  # fmt: skip


def _shard(one: dict[str, Any]) -> list[str]:
    return [
        one["name"], _number(one["statements_per_second"]), _number(one["milliseconds"], 2), _number(one["running"]),
        _number(one["rows_read_per_second"]), _number(one["rows_written_per_second"]),
    ]  # fmt: skip


def _process(one: dict[str, Any]) -> list[str]:
    if one["silent"] is not None:
        return [one["name"], f"silent for {one['silent']:.0f} s"]
    return [
        one["name"], _number(one["statements_per_second"]), _number(one["running"]), _number(one["errors_per_second"]),
        _number(one["rows_per_second"]), _share(one["scatter_share"]), _share(one["plan_cache_share"]),
        _number(one["pool_waits_per_second"]), _number(one["in_doubt"]),
    ]  # fmt: skip


def _number(value: float | None, digits: int = 1) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.{digits}f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
