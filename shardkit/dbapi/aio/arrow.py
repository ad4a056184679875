"""A cursor's result as record batches that are awaited; the twin of dbapi.arrow.

Arrow's own stream interface cannot wait for an event loop, so whoever wants that gets it from the table.
Invariant: as there.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from shardkit.arrow import BATCH, Form, Manner, ZeroDates
from shardkit.dbapi.arrow import OneReader
from shardkit.values import Row

if TYPE_CHECKING:
    import pyarrow as pa


class BatchReader(AsyncIterator["pa.RecordBatch"]):
    """What `cursor.arrow()` gives: record batches to be awaited, as pyarrow.RecordBatchReader gives them at once."""

    def __init__(self, results: ArrowResults, claim: Callable[[], None], manner: Manner) -> None:
        self._results, self._claim, self._size = results, claim, manner.batch_rows
        self._form = Form(results.description or (), manner)

    @property
    def schema(self) -> pa.Schema:
        """The columns; there before the first batch."""
        return self._form.schema

    async def __anext__(self) -> pa.RecordBatch:
        self._claim()
        rows = await self._results.fetchmany(self._size)
        if not rows:
            raise StopAsyncIteration
        return self._form.batch(rows)

    async def read_all(self) -> pa.Table:
        """All batches that are left, as one table; it has `__arrow_c_stream__`."""
        return self._form.table([batch async for batch in self])


class ArrowResults(OneReader):
    """The part of a cursor that knows Arrow."""

    @abstractmethod
    async def fetchmany(self, size: int | None = None) -> tuple[Row, ...]:
        """At most `size` rows."""

    def arrow(
        self, *, zero_dates: ZeroDates = "refuse", wide_decimals: bool = False, batch_rows: int = BATCH
    ) -> BatchReader:
        """The rows that are left, as record batches with at most `batch_rows` rows each.

            async for batch in cursor.arrow(): ...
            table = await cursor.arrow().read_all()

        `zero_dates="null"` gives NULL for dates that Arrow does not have, instead of DataError. `wide_decimals` makes
        decimal256 of what may have over 38 digits. Needs pyarrow.
        """
        return BatchReader(self, self._reading(), Manner(zero_dates, wide_decimals, batch_rows))
