"""A process of its own that runs one federated SELECT and tells what memory it took: run by test_memory.

python -m tests.integration.federate.join_child RULES "SELECT …"
"""

from __future__ import annotations

import json
import resource
import sys

import shardkit


def peak() -> int:
    """The most memory this process has had, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(rules: str, sql: str) -> None:
    """Print the rows, or the error's code and message, and the growth of memory in kB, as JSON."""
    with shardkit.Cluster(rules) as cluster:
        connection = cluster.connect(autocommit=True)
        connection.cursor().execute("SELECT COUNT(*) + 0 FROM member WHERE memberId < 0").fetchall()
        before = peak()
        found: dict[str, object] = {}
        try:
            found["rows"] = [[str(cell) for cell in row] for row in connection.cursor().execute(sql).fetchall()]
        except shardkit.Error as error:
            found |= {"code": error.code, "message": error.message}
        found |= {"growth": peak() - before, "used": sum(pool.in_use for pool in cluster.engine.pools)}
        print(json.dumps(found))
        connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
