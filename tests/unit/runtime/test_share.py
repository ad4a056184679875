"""How many rows a lane reads at once: what its part of the budget holds, and no more than a full batch."""

from __future__ import annotations

import pytest

from shardkit.flow import Budget
from shardkit.runtime.lane import FIRST_BATCH, NEXT_BATCH, share_of


@pytest.mark.parametrize(
    ("rows", "memory", "lanes", "width", "expected"),
    [
        (1_000_000, 256 << 20, 16, 100, NEXT_BATCH),
        (1_000_000, 256 << 20, 16, 20_000, 419),
        (1_000_000, 256 << 20, 16, 0, FIRST_BATCH),
        (3_000, 256 << 20, 4, 100, 375),
        (100, 256 << 20, 4, 0, 12),
        (1_000_000, 1 << 20, 1024, 5_000, 1),
        (1, 1, 1024, 1, 1),
    ],
)
def test_a_batch_fits_its_share(rows: int, memory: int, lanes: int, width: int, expected: int) -> None:
    assert share_of(Budget(rows, memory), lanes).batch(width) == expected
