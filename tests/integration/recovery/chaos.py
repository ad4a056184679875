"""Workers move money, are killed at random and replaced; a recoverer runs beside them in a process of its own.

Every fifth blow falls on a server connection (KILL) instead of a worker. Between two rounds all workers die, what they
left is recovered, and every transfer's story is compared with what is there.
Invariant: the same seed deals the same transfers and blows; when they meet is chance.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import pymysql

from tests.integration.recovery.bank import ACCOUNTS, PATIENCE, START, Bank
from tests.integration.recovery.worker import work

ROOT = Path(__file__).resolve().parents[3]
WORKERS, ROUND = 8, 100
_NO_SUCH_THREAD = 1094


class Chaos:
    """One run against one bank; `counts` tells what happened."""

    def __init__(self, bank: Bank, folder: Path, seed: int, workers: int = WORKERS) -> None:
        self.bank, self.folder, self.seed = bank, folder, seed
        self.counts: Counter[str] = Counter()
        self._dice = random.Random(seed)
        self._rules, self._stop = folder / "rules.yaml", folder / "stop"
        self._rules.write_text(bank.text, encoding="utf-8")
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.integration.recovery.worker"])
        self._workers: list[BaseProcess | None] = [None] * workers
        self._lives = 0
        self._sizes = [0] * workers  # of each log, when its worker was started

    def run(self, kills: int, told: Callable[[], None] = lambda: None) -> None:
        """So many kills; `told` hears of each. AssertionError when a transfer is there in part, or not as was said."""
        try:
            with self._recoverer():
                for number in range(kills):
                    self._fill()
                    self._blow(number)
                    told()
                    if number % ROUND == ROUND - 1:
                        self._end_all()
                        self._settled()
                self._stop.touch()
                self._end_all(patience=60.0)
        finally:
            self._end_all()
        self._settled()

    def _fill(self) -> None:
        for number, worker in enumerate(self._workers):
            if worker is None or not worker.is_alive():
                self._lives += 1
                self._sizes[number] = self._size(number)
                args = (
                    str(self._rules),
                    str(self.folder / f"log{number}"),
                    f"{self.seed}-{self._lives}",
                    str(self._stop),
                )
                fresh = self._context.Process(target=work, args=args, daemon=True)
                fresh.start()
                self._workers[number] = fresh

    def _blow(self, number: int) -> None:
        if number % 5 == 4:
            self._kill_connection()
            return
        chosen = self._dice.randrange(len(self._workers))
        self._await_work(chosen)
        time.sleep(self._dice.uniform(0.0, 0.05))
        victim = self._workers[chosen]
        assert victim is not None
        victim.kill()
        victim.join()
        self.counts["workers killed"] += 1

    def _await_work(self, number: int) -> None:
        """Until this worker has begun: its log grows."""
        deadline = time.monotonic() + PATIENCE
        while self._size(number) == self._sizes[number]:
            assert time.monotonic() < deadline, f"worker {number} does not begin"
            time.sleep(0.002)

    def _size(self, number: int) -> int:
        log = self.folder / f"log{number}"
        return log.stat().st_size if log.exists() else 0

    def _kill_connection(self) -> None:
        server = self._dice.choice(self.bank.pair)
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE user = %s ORDER BY id", (self.bank.user,)
            )
            ids = [int(row[0]) for row in cursor.fetchall()]
            if not ids:
                return
            try:
                cursor.execute(f"KILL {self._dice.choice(ids)}")
            except pymysql.MySQLError as error:
                if error.args[0] != _NO_SUCH_THREAD:
                    raise
                return
        self.counts["connections killed"] += 1

    def _end_all(self, patience: float = 0.0) -> None:
        for number, worker in enumerate(self._workers):
            if worker is not None:
                worker.join(patience)
                worker.kill()
                worker.join()
            self._workers[number] = None

    @contextmanager
    def _recoverer(self) -> Iterator[None]:
        command = [sys.executable, "-m", "shardkit", "recover", str(self._rules), "--watch", "1s", "--older-than", "1s"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield
            assert process.poll() is None, f"the recoverer ended with {process.returncode}"
        finally:
            process.kill()
            process.wait()

    def _settled(self) -> None:
        """Recover, then compare every story with what is there."""
        self.bank.recover()
        assert sum(self.bank.balances().values()) == ACCOUNTS * START
        there, stories = self.bank.entries(), self._stories()
        self.counts.update({word: -self.counts[word] for word in ("committed", "aborted", "doubt", "begun")})
        for name, (keys, said) in stories.items():
            reached = there.pop(name, set())
            self.counts[said] += 1
            assert reached in (set(), keys), f"{name} is there in part: {reached} of {keys}; said: {said}"
            assert said != "committed" or reached, f"{name} was committed and is not there"
            assert said != "aborted" or not reached, f"{name} was aborted and is there"
        assert not there, f"nobody began {sorted(there)}"

    def _stories(self) -> dict[str, tuple[set[int], str]]:
        """The accounts and the last word of every transfer."""
        found: dict[str, tuple[set[int], str]] = {}
        for log in self.folder.glob("log*"):
            for line in log.read_text(encoding="utf-8").splitlines():
                word, name, *keys = line.split()
                found[name] = ({int(k) for k in keys[0].split(",")} if keys else found[name][0], word)
        return found


def seed_of_today() -> int:
    """A seed for a run that names none."""
    return int.from_bytes(os.urandom(3), "big")
