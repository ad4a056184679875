"""The command line: `shardkit analyze | check | doctor | explain | init | recover | sql | top | verify`, one file each.

Invariant: an error a user can cause ends in one readable message and exit code 1, never in a traceback.
"""

from __future__ import annotations

import click

from shardkit.cli.analyze import analyze
from shardkit.cli.check import check
from shardkit.cli.doctor import doctor
from shardkit.cli.explain import explain
from shardkit.cli.init import init
from shardkit.cli.recover import recover
from shardkit.cli.sql import sql
from shardkit.cli.top import top
from shardkit.cli.verify import verify


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shardkit")
def main() -> None:
    """Many MySQL databases behind one connection."""


for _command in (analyze, check, doctor, explain, init, recover, sql, top, verify):
    main.add_command(_command)

__all__ = ["main"]
