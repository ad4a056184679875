"""Options of plug-ins as the rules file gives them, and how a plug-in says what is wrong with them.

Invariant: every mistake is told at once, each with its place from the options down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import NamedTuple, TypeAlias

Options: TypeAlias = Mapping[str, object]
"""Text, numbers, lists and mappings, without `type`."""


class Mistake(NamedTuple):
    """One mistake in a plug-in's options: where (from the options down), what is wrong, and what is right."""

    path: tuple[str | int, ...]
    message: str
    instead: str = ""
    on_key: bool = False  # the key itself is wrong, not its value


class OptionMistakes(ValueError):
    """The options do not make a plug-in. The rules check catches it and gives each mistake its line and column."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(mistake.message for mistake in self.mistakes))


def unknown_options(options: Options, known: Iterable[str], at: tuple[str | int, ...] = ()) -> list[Mistake]:
    """A mistake for each key that is not in `known`, with the nearest known one."""
    names = sorted(known)
    found = []
    for key in options:
        if key in names:
            continue
        near = get_close_matches(key, names, n=1)
        instead = f"did you mean {near[0]!r}?" if near else (f"known: {', '.join(names)}" if names else "remove it")
        found.append(Mistake((*at, key), f"unknown option {key!r}", instead, on_key=True))
    return found


def number_option(options: Options, name: str, default: int, within: range) -> int | Mistake:
    """A whole-number option, or what is wrong with it."""
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        return Mistake((name,), f"{name} is a whole number", f"write {name}: {default}")
    if value not in within:
        return Mistake((name,), f"{name} {value} is out of range", f"{within.start} to {within.stop - 1}")
    return value
