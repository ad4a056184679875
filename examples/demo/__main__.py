"""`python -m examples.demo`: make two servers of eight databases, load orders, and prove the merged answers.

The exit code is 0 only if every answer equalled the unsharded copy's. Invariant: what is loaded is the same in both.
"""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import click
from pymysql.err import MySQLError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import shardkit
from examples.demo.generate import generated
from examples.demo.load import Loader, shard_finder
from examples.demo.records import Dataset
from examples.demo.retail import BadOrders, read_orders
from examples.demo.stores import AlreadyThere, Stores, mysql_stores, sqlite_stores
from examples.demo.story import tell
from shardkit.errors import Error

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--orders", "orders_file", type=FILE, help="Real orders: CSV or .csv.gz of the Online Retail II format.")
@click.option("--count", default=20_000, show_default=True, type=click.IntRange(200, 1_000_000), help="To generate.")
@click.option("--seed", default=1, show_default=True, help="Of the generated orders.")
@click.option("--data", type=FOLDER, help="Keep the SQLite files in this folder; a temporary one by default.")
@click.option(
    "--mysql", "urls", nargs=2, metavar="URL URL", help="Two MySQL servers: mysql+pymysql://user:pw@host:port"
)
@click.option("--keep", is_flag=True, help="Leave the demo's MySQL databases in place.")
def main(**options: Any) -> None:
    """Orders over sixteen databases, and the proof that every answer equals that of one unsharded copy."""
    if options["urls"] and options["data"]:
        raise click.UsageError("--data is for SQLite; it does not go together with --mysql")
    console = Console()
    try:
        data = read(console, options["orders_file"], options["count"], options["seed"])
        with open_stores(options) as stores:
            equal = run(console, stores, data)
    except (AlreadyThere, BadOrders, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    except (Error, MySQLError) as error:
        raise click.ClickException(f"{type(error).__name__}: {error}") from error
    sys.exit(0 if equal else 1)


def read(console: Console, path: Path | None, count: int, seed: int) -> Dataset:
    """The orders to load: from the file if there is one, else generated."""
    if path is None:
        with console.status(f"generating {count:,} orders"):
            return generated(count, seed)
    columns = (TextColumn("reading {task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(path.name, total=path.stat().st_size)
        return read_orders(path, lambda position: progress.update(task, completed=position))


def open_stores(options: dict[str, Any]) -> AbstractContextManager[Stores]:
    """The stores the options ask for."""
    if options["urls"]:
        return mysql_stores(options["urls"], options["keep"])
    return sqlite_stores(options["data"])


def run(console: Console, stores: Stores, data: Dataset) -> bool:
    """Load both stores and tell the story; whether all answers were equal."""
    console.print(f"{data.title}, {data.lines:,} lines; {stores.place}")
    for note in data.notes:
        console.print(f"[dim]· {note}")
    with closing(shardkit.connect(stores.rules, autocommit=True)) as connection:
        fill(console, connection, stores, data)
        return tell(console, connection, stores, data)


def fill(console: Console, connection: Any, stores: Stores, data: Dataset) -> None:
    """Load the same records into both stores."""
    rows = len(data.records) + data.lines
    columns = (TextColumn("{task.description:<26}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    start = time.perf_counter()
    with Progress(*columns, console=console) as progress:
        sharded = progress.add_task("rows into 16 databases", total=rows)
        plain = progress.add_task("rows into the plain copy", total=rows)
        loader = Loader(connection, stores.portion, lambda count: progress.advance(sharded, count))
        shards = loader.load(data.records, shard_finder(stores.rules))
        stores.copy.insert(data.records, lambda count: progress.advance(plain, count))
    seconds = time.perf_counter() - start
    console.print(f"Loaded both in {seconds:.1f} s; the orders lie on {shards} shards, one transaction for each.")


if __name__ == "__main__":
    main()
