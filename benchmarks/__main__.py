"""`python -m benchmarks`: build the stage, check that all rivals agree, measure in turns, report.

Invariant: the loads are bounded by rounds, seconds and counts, and the stage is taken down whatever happens.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from pymysql.err import MySQLError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.engine import make_url

from benchmarks import asyncio_rivals, workloads, writing
from benchmarks.measure import Bounds, take_turns
from benchmarks.plan_cache import plan_costs
from benchmarks.plot import draw
from benchmarks.report import TARGET, Result, RivalResult, as_json, environment, headline, table
from benchmarks.servers import driven, two_servers, version
from benchmarks.stage import stage
from examples.demo.generate import generated
from examples.demo.records import Record
from examples.demo.retail import read_orders
from shardkit.errors import Error

NAMES = (
    "point-select", "buyer-page", "order-page", "status-sums", "scan", "insert", "transaction", "two-shards", "bulk",
    "aio-point", "aio-scan",
)  # fmt: skip
DRIVERS = ("pymysql", "mysqldb")


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--server", "servers", multiple=True, metavar="URL", help="A MySQL server; give two, or none.")
@click.option("--driver", type=click.Choice(DRIVERS), help="On both sides; default: the servers' URLs say it.")
@click.option("--workload", "chosen", multiple=True, type=click.Choice(NAMES), help="Only these; all by default.")
@click.option("--rows", default=50_000, show_default=True, type=click.IntRange(100, 1_000_000), help="Orders stored.")
@click.option("--rounds", default=15, show_default=True, type=click.IntRange(1, 200), help="Blocks of each rival.")
@click.option("--seconds", default=0.5, show_default=True, type=click.FloatRange(0.01, 60), help="Aimed at per block.")
@click.option("--count", default=5_000, show_default=True, type=click.IntRange(1, 100_000), help="Most per block.")
@click.option("--orders", "file", type=FILE, help="Real orders: CSV or .csv.gz of the Online Retail II format.")
@click.option("--seed", default=1, show_default=True, help="Of the generated orders.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write everything here.")
@click.option("--plot", "plot_path", type=click.Path(dir_okay=False, path_type=Path), help="Draw a picture here.")
@click.option("--quick", is_flag=True, help="5,000 orders, 5 short rounds: a look, not a measurement.")
def main(**options: Any) -> None:
    """Measure shardkit next to the bare driver on the same servers, in turns."""
    console = Console()
    rows, bounds = _limits(options)
    file = options["file"]
    try:
        records = (read_orders(file) if file else generated(rows, options["seed"])).records[:rows]
        with two_servers(options["servers"], console) as urls:
            urls = driven(urls, options["driver"])
            results, costs = _run(urls, records, bounds, options, console)
            settings = {
                "driver": make_url(urls[0]).drivername,
                "rows": len(records),
                "orders": file.name if file else "generated",
                "rounds": bounds.rounds,
                "seconds": bounds.seconds,
                "count": bounds.count,
            }
            facts = environment([version(url) for url in urls], settings | {"seed": options["seed"]}, _command())
    except (ValueError, OSError, Error, MySQLError, workloads.Difference) as error:
        raise click.ClickException(f"{type(error).__name__}: {error}") from error
    _report(results, costs, facts, console)
    if options["json_path"]:
        options["json_path"].write_text(json.dumps(as_json(results, facts, costs), indent=1) + "\n")
    if options["plot_path"] and results:
        draw(results, options["plot_path"])


def _limits(options: dict[str, Any]) -> tuple[int, Bounds]:
    if options["quick"]:
        return 5_000, Bounds(rounds=5, seconds=0.1, count=1_000)
    return options["rows"], Bounds(options["rounds"], options["seconds"], options["count"])


def _run(
    urls: tuple[str, str], records: Sequence[Record], bounds: Bounds, options: dict[str, Any], console: Console
) -> tuple[list[Result], dict[str, float]]:
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        loading = progress.add_task("storing rows", total=None)
        ticking = lambda count: progress.advance(loading, count)  # noqa: E731
        with stage(urls, records, ticking) as built, asyncio_rivals.build(built) as awaited:
            progress.stop_task(loading)
            known = [*workloads.build(built), *writing.build(built), *awaited]
            chosen = [w for w in known if not options["chosen"] or w.name in options["chosen"]]
            checking = progress.add_task("comparing answers", total=len(chosen))
            for workload in chosen:
                workloads.check(workload)
                progress.advance(checking)
            measuring = progress.add_task("measuring", total=len(chosen))
            results = []
            for workload in chosen:
                progress.update(measuring, description=workload.name)
                results.append(_measure(workload, bounds))
                progress.advance(measuring)
            return results, plan_costs(built, bounds)


def _measure(workload: workloads.Workload, bounds: Bounds) -> Result:
    samples = take_turns(workload.rivals, bounds)
    rivals = [RivalResult(rival.name, tuple(found)) for rival, found in zip(workload.rivals, samples, strict=True)]
    return Result(workload.name, workload.about, tuple(rivals))


def _report(results: list[Result], costs: dict[str, float], facts: dict[str, Any], console: Console) -> None:
    console.print(table(results))
    for name, cost in costs.items():
        console.print(f"{name}: {cost:,.1f} µs")
    console.print(
        f"{' / '.join(facts['servers'])} · Python {facts['python']} · {facts['cpu']} · {facts['cores']} cores"
    )
    gap = headline(results)
    if gap is not None:
        verdict = "within" if gap <= TARGET else "[bold red]over[/]"
        console.print(f"A routed point select costs {gap:+.1f} µs CPU over the bare driver; {verdict} {TARGET:.0f} µs.")


def _command() -> str:
    # A server's URL may hold a password; the command is kept in a file.
    hidden = [re.sub("[a-z+]+://.*", "URL", word) for word in sys.argv[1:]]
    return shlex.join(["python", "-m", "benchmarks", *hidden])


if __name__ == "__main__":
    main()
