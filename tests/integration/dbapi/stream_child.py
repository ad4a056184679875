"""A process of its own that iterates one statement and tells what memory it took: run by test_streaming.

python -m tests.integration.dbapi.stream_child RULES "SELECT …"
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import shardkit

SAMPLE = 20_000
"""Rows between two looks at the memory."""


def resident() -> int:
    """This process's memory in kB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS")


def main(rules: str, sql: str) -> None:
    """Print what was seen as JSON: rows, whether they were in order, their sum, and the growth of memory in kB."""
    with shardkit.Cluster(rules) as cluster:
        connection = cluster.connect(autocommit=True)
        connection.cursor().execute(f"{sql} LIMIT 1000").fetchall()
        gc.collect()
        before = peak = resident()
        count = total = 0
        former, ordered = -1, True
        cursor = connection.cursor().execute(sql)
        streaming = cursor.rowcount
        for number, *_ in cursor:
            count += 1
            total += number
            ordered = ordered and number > former
            former = number
            if count % SAMPLE == 0:
                peak = max(peak, resident())
        used = sum(pool.in_use for pool in cluster.engine.pools)
        connection.close()
    found = {"rows": count, "sum": total, "ordered": ordered, "growth": peak - before, "used": used}
    print(json.dumps({**found, "rowcount": streaming}))


if __name__ == "__main__":
    main(*sys.argv[1:])
