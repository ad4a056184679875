"""`shardkit doctor RULES`: what is wrong with servers, rights, branches and tables, or may become so.

Invariant: it changes nothing; the exit code is 1 only for what needs a remedy.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from shardkit.cli.output import err, errors_told, out
from shardkit.dbapi import Cluster
from shardkit.doctor import Report, ServerFacts, diagnose, examine
from shardkit.flow import Opened, Outside, Task
from shardkit.rules import Rules, load
from shardkit.values import Params, Row, ShardId

PATIENCE = 30.0


@click.command()
@click.argument("rules", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def doctor(rules: str, as_json: bool) -> None:
    """Examine servers, settings, rights, branches in doubt, and whether the pieces of each table are alike.

    Exits with 1 if something is wrong.
    """
    with errors_told():
        loaded = load(rules)
        report = _examined(loaded)
    if as_json:
        click.echo(json.dumps(_json(report), indent=2))
    else:
        _show(loaded, report)
    raise SystemExit(1 if report.wrong else 0)


def _examined(rules: Rules) -> Report:
    with Cluster(rules) as cluster:
        lanes = cluster.engine.open()

        def ask(shard: ShardId, sql: str, params: Params) -> Sequence[Row]:
            opened: Opened = lanes.perform(Outside(Task(shard, sql, params or None), PATIENCE))
            return opened.first.rows

        try:
            return diagnose(rules, examine(rules, ask, time.time))
        finally:
            lanes.close()


def _show(rules: Rules, report: Report) -> None:
    servers = Table("server", "version", "clock", "in doubt", "foreign branches", title="Servers", header_style="bold")
    for server in report.facts.servers:
        servers.add_row(*_row(server))
    for name, given in rules.servers.items():
        if given.embedded:
            servers.add_row(name, "embedded, not examined", "", "", "")
    out.print(servers)
    if report.findings:
        found = Table("", "where", "what", title="Findings", header_style="bold")
        for one in sorted(report.findings, key=lambda one: one.level != "wrong"):
            style = "red" if one.level == "wrong" else "yellow"
            found.add_row(Text(one.level, style=style), Text(one.where), Text(one.what))
        out.print(found)
    if not report.wrong:
        err.print(Text("nothing is wrong", style="green"))


def _row(server: ServerFacts) -> tuple[Text, ...]:
    if server.error is not None:
        return Text(server.name), Text("does not answer", style="red"), Text(""), Text(""), Text("")
    branches = "?" if server.unlisted is not None else str(len(server.branches))
    foreign = "?" if server.unlisted is not None else str(server.foreign)
    return Text(server.name), Text(server.version), Text(f"{server.clock:+.3f} s"), Text(branches), Text(foreign)


def _json(report: Report) -> dict[str, Any]:
    return {
        "servers": [
            {
                "name": server.name, "error": server.error, "version": server.version, "clock": server.clock,
                "settings": dict(server.settings), "foreign": server.foreign, "unlisted": server.unlisted,
                "branches": [
                    {"gtrid": one.gtrid, "bqual": one.bqual, "age": report.facts.now - one.began}
                    for one in server.branches
                ],
            }
            for server in report.facts.servers
        ],
        "shards": [
            {
                "name": str(one.shard), "error": one.error, "collation": one.collation, "tables": sorted(one.tables),
                "old_decisions": one.decisions, "lacking": list(one.lacking),
            }
            for one in report.facts.shards
        ],
        "findings": [one._asdict() for one in report.findings],
    }  # fmt: skip
