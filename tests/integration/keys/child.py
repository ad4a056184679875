"""One process that makes ids, told line by line what to do; its clock is whatever the test makes of it.

    python -m tests.integration.keys.child RULES LEASE      then on standard input, one answer line for each:

    take TABLE COUNT     the ids, or the error's class
    step MILLISECONDS    moves the clock
    chaos TABLE COUNT FILE SEED     many ids into a file, through crashes, restarts and clock steps
    end                  closes the cluster and ends

Invariant: an id is in the file before the next one is asked for, so that killing the process loses none that counts.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import shardkit
from shardkit.errors import ClockError, Error
from shardkit.flow import Column, Family, NewId, NewIds
from shardkit.runtime.keys import Clock

BATCHES = (1, 1, 2, 3, 7, 20, 40, 100)
"""How many ids are asked for at a time."""


class StepClock(Clock):
    """This machine's clock, moved by a step."""

    def __init__(self, step: int = 0) -> None:
        self.step = step

    def now(self) -> int:
        """The moved time."""
        return super().now() + self.step


class Process:
    """A cluster with a clock that can be moved."""

    def __init__(self, rules: str, lease: int) -> None:
        self._rules, self._lease = rules, lease
        self.clock = StepClock()
        self.cluster = self.open()

    def open(self) -> shardkit.Cluster:
        """A new cluster, as after a restart."""
        cluster = shardkit.Cluster(self._rules)
        cluster.engine.keys.lease_length = self._lease
        cluster.engine.keys.clock = self.clock
        return cluster

    def take(self, table: str, count: int) -> list[NewId]:
        """New ids of the table's column `id`."""
        return list(self.cluster.engine.keys.take(NewIds(table, Column("id", Family.INTEGER, "bigint"), count)))

    def chaos(self, table: str, count: int, file: Path, seed: int) -> None:
        """Ids into the file until it holds `count`; may end in the middle, killed by itself."""
        dice = random.Random(seed)
        with file.open("ab") as out:
            while (left := count - file.stat().st_size // 8) > 0:
                try:
                    ids = self.take(table, min(left, dice.choice(BATCHES)))
                except ClockError:
                    self.clock.step = 0
                    time.sleep(0.1)
                    continue
                out.write(b"".join(one.to_bytes(8, "big") for one in ids if isinstance(one, int)))
                out.flush()
                if seed % 1000 == 0 and left < count // 2:
                    os.kill(os.getpid(), signal.SIGKILL)
                self._happen(dice)

    def _happen(self, dice: random.Random) -> None:
        fate = dice.random()
        if fate < 0.003:
            os.kill(os.getpid(), signal.SIGKILL)
        elif fate < 0.01:
            if dice.random() < 0.5:
                self.cluster.close()  # else it is left as by a crash: its leases run out
            self.cluster = self.open()
        elif fate < 0.06:
            self.clock.step += dice.choice((-5000, -300, -20, -1, 1, 50, 800))
            self.clock.step = max(-6000, min(self.clock.step, 1500))


def main() -> None:
    """Do what standard input says."""
    process = Process(sys.argv[1], int(sys.argv[2]))
    for line in sys.stdin:
        match line.split():
            case ["take", table, count]:
                try:
                    print(*process.take(table, int(count)), flush=True)
                except Error as error:
                    print(type(error).__name__, flush=True)
            case ["step", milliseconds]:
                process.clock.step += int(milliseconds)
                print("stepped", flush=True)
            case ["chaos", table, count, file, seed]:
                process.chaos(table, int(count), Path(file), int(seed))
                print("done", flush=True)
            case _:
                process.cluster.close()
                return


if __name__ == "__main__":
    main()
