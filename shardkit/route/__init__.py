"""Statement + params + rules to Route. Pure: no clock, no I/O; the same input gives the same targets.

Invariant: a matching row always lies on a routed shard.
"""

from shardkit.route.canonical import integer_range
from shardkit.route.places import Place, copy_near, places
from shardkit.route.router import Router
from shardkit.route.solve import equal

__all__ = ["Place", "Router", "copy_near", "equal", "integer_range", "places"]
