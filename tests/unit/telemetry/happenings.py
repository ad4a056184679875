"""Events as a cluster would tell them, made by hand."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from shardkit.flow import CloseQuery, Head
from shardkit.observe import Event, Planned, ServerAddress, Watch
from shardkit.values import ShardId

ONE, TWO = ShardId("rds0", "order_00"), ShardId("rds1", "order_01")
SERVERS = {"rds0": ServerAddress("10.0.0.1", 3306, False), "rds1": ServerAddress("10.0.0.2", 3307, False)}
PAGE = "SELECT * FROM t_order WHERE total > 12 AND remark = 'secret' LIMIT 20"
MERGE = Planned("merge", True, True, ("t_order",))


class Happenings:
    """What a cluster does, told to one observer."""

    def __init__(self, observer: Callable[[Event], None]) -> None:
        self.watch = Watch([observer])

    def statement(
        self,
        text: str = PAGE,
        plan: Planned | None = MERGE,
        shards: tuple[ShardId, ...] = (ONE, TWO),
        *,
        error: Exception | None = None,
        batch: int | None = None,
    ) -> None:
        """A statement from its beginning to its end, with a piece on each shard; `error`: the last one fails so."""

        def script() -> Generator[Any, Any, None]:
            if plan is not None:
                self.watch.planned(plan)
            pieces = [self.watch.begin(shard, f"{text} /* {shard} */") for shard in shards]
            for piece in pieces:
                piece.rows = 2
                self.watch.end(piece, error if piece is pieces[-1] else None)
            yield CloseQuery()
            if error is not None:
                raise error
            read = text.startswith("SELECT")
            yield Head(() if read else None, -1 if read else 7, None, ((1,), (2,)) if read else (), True)

        steps = self.watch.statement(text, script(), batch)
        if error is None:
            list(steps)
            return
        try:
            list(steps)
        except type(error):
            return
        raise AssertionError("the statement should have failed")
