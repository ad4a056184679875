"""`shardkit recover RULES`: end transactions over several shards that a killed process left prepared.

Invariant: running it twice, or in many places at once, does no harm.
"""

from __future__ import annotations

import time

import click
from rich.table import Table

from shardkit.cli.output import errors_told, out
from shardkit.dbapi import Cluster
from shardkit.rules.units import seconds
from shardkit.session.recovery import Recovery


@click.command()
@click.argument("rules", type=click.Path())
@click.option("--older-than", default="10s", show_default=True, help="Leave younger ones: they may be on their way.")
@click.option("--watch", metavar="DURATION", help="Go on, once in so long, until interrupted.")
def recover(rules: str, older_than: str, watch: str | None) -> None:
    """End prepared branches of transactions whose process is gone, as their decision says.

    Exits with 1 if something had to be left.
    """
    try:
        age, pause = seconds(older_than), seconds(watch) if watch is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    with errors_told(), Cluster(rules) as cluster:
        clean = show(cluster.recover(older_than=age))
        while pause is not None:
            time.sleep(pause)
            clean = show(cluster.recover(older_than=age), quiet=True)
    raise SystemExit(0 if clean else 1)


def show(done: Recovery, *, quiet: bool = False) -> bool:
    """Print a round (`quiet`: only if there is something to tell); whether nothing was left."""
    for server, error in done.silent.items():
        out.print(f"server {server} could not be asked: {error}", style="red", soft_wrap=True, markup=False)
    if done.branches:
        table = Table("transaction", "branch", "outcome", "why")
        for one in done.branches:
            table.add_row(one.gtrid, one.place, one.outcome, one.reason)
        out.print(table)
    elif not quiet and not done.silent:
        out.print("no prepared branch of shardkit's on any server")
    if done.dropped:
        out.print(f"{done.dropped} old decisions dropped")
    return not done.silent and all(one.outcome != "left" for one in done.branches)
