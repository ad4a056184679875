"""Hints to shardkit in a comment of the statement: `/*+ shardkit(shard=3, timeout=2m) */`.

They may stand beside hints to the server; what is shardkit's is cut out before the text goes to a shard, because a
server stops reading its own hints at one that it does not know.
Invariant: a hint that is not understood is an error, never passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from shardkit.errors import HintError, SqlSyntaxError
from shardkit.flow import Hints, Literal, ParamRef
from shardkit.rules.units import seconds, size

_QUOTED = r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*\""""
_NAMED = r"%\([^)]*\)s"
_HINT = re.compile(rf"\bshardkit\s*\(((?:{_QUOTED}|{_NAMED}|[^()'\"])*)\)", re.IGNORECASE | re.DOTALL)
_ITEM = re.compile(rf"(?:{_QUOTED}|{_NAMED}|[^,'\"])+", re.DOTALL)
_BLANK = re.compile(r"/\*\+\s*\*/")
_ESCAPE = re.compile(r"\\(.)|''|\"\"", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}

Placeholder = Callable[[str], ParamRef]
"""Takes `%s` or `%(name)s` as it stands in the text."""


def _rows(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9_]*", text):
        raise ValueError("not a number of rows; write it in digits, such as 5_000_000")
    return int(text)


def _time(text: str) -> float:
    found = float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else seconds(text)
    if found <= 0:
        raise ValueError("no statement ends in no time; write 30s")
    return found


def _shard(text: str) -> int | str:
    if text.isdecimal() and text.isascii():
        return int(text)
    name = _unquoted(text) if re.fullmatch(_QUOTED, text, re.DOTALL) else text
    if not re.fullmatch(r"[^/]+/[^/]+", name):
        raise ValueError("not a shard; write a slot's number, or a database as explain shows it: 'rds0/order_03'")
    return name


def _literal(text: str) -> Literal:
    """A value as it may stand in SQL. Raises ValueError."""
    if re.fullmatch(_QUOTED, text, re.DOTALL):
        return Literal(_unquoted(text))
    if re.fullmatch(r"-?\d+", text, re.ASCII):
        return Literal(int(text))
    if re.fullmatch(r"-?\d*\.\d+", text, re.ASCII):
        return Literal(Decimal(text))
    raise ValueError("not a value of a shard key; write a number, a text in quotes, or a placeholder")


def _unquoted(text: str) -> str:
    quote = text[0]

    def plain(found: re.Match[str]) -> str:
        if found.group(1) is not None:
            return _ESCAPED.get(found.group(1), found.group(1))
        return quote if found.group()[0] == quote else found.group()

    return _ESCAPE.sub(plain, text[1:-1])


_KINDS: dict[str, Callable[[str], Any]] = {
    "shard": _shard, "key": _literal, "budget_rows": _rows, "budget_memory": size, "timeout": _time,
}  # fmt: skip
_KNOWN = f"{', '.join(_KINDS)}, each with =, and primary"


def read_hints(
    comment: str, where: Callable[[int], str], placeholder: Placeholder | None = None
) -> tuple[str, dict[str, Any]]:
    """A comment that begins with `/*+`: the comment without shardkit's hints (as long as it was), and the hints.

    `where` names the place of an offset in the comment. `placeholder` None: the statement has no parameters; a percent
    sign stands for itself. Raises SqlSyntaxError, HintError.
    """
    found: dict[str, Any] = {}
    for hint in _HINT.finditer(comment):
        for item in _ITEM.finditer(hint.group(1)):
            text = item.group().strip()
            if text:
                offset = hint.start(1) + item.start() + len(item.group()) - len(item.group().lstrip())
                _add(found, text, where(offset), placeholder)
    kept = _HINT.sub(lambda hint: " " * len(hint.group()), comment)
    return (" " * len(kept) if _BLANK.fullmatch(kept) else kept), found


def _add(found: dict[str, Any], text: str, at: str, placeholder: Placeholder | None) -> None:
    name, equals, value = (piece.strip() for piece in text.partition("="))
    name = name.lower()
    if name == "primary" and not equals:
        found[name] = True
        return
    kind = _KINDS.get(name)
    if kind is None or not equals:
        raise SqlSyntaxError(f"unknown hint {name!r}, {at}: shardkit knows {_KNOWN}")
    try:
        if name == "key" and re.fullmatch(rf"%s|{_NAMED}", value):
            if placeholder is None:
                raise ValueError("the statement is run without parameters")
            found[name] = placeholder(value)
            found["placeholders"] = found.get("placeholders", 0) + (value == "%s")
        else:
            found[name] = kind(value if placeholder is None else value.replace("%%", "%"))
    except ValueError as error:
        raise SqlSyntaxError(f"hint {name} = {value!r}, {at}: {error}") from None
    if name in ("shard", "key"):
        found["said"] = f"{name}= in the hint, {at}"


def hints_of(found: Mapping[str, Any]) -> Hints:
    """The hints of one statement, put together. Raises HintError."""
    hints = Hints(**found)
    if hints.shard is not None and hints.key is not None:
        raise HintError(f"{hints.said}: shard= and key= both say where the statement goes; give one of them")
    return hints


def given_hints(given: Mapping[str, Any]) -> Hints:
    """The hints of `connection.hint(…)`: durations and sizes as numbers or as text. Raises HintError."""
    found: dict[str, Any] = {}
    for name, value in _said(given):
        said = f"connection.hint({name}=…)"
        if name == "primary":
            found[name] = bool(value)
        elif name == "key":
            found[name], found["said"] = Literal(value), said
        elif name in _KINDS:
            found[name] = _option(name, value, said)
        else:
            raise HintError(f"{said}: shardkit knows {_KNOWN}")
        if name == "shard":
            found["said"] = said
    return hints_of(found)


def _said(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if value is not None:
            yield name, value


def _option(name: str, value: Any, said: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise HintError(f"{said}: takes a number or a text, not {type(value).__name__}")
    text = str(value)
    try:
        if name == "budget_memory" and isinstance(value, int):
            return size(f"{text}B")
        return _KINDS[name](text)
    except ValueError as error:
        raise HintError(f"{said}: {error}") from None
