"""YAML text -> plain data, and the place of every key and value in the file.

YAML is composed, not loaded: the nodes carry line and column. Every mistake is kept, none raises.
Invariant: `data` holds only dict, list and scalars, its keys are text; values that cannot be used are left out of it
and their paths are in `pruned`, so that no later check complains about their absence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeAlias

import yaml

from shardkit.errors import Problem
from shardkit.rules.scalars import VARIABLE, FromEnvironment, resolve, substitute

Path: TypeAlias = tuple[str | int, ...]

_MOST_REPEATS = 10_000  # values read again through aliases: aliases of aliases can blow up a small file
_TEXT = "tag:yaml.org,2002:str"
_ABSENT = object()


class _TooLarge(Exception):
    """More nodes than any rules file has."""


class Place(NamedTuple):
    """Line and column, counted from 1."""

    line: int
    column: int


class Source:
    """A rules file being read: its data, where everything stands, and what is wrong so far."""

    def __init__(self, file: str, text: str, environ: Mapping[str, str]) -> None:
        self.file = file
        self.data: dict[str, Any] = {}
        self.problems: list[Problem] = []
        self.notices: list[Problem] = []
        self.pruned: set[Path] = set()
        self.shown: dict[Path, str] = {}  # scalars as written in the file, unless they could hold a secret
        self._text = text
        self._environ = environ
        self._values: dict[Path, Place] = {}
        self._keys: dict[Path, Place] = {}
        self._open: list[yaml.Node] = []
        self._met: set[int] = set()
        self._repeats = 0
        self._read_document()
        self.declared: dict[str, frozenset[str]] = {
            section: frozenset(entries) for section, entries in self.data.items() if isinstance(entries, dict)
        }

    # --- what the checks ask and say ---

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Where the value (or the key) of that path stands; the nearest enclosing one if there is no such path."""
        for end in range(len(path), 0, -1):
            found = self._keys.get(path[:end]) if key or end < len(path) else None
            if found := found or self._values.get(path[:end]):
                return found
        return Place(1, 1)

    def has(self, path: Path) -> bool:
        """Whether the file has a value there, right or wrong."""
        return path in self._values

    def is_whole(self, path: Path) -> bool:
        """Whether nothing at that path, around it or inside it was left out because of a mistake."""
        return not any(path[: len(gone)] == gone or gone[: len(path)] == path for gone in self.pruned)

    def names(self, section: str) -> frozenset[str]:
        """The names that a section of the file defines, well or badly."""
        return self.declared.get(section, frozenset())

    def knows(self, section: str, name: str) -> bool:
        """Whether the section defines that name; true if the whole section could not be read."""
        return name in self.names(section) or (section,) in self.pruned

    def problem(self, path: Path, message: str, instead: str = "", *, key: bool = False) -> None:
        """Report a mistake."""
        self.problems.append(Problem(self.file, *self.place(path, key=key), message, instead))

    def notice(self, path: Path, message: str, instead: str = "") -> None:
        """Report a feature that is accepted but not carried out yet; it is placed at its key."""
        self.notices.append(Problem(self.file, *self.place(path, key=True), message, instead))

    def unknown(self, path: Path, kind: str, known: Iterable[str], *, key: bool = False, part: str = "") -> None:
        """Report that the name at that path (its key, or a part of its value) is unknown, and the nearest known one."""
        name = str(path[-1]) if key else self.shown.get(path, "")
        name = part if part and name else name
        self.problem(path, f"unknown {kind} {name!r}" if name else f"unknown {kind}", nearest(name, known), key=key)

    def prune(self, path: Path) -> None:
        """Take the value at that path out of `data`. A member of a list takes the list with it: indexes stay true."""
        while path and isinstance(path[-1], int):
            path = path[:-1]
        if any(path[: len(gone)] == gone for gone in self.pruned):
            return
        self.pruned.add(path)
        inner: Any = self.data
        for step in path[:-1]:
            inner = inner[step]
        inner.pop(path[-1], None)

    # --- reading ---

    def _read_document(self) -> None:
        try:
            self._read_top(yaml.compose(self._text, Loader=yaml.BaseLoader))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
            self._at(place, f"this is not YAML: {error.problem or error.context}", "")
        except yaml.reader.ReaderError as error:
            self._at(self._place_of(error.position), "a character that YAML does not allow", "remove it")
        except (RecursionError, _TooLarge):
            self.data = {}
            self._at(Place(1, 1), "the file is nested too deeply, or its aliases make it too large", "")

    def _read_top(self, node: yaml.Node | None) -> None:
        if not isinstance(node, yaml.MappingNode):
            what = "the file is empty" if node is None else "the rules are not a mapping"
            self._at(Place(1, 1), what, "begin with `version: 1`")
            return
        dropped: list[Path] = []
        self.data = self._mapping(node, (), dropped)
        for path in dropped:
            self.prune(path)

    def _read(self, node: yaml.Node, path: Path, dropped: list[Path]) -> Any:
        self._repeats += id(node) in self._met
        self._met.add(id(node))
        self._values[path] = Place(node.start_mark.line + 1, node.start_mark.column + 1)
        if self._repeats > _MOST_REPEATS:
            raise _TooLarge
        if node in self._open:
            self.problem(path, "an alias inside its own anchor", "write the value out")
            return _ABSENT
        self._open.append(node)
        try:
            match node:
                case yaml.MappingNode():
                    return self._mapping(node, path, dropped)
                case yaml.SequenceNode():
                    return self._sequence(node, path, dropped)
                case yaml.ScalarNode():
                    return self._scalar(node, path)
                case _:
                    return _ABSENT
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.MappingNode, path: Path, dropped: list[Path]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = Place(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                self._at(place, "a key is a single word", "")
                continue
            key = key_node.value
            if key in found:
                first = self._keys[(*path, key)].line
                self._at(place, f"duplicate key {key!r}", f"it is already in line {first}")
                continue
            self._keys[(*path, key)] = place
            found[key] = self._read(value_node, (*path, key), dropped)
            if found[key] is None:
                self.problem((*path, key), f"{key!r} has no value", "write one, or remove the key", key=True)
            if found[key] is None or found[key] is _ABSENT:
                dropped.append((*path, key))
        return found

    def _sequence(self, node: yaml.SequenceNode, path: Path, dropped: list[Path]) -> list[Any]:
        found = [self._read(item, (*path, index), dropped) for index, item in enumerate(node.value)]
        for index, item in enumerate(found):
            if item is None:
                self.problem((*path, index), "an empty entry", "write a value, or put null in quotes")
            if item is None or item is _ABSENT:
                dropped.append((*path, index))
        return found

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        if node.tag != _TEXT:
            self.problem(path, "tags are not used in rules", "remove the tag")
            return _ABSENT
        text, missing = substitute(node.value, self._environ)
        for one in missing:
            self._at(self._place_in(node, one.number), one.message, one.instead)
        if "${" not in node.value and "://" not in node.value:
            self.shown[path] = node.value
        if missing:
            return _ABSENT
        if node.style is None:
            return resolve(text)
        return text if text == node.value else FromEnvironment(text)

    def _place_in(self, node: yaml.ScalarNode, index: int) -> Place:
        """The place of the scalar's variable with that index."""
        start = node.start_mark.index
        found = list(VARIABLE.finditer(self._text[start : node.end_mark.index]))
        return self._place_of(start + (found[index].start() if index < len(found) else 0))

    def _place_of(self, index: int) -> Place:
        before = self._text[:index]
        return Place(before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)

    def _at(self, place: Place, message: str, instead: str) -> None:
        self.problems.append(Problem(self.file, *place, message, instead))


def nearest(name: str, names: Iterable[str]) -> str:
    """What to write instead of an unknown name."""
    known = sorted(names)
    lower = {one.lower(): one for one in known}
    near = get_close_matches(name.lower(), lower, n=1)
    if near:
        return f"did you mean {lower[near[0]]!r}?"
    if not known:
        return "none is defined"
    shown = ", ".join(known[:8])
    return f"known: {shown}" + (f" and {len(known) - 8} more" if len(known) > 8 else "")
