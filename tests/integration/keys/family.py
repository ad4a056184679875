"""Starts child processes that make ids, talks to them, stops and kills them.

Invariant: every child that was started is gone when the block that started it ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


class Child:
    """One process; see child.py."""

    def __init__(self, rules: Path, lease: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.keys.child", str(rules), str(lease)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    def say(self, *words: object) -> None:
        """Tell it what to do."""
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        """Its answer, '' when it has died."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(self, *words: object) -> str:
        """Tell it and wait for the answer."""
        self.say(*words)
        return self.hear()

    def number(self, table: str) -> int:
        """One id."""
        return int(self.ask("take", table, 1))

    def signal(self, number: int) -> None:
        """Stop, go on, or die."""
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()

    def end(self) -> None:
        """Whatever state it is in."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def children(rules: Path, count: int, lease: int) -> Iterator[list[Child]]:
    """So many processes."""
    started: list[Child] = []
    try:
        started += [Child(rules, lease) for _ in range(count)]
        yield started
    finally:
        for child in started:
            child.end()
