"""SELECTs that no merge can answer: which rows to bring into a workspace, so that a real server can finish them.

Invariant: the workspace's tables have the names, types and collations of the tables they stand for.
"""

from shardkit.federate.asking import KEYS, SOURCE_ROWS, Among, here, keys, tasks
from shardkit.federate.gather import Source, gather
from shardkit.federate.json_rows import ROWS, with_rows
from shardkit.federate.tables import AFTER, BEFORE, LENIENT, UNCHECKED, spelling, width

__all__ = [
    "AFTER", "BEFORE", "KEYS", "LENIENT", "ROWS", "SOURCE_ROWS", "UNCHECKED", "Among", "Source", "gather", "here",
    "keys", "spelling", "tasks", "width", "with_rows",
]  # fmt: skip
