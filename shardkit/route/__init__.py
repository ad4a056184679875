"""Statement + params + rules to Route. Pure: no clock, no I/O; the same input gives the same targets.

Invariant: a matching row always lies on a routed shard.
"""

from shardkit.route.canonical import integer_range
from shardkit.route.placed import Placed, check_shard, placed
from shardkit.route.places import Place, copy_near, places
from shardkit.route.router import Router
from shardkit.route.solve import equal
from shardkit.route.writes import check_scatter, ids_refused

__all__ = [
    "Place",
    "Placed",
    "Router",
    "check_scatter",
    "check_shard",
    "copy_near",
    "equal",
    "ids_refused",
    "integer_range",
    "placed",
    "places",
]
