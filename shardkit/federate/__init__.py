"""SELECTs that no merge can answer: which rows to bring into a workspace, so that a real server can finish them.

Invariant: the workspace's tables have the names, types and collations of the tables they stand for.
"""

from shardkit.federate.gather import Source, gather
from shardkit.federate.tables import AFTER, BEFORE, LENIENT

__all__ = ["AFTER", "BEFORE", "LENIENT", "Source", "gather"]
