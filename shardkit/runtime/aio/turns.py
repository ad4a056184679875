"""One task at a time on a shardkit connection. Threads are not looked for (threadsafety 1).

Invariant: a task that is refused has changed nothing.
"""

from __future__ import annotations

from shardkit.errors import InterfaceError


class Turns:
    """`taken` while a task is at work here."""

    __slots__ = ("taken",)

    def __init__(self) -> None:
        self.taken = False

    def check_free(self) -> None:
        """InterfaceError while a task is using it."""
        if self.taken:
            raise InterfaceError("another task is using this connection; each task takes its own from the cluster")

    def enter(self) -> None:
        """A task begins to use it: InterfaceError while another one does."""
        if self.taken:
            self.check_free()
        self.taken = True

    def leave(self) -> None:
        """The end of `enter`."""
        self.taken = False
