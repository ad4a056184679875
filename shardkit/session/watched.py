"""What a session tells of its statements to those who watch.

Invariant: called only where somebody does.
"""

from __future__ import annotations

from shardkit.flow import Plan
from shardkit.observe import Planned
from shardkit.parse import Ddl, LoadData
from shardkit.plan import Prepared, Ready, kind_of


def known(ready: Ready, plan: Plan | None, cached: bool) -> Planned:
    """A statement that is planned; `plan` None: it needs none, because it goes where it must."""
    if plan is not None and isinstance(ready, Prepared):
        tables = tuple(dict.fromkeys(use.name for use in ready.statement.tables))
        scatter = not plan.route.narrowed and len(plan.route.targets) > 1
        return Planned(kind_of(plan), cached, scatter, tables)
    match ready:
        case Ddl(statement=statement):
            return Planned("ddl", cached, False, tuple(use.name for use in statement.tables))
        case LoadData(table=table):
            return Planned("write", cached, False, (table,))
        case _:
            return Planned("session", cached)
