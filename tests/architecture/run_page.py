"""Runs the Python blocks of a page of docs/ as a reader might, in a folder with rules and a few rows.

    python run_page.py page.py

The page finds `shard-rules.yaml` beside it (members, their orders, a table of settings) and the names `cluster`,
`connection` (also `conn`) and `cursor` (also `cur`). `await` may stand outside of functions.
Invariant: what a block raises ends the program.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import sys
from pathlib import Path

import shardkit
from shardkit.cli.init import create
from shardkit.rules import load

RULES = """\
version: 1
servers: { east: { url: "sqlite:///./data/east" }, west: { url: "sqlite:///./data/west" } }
layouts: { shop: { databases: "shop_{0..3}", servers: [east, west] } }
tables:
  member: { layout: shop, shard_by: memberId, generate: { memberId: snowflake } }
  t_order: { layout: shop, shard_by: memberId, bound_to: member, generate: { orderId: snowflake } }
single: { database: east/app, tables: [config] }
defaults: { unlisted_tables: single }
"""

SCHEMA = """\
CREATE TABLE member (memberId BIGINT PRIMARY KEY, name VARCHAR(64) NOT NULL);
CREATE TABLE t_order (
  memberId BIGINT NOT NULL, orderId BIGINT NOT NULL, sellerId BIGINT NOT NULL DEFAULT 1,
  status VARCHAR(20) NOT NULL DEFAULT 'new', total DECIMAL(12,2) NOT NULL,
  created_at DATETIME NOT NULL, PRIMARY KEY (memberId, orderId)
);
CREATE TABLE config (k VARCHAR(20) PRIMARY KEY, v TEXT);
"""


def main(page: str) -> None:
    """Make the world, run the page."""
    Path("shard-rules.yaml").write_text(RULES, encoding="utf-8")
    Path("rules.yaml").write_text(RULES, encoding="utf-8")
    create(load("shard-rules.yaml"), SCHEMA)
    with shardkit.Cluster("shard-rules.yaml") as cluster:
        connection = cluster.connect(autocommit=True)
        cursor = connection.cursor()
        for number in range(1, 41):
            cursor.execute(
                "INSERT INTO t_order (memberId, orderId, total, created_at) VALUES (%s, %s, %s, %s)",
                (number % 8 + 1, number, f"{number}.50", f"2026-01-{number % 28 + 1:02d} 10:00:00"),
            )
        for number in range(1, 9):
            cursor.execute("INSERT INTO member (memberId, name) VALUES (%s, %s)", (number, f"member {number}"))
        names = {"cluster": cluster, "connection": connection, "conn": connection, "cursor": cursor, "cur": cursor,
                 "shardkit": shardkit, "text": RULES, "__name__": "page"}  # fmt: skip
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile(Path(page).read_text(encoding="utf-8"), page, "exec", flags=flags, dont_inherit=True)
        made = eval(code, names)
        if inspect.iscoroutine(made):
            asyncio.run(made)
        connection.close()


if __name__ == "__main__":
    main(sys.argv[1])
