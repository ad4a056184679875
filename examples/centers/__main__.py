"""`python -m examples.centers`: both centers at work, with some data, until Ctrl-C.

Invariant: at the end neither center runs any more, and the data of the embedded default is gone unless it was to stay.
"""

from __future__ import annotations

import threading
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from examples.centers.running import NotStarted, Places, Running, running
from examples.centers.seed import Seeded, seed
from shardkit.errors import Error


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--member-port", default=8001, show_default=True, help="Where the member center listens; 0: anywhere.")
@click.option("--order-port", default=8002, show_default=True, help="Where the order center listens; 0: anywhere.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the SQLite files in this folder; a temporary one by default.",
)
@click.option("--mysql", "urls", nargs=2, metavar="URL URL", help="Two servers: mysql+pymysql://user:pw@host:port")
def main(member_port: int, order_port: int, data: Path | None, urls: tuple[str, str] | None) -> None:
    """Start the member center and the order center, fill them, and say where they are."""
    if urls and data:
        raise click.UsageError("--data is for SQLite; it does not go together with --mysql")
    console = Console()
    places = Places(urls or None, data, {"member": member_port, "order": order_port})
    try:
        with console.status("making databases and tables, starting both centers") as status, running(places) as centers:
            status.update("filling them")
            seeded = seed(centers)
            status.stop()
            tell(console, centers, seeded)
            threading.Event().wait()
    except KeyboardInterrupt:
        pass  # Ctrl-C is how this program ends; both centers have been stopped on the way here
    except (NotStarted, Error) as error:
        raise click.ClickException(str(error)) from error
    console.print("Both centers have stopped.")


def tell(console: Console, centers: Running, seeded: Seeded) -> None:
    """Say where the centers are, and some calls to try."""
    table = Table("center", "documentation", title=f"Both centers run on {centers.where}")
    for name, url in centers.urls.items():
        table.add_row(f"{name} center", f"{url}/docs")
    console.print(table)
    order, member, who = centers.urls["order"], centers.urls["member"], seeded.member_id
    cart = '{"lines":[{"sku":"mug-red-1","quantity":2},{"sku":"tea-green-2","quantity":1}],"country":"CN"}'
    console.print(f"{seeded.checkouts} checkouts are there. Try:", highlight=False)
    for call in (
        f"curl {member}/members/{who}",
        f'curl {member}/logins --json \'{{"account":"member0","password":"correct horse battery"}}\'',
        f"curl {order}/members/{who}/checkouts -H 'Idempotency-Key: my-first-cart' --json '{cart}'",
        f"curl '{order}/members/{who}/orders?limit=3'",
        f"curl '{order}/sellers/2/orders?limit=3'",
        f"curl {order}/orders/{seeded.order_id}",
        f"curl -X POST {order}/members/{who}/orders/{seeded.order_id}/ship",
        f"curl '{order}/segments?asOf=2100-01-01'",
        f"curl {order}/readyz",
    ):
        console.print(f"  {call}", highlight=False, soft_wrap=True, markup=False)
    console.print("Ctrl-C stops both.")


if __name__ == "__main__":
    main()
