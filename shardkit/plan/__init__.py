"""The pipeline put together: text -> parse -> route -> rewrite -> Plan, with the plan cache and explain.

Invariant: planning does no I/O; what it does not know it asks for with MetadataNeeded.
"""

from shardkit.plan.catalog import Catalog, MetadataNeeded
from shardkit.plan.explain import Explanation, explain_ready, kind_of
from shardkit.plan.filling import Filling, chosen_column, generated_columns
from shardkit.plan.hinted import refuse_place, together
from shardkit.plan.planner import Planner, Ready, style_of
from shardkit.plan.prepared import Prepared
from shardkit.plan.reducing import among

__all__ = [
    "Catalog", "Explanation", "Filling", "MetadataNeeded", "Planner", "Prepared", "Ready", "among", "chosen_column",
    "explain_ready", "generated_columns", "kind_of", "refuse_place", "style_of", "together",
]  # fmt: skip
