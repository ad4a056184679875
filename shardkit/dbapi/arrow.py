"""A cursor's result as an Arrow stream.

Invariant: a row goes out once, be it through `fetch…` or through one Arrow stream.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from shardkit.arrow import BATCH, Manner, ZeroDates, stream
from shardkit.errors import InterfaceError, ProgrammingError
from shardkit.flow import Description
from shardkit.values import Row

if TYPE_CHECKING:
    import pyarrow as pa


class OneReader(ABC):
    """The part of a cursor of either interpreter that knows which Arrow stream reads its result."""

    description: Description
    _taken: tuple[Description, object] = (None, None)  # a result, and the Arrow stream that reads it

    @abstractmethod
    def _check_result(self) -> None:
        """Raise if there is no result."""

    def _reading(self) -> Callable[[], None]:
        """What a new stream calls before each batch: InterfaceError, ProgrammingError when the rows are not its own."""
        self._check_result()
        given, mine = self.description, object()

        def claim() -> None:
            if self.description is not given:
                raise InterfaceError("the cursor was closed or has executed another statement: the stream has ended")
            if self._taken[0] is not given:
                self._taken = (given, mine)  # with the first batch: DuckDB looks at the columns before it reads
            if self._taken[1] is not mine:
                raise ProgrammingError("another Arrow stream reads this result already; execute the statement again")

        return claim


class ArrowResults(OneReader):
    """The part of a cursor that knows Arrow."""

    @abstractmethod
    def fetchmany(self, size: int | None = None) -> tuple[Row, ...]:
        """At most `size` rows."""

    def arrow(
        self, *, zero_dates: ZeroDates = "refuse", wide_decimals: bool = False, batch_rows: int = BATCH
    ) -> pa.RecordBatchReader:
        """The rows that are left, as a stream of record batches with at most `batch_rows` rows each.

            table = cursor.execute("SELECT orderId, total FROM t_order").arrow().read_all()

        `zero_dates="null"` gives NULL for dates that Arrow does not have, instead of DataError. `wide_decimals` makes
        decimal256 of what may have over 38 digits. Needs pyarrow.
        """
        claim = self._reading()

        def fetch(size: int) -> tuple[Row, ...]:
            claim()
            return self.fetchmany(size)

        return stream(self.description or (), fetch, Manner(zero_dates, wide_decimals, batch_rows))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows that are left, for Polars, pandas, PyArrow, DuckDB: whatever takes Arrow's C stream interface."""
        return self.arrow().__arrow_c_stream__(requested_schema)
