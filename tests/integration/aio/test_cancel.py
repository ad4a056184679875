"""A short run of `make chaos-cancel`: tasks cut at random leave no statement, transaction, branch or lease behind."""

from __future__ import annotations

from collections.abc import Callable

from shardkit.aio import Cluster
from tests.integration.aio import chaos
from tests.integration.dbapi.stage import Stage


def test_cuts_leave_nothing_behind(stage: Stage, play: Callable[..., None]) -> None:
    chaos.fill(stage)
    counts: dict[str, int] = {}

    async def work(cluster: Cluster) -> None:
        torment = chaos.Chaos(cluster, seed=20260)
        await torment.run(cuts=60)
        counts.update(torment.counts)

    play(work, transactions="xa")
    assert sum(count for what, count in counts.items() if what.endswith(": cut")) > 30
    assert chaos.money(stage) == chaos.ACCOUNTS * chaos.EACH
    assert chaos.prepared(stage) == []
