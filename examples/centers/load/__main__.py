"""`python -m examples.centers.load`: a calm time, forty times as many requests for a minute, and the proof.

The exit code is 0 only if no request failed and everything that was acknowledged is there, once. Invariant: the centers
run in processes of their own, with data of their own.
"""

from __future__ import annotations

import asyncio
import gc
import secrets
import sys
from pathlib import Path

import aiohttp
import click
from rich.console import Console

from examples.centers.load.buying import AT_ONCE, PATIENCE, Buyers, Record
from examples.centers.load.plot import draw
from examples.centers.load.proof import prove
from examples.centers.load.report import markdown, show
from examples.centers.load.schedule import Phase, arrivals, phases
from examples.centers.load.shop import Shop
from examples.centers.running import NotStarted, Places, running
from shardkit.errors import Error

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--base", default=1.5, show_default=True, help="Requests a second before and after.")
@click.option("--factor", default=40.0, show_default=True, help="Times as many during the promotion.")
@click.option("--calm", default=15.0, show_default=True, help="Seconds before, and after.")
@click.option("--rush", default=60.0, show_default=True, help="Seconds of the promotion.")
@click.option("--promoted", default=300, show_default=True, help="Pieces of the product in promotion.")
@click.option("--seed", default=1, show_default=True, help="Of the schedule.")
@click.option("--mysql", "urls", nargs=2, metavar="URL URL", help="Two servers: mysql+pymysql://user:pw@host:port")
@click.option("--plot", "picture", type=FILE, help="Write a picture (.svg, .png).")
@click.option("--markdown", "page", type=FILE, help="Write the tables as Markdown.")
def main(picture: Path | None, page: Path | None, urls: tuple[str, str] | None, **given: float) -> None:
    """A promotion against a freshly started order center: no failed and no doubled order."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    parts = phases(given["base"], given["factor"], given["calm"], given["rush"])
    shop = Shop(f"load{secrets.token_hex(3)}", int(given["promoted"]))
    try:
        with running(Places(urls or None, ports={"order": 0})) as centers:
            console.print(f"The order center runs on {centers.where}.")
            record = asyncio.run(play(centers.urls["order"], parts, shop, int(given["seed"])))
            checks = prove(centers.rules["order"], shop, record)
    except (NotStarted, Error) as error:
        raise click.ClickException(str(error)) from error
    show(console, parts, record, checks)
    if page is not None:
        page.write_text(markdown(parts, record, checks), encoding="utf-8")
    if picture is not None:
        draw(picture, parts, record.done)
    failed = any(one.outcome == "failed" for one in record.done)
    sys.exit(0 if not failed and all(check.holds for check in checks) else 1)


async def play(url: str, parts: tuple[Phase, ...], shop: Shop, seed: int) -> Record:
    """Open the shop, then play the schedule."""
    patience = aiohttp.ClientTimeout(total=PATIENCE)
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(url, timeout=patience, connector=connector) as client:
        await shop.open(client)
        gc.collect()
        gc.freeze()  # the collector would stop this program at its busiest and count as the service's latency
        return await Buyers(client, shop).play(list(arrivals(parts, seed)))


if __name__ == "__main__":
    main()
