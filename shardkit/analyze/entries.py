"""What a log holds once its format is forgotten: statements, each with its time where the log has one.

Invariant: no entry is longer than LONGEST, whatever the log says, so that memory stays bounded.
"""

from __future__ import annotations

from typing import NamedTuple

LONGEST = 4 * 1024 * 1024
"""Characters of one statement that are kept; what is longer is cut, and counts as an error."""


class Entry(NamedTuple):
    """One statement of a log. `seconds` is the Query_time of a slow log."""

    text: str
    seconds: float | None = None
    cut: bool = False


class Pieces:
    """Lines that become one statement."""

    def __init__(self, seconds: float | None = None) -> None:
        self._lines: list[str] = []
        self._size = 0
        self.seconds = seconds
        self.cut = False

    @property
    def full(self) -> bool:
        """Whether nothing more is kept."""
        return self._size >= LONGEST

    def add(self, line: str) -> None:
        """Append a line, or as much of it as there is room for."""
        room = LONGEST - self._size
        if len(line) > room:
            self.cut, line = True, line[:room]
        if line:
            self._lines.append(line)
            self._size += len(line)

    def entry(self) -> Entry:
        """The statement, without blanks around it and without a closing semicolon."""
        text = "".join(self._lines).strip()
        while text.endswith(";") and not self.cut:
            text = text[:-1].rstrip()
        return Entry(text, self.seconds, self.cut)
