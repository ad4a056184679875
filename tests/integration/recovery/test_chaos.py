"""A short run of `make chaos`: what every worker was told is true, and no transfer is there in part."""

from __future__ import annotations

from pathlib import Path

from tests.integration.recovery.bank import bank
from tests.integration.recovery.chaos import Chaos
from tests.servers import ServerUrl


def test_kills_leave_every_transfer_whole(mysql_servers: tuple[ServerUrl, ServerUrl], tmp_path: Path) -> None:
    with bank(mysql_servers, own_user=True) as found:
        chaos = Chaos(found, tmp_path, seed=20260, workers=4)
        chaos.run(kills=40)
    assert chaos.counts["committed"] > 0
    assert chaos.counts["connections killed"] > 0
