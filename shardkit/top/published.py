"""The figures that processes publish: a file for each in one folder, as dbapi.publisher writes them.

Invariant: a file that is half written or of another kind is passed over, never an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Process(NamedTuple):
    """One process's figures; `silent` seconds ago it wrote them last, if that is too long."""

    name: str  # host and process id
    since: float
    figures: Mapping[str, Any]
    silent: float | None = None


def read_published(folder: str, now: float) -> tuple[Process, ...]:
    """The processes that have written into the folder."""
    return tuple(sorted(_processes(Path(folder), now), key=lambda process: process.name))


def _processes(folder: Path, now: float) -> Iterator[Process]:
    for path in folder.glob("*.json"):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            age, name = now - found["at"], f"{found['host']} {found['pid']}"
            late = age > 3 * found["every"] + 2
            yield Process(name, found["since"], found, age if late else None)
        except (OSError, ValueError, KeyError, TypeError):
            continue  # gone meanwhile, or no file of ours
