"""One registry for every kind of plug-in: name -> factory, with entry points, duplicates refused.

Invariant: a name means one factory for the life of the process.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from shardkit.errors import ProgrammingError

T = TypeVar("T")


class Registry(Generic[T]):
    """Plug-ins of one kind. Installed packages add theirs under the entry-point group `shardkit.<kind>`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}
        self._scanned = False

    def add(self, name: str, item: T) -> None:
        """Register `item`; a second one of the same name is an error."""
        if name in self._items:
            raise ProgrammingError(f"{self.kind} {name!r} is registered twice")
        self._items[name] = item

    def get(self, name: str) -> T:
        """The item of that name; ProgrammingError with the nearest known name if there is none."""
        if name not in self._items:
            self._scan()
        if name not in self._items:
            near = get_close_matches(name, self._items, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(self.names())}"
            raise ProgrammingError(f"unknown {self.kind} {name!r}{hint}")
        return self._items[name]

    def names(self) -> list[str]:
        """All names, plug-ins included, sorted."""
        self._scan()
        return sorted(self._items)

    def _scan(self) -> None:
        if self._scanned:
            return
        self._scanned = True
        for point in entry_points(group=f"shardkit.{self.kind}"):
            self.add(point.name, point.load())
