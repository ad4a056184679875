"""The SQL corpus as objects: tests/cases/*.yaml, one file a topic.

    - title: a page of orders by time            unique in its file
      sql: SELECT … LIMIT %s                     tables by their logical names
      params: [10]                               optional; a list or a map
      order: total | ties | none                 default: total with ORDER BY, none without
      keys: [0]                                  ties: the places of the sort keys in the result
      collated: {0: remark}                      place -> source column: shows one of several equal texts
      unordered: {1: json, 2: ","}               place -> list whose entries come in any order: JSON, or its separator
      whole: SELECT …                            the statement without LIMIT; default: the LIMIT at its end cut off
      refused: true                              shardkit refuses when the rows are really spread
      errno: 1146                                MySQL and shardkit both fail like this (where it is not refused)
      shards: one | some | all | none            where it goes in the world of five databases
      before: [SET …]                            run on both sides first; the connections are thrown away afterwards
      then: [SELECT …]                           afterwards, on the same connection: compared on both sides
      strict: same | refused                     writes: what the rules' defaults do with it; default same
      flavor: mysql | mariadb                    on the other one the shards fail where the server does, or answer alike
      unlike: <reason>                           with flavor: why the other one's answer cannot be compared at all

Invariant: an unknown field or a repeated title is an error, so that a case never silently tests nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from shardkit.values import Params

FOLDER = Path(__file__).parent.parent / "cases"
LIMIT = re.compile(r"\s+LIMIT\s+(%s|\d+)(\s*(,|OFFSET)\s*(%s|\d+))?\s*$", re.IGNORECASE)

COMPARED = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|/\*.*?\*/|(?:--\s|\#)[^\n]*"  # passed over
    r"|(?P<before>(?:[=<>]|\bLIKE|\bBETWEEN|\bLIMIT|\bOFFSET)\s+|\bIN \(\s*)"
    r"(?P<value>-?\d+(?:\.\d+)?(?![\w.])|'[^'\\]*'(?!\s*'))",
    re.IGNORECASE | re.DOTALL,
)
"""Constants that the prepared form gives as parameters: those behind a comparison, and of LIMIT."""

READ = re.compile(r"\s*\(*\s*(SELECT|WITH)\b", re.IGNORECASE)
WRITE = re.compile(
    r"(\s|/\*.*?\*/|--[^\n]*\n|#[^\n]*\n)*((INSERT|REPLACE|UPDATE|DELETE|CREATE|DROP|ALTER|TRUNCATE)\b"
    r"|WITH\b.*\)\s*(UPDATE|DELETE)\b)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Case:
    """One statement of the corpus and what is known about its answer."""

    title: str
    sql: str
    file: str = ""
    params: Params = None
    order: str = ""
    keys: Sequence[int] = ()
    collated: Mapping[int, str] = field(default_factory=dict)
    unordered: Mapping[int, str] = field(default_factory=dict)
    whole: str = ""
    refused: bool = False
    errno: int | None = None
    shards: str = ""
    before: Sequence[str] = ()
    then: Sequence[str] = ()
    strict: str = "same"
    flavor: str = ""
    unlike: str = ""

    @property
    def name(self) -> str:
        """File and title: the case's name in reports."""
        return f"{self.file}: {self.title}"

    @property
    def manner(self) -> str:
        """How the rows are ordered."""
        return self.order or ("total" if re.search(r"\bORDER\s+BY\b", self.sql, re.IGNORECASE) else "none")

    @property
    def is_write(self) -> bool:
        """Whether it changes rows or tables; such a case is followed by checks and undone."""
        return WRITE.match(self.sql) is not None

    def prepared(self) -> tuple[str, Params] | None:
        """The same statement with its compared constants as %s parameters; None if it has none, or has parameters."""
        if self.params is not None or not READ.match(self.sql) or self.refused or self.errno is not None or self.before:
            return None
        values: list[Any] = []

        def lifted(found: re.Match[str]) -> str:
            if found["value"] is None:
                return found.group()
            values.append(_constant(found["value"]))
            return f"{found['before']}%s"

        doubled = self.sql.replace("%", "%%")
        text = COMPARED.sub(lifted, doubled)
        return (text, tuple(values)) if values else None

    def without_limit(self) -> tuple[str, Params] | None:
        """The statement whose answer a LIMIT without total order may take any part of; None when none is needed."""
        if self.manner == "total":
            return None
        if self.whole:
            return self.whole, None
        found = LIMIT.search(self.sql)
        if found is None:
            return None
        count = found.group(0).count("%s")
        params = self.params
        if count and isinstance(params, Sequence):
            params = tuple(params[:-count])
        return self.sql[: found.start()], params


def _constant(text: str) -> Any:
    if text.startswith("'"):
        return text[1:-1].replace("%%", "%")
    return Decimal(text) if "." in text else int(text)


class _Loader(yaml.SafeLoader):
    """YAML with `!decimal "1.5"`, `!time "-01:00:00.5"` and `!null`-free standard tags (dates, !!binary)."""


def _decimal(loader: yaml.SafeLoader, node: yaml.Node) -> Decimal:
    if not isinstance(node, yaml.ScalarNode):
        raise yaml.YAMLError(f"!decimal takes a number{node.start_mark}")
    return Decimal(loader.construct_scalar(node))


def _time(loader: yaml.SafeLoader, node: yaml.Node) -> timedelta:
    if not isinstance(node, yaml.ScalarNode):
        raise yaml.YAMLError(f"!time takes hours:minutes:seconds{node.start_mark}")
    text = loader.construct_scalar(node)
    hours, minutes, seconds = text.lstrip("-").split(":")
    span = timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    return -span if text.startswith("-") else span


_Loader.add_constructor("!decimal", _decimal)
_Loader.add_constructor("!time", _time)


@cache
def load() -> tuple[Case, ...]:
    """Every case of every file, in order."""
    return tuple(case for path in sorted(FOLDER.glob("*.yaml")) for case in read(path))


def read(path: Path) -> list[Case]:
    """The cases of one file; ValueError for unknown fields and repeated titles."""
    known = {item.name for item in fields(Case)} - {"file"}
    cases: list[Case] = []
    for number, entry in enumerate(yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader), start=1):
        place = f"{path.name}, case {number}"
        if unknown := sorted(set(entry) - known):
            raise ValueError(f"{place}: unknown fields {unknown}")
        case = Case(**entry, file=path.stem)
        _check(case, place)
        if any(case.title == other.title for other in cases):
            raise ValueError(f"{place}: the title {case.title!r} is used twice")
        cases.append(case)
    return cases


def _check(case: Case, place: str) -> None:
    allowed = {
        "order": ("", "total", "ties", "none"),
        "shards": ("", "one", "some", "all", "none"),
        "strict": ("same", "refused"),
        "flavor": ("", "mysql", "mariadb"),
    }
    for name, values in allowed.items():
        if getattr(case, name) not in values:
            raise ValueError(f"{place}: {name} is one of {values}, not {getattr(case, name)!r}")
    if case.unlike and not case.flavor:
        raise ValueError(f"{place}: unlike needs a flavor")
    if case.order == "ties" and not case.keys:
        raise ValueError(f"{place}: ties need keys")
