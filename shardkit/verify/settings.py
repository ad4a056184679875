"""Settings that change answers: both sides must have the same, or equal data may look different.

Invariant: only what differs is told; a side that cannot be asked (embedded shards) is passed over.
"""

from __future__ import annotations

from shardkit.verify.answers import Answer, Connection, ask

ASKED = {
    "sql_mode": "@@sql_mode",
    "offset from UTC": "TIMEDIFF(NOW(), UTC_TIMESTAMP())",
    "collation of literals": "@@collation_connection",
    "group_concat_max_len": "@@group_concat_max_len",
    "div_precision_increment": "@@div_precision_increment",
    "version": "VERSION()",
}


def unlike(oracle: Connection, subject: Connection) -> list[str]:
    """What differs between the unsharded server and a shard, one sentence each."""
    sql = f"SELECT {', '.join(ASKED.values())}"
    left, right = ask(oracle, sql), ask(subject, sql)
    if not isinstance(left, Answer) or not isinstance(right, Answer):
        return []
    pairs = zip(ASKED, left.rows[0], right.rows[0], strict=True)
    return [f"{name}: {one} on the unsharded server, {other} on a shard" for name, one, other in pairs if one != other]
