"""One YAML scalar -> one value, without YAML 1.1's traps, and `${NAME}` from the environment.

`on`, `off`, `yes`, `no` are text; so are 010 and 12:30:45; 1_000_000 is a number. A quoted scalar is always text.
In a URL, what stands for user or password is taken as it is: a password with @ or / needs no escaping.
Invariant: a value from the environment can never become YAML structure, only one scalar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias
from urllib.parse import quote

Scalar: TypeAlias = str | int | float | bool | None

VARIABLE = re.compile(r"\$(?P<escaped>\$)?\{(?P<body>[^}]*)(?P<closed>\})?")
_BODY = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>.*))?", re.DOTALL)
_AUTHORITY = re.compile(r"[^/?@]*://([^/?]*)@")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,63}(?:_[0-9]{1,63}){0,9})")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]{1,3})?")
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))


class FromEnvironment(str):
    """Quoted text with something filled in: `"${SIZE}"` may stand where a number is wanted."""

    __slots__ = ()


class Missing(NamedTuple):
    """A reference that cannot be filled in: which one (counted from 0 in its scalar), and why."""

    number: int
    message: str
    instead: str


def resolve(text: str) -> Scalar:
    """The value of a plain (unquoted) scalar."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text.replace("_", ""))
    return float(text) if _FLOAT.fullmatch(text) else text


def substitute(text: str, environ: Mapping[str, str]) -> tuple[str, list[Missing]]:
    """The text with its `${NAME}` and `${NAME:-default}` filled in, and those that cannot be; `$${` stands for `${`."""
    missing: list[Missing] = []
    found = list(VARIABLE.finditer(text))
    pieces, end = [], 0
    for index, match in enumerate(found):
        value = "${" + match["body"] + (match["closed"] or "") if match["escaped"] else _value(match, environ)
        if isinstance(value, str):
            pieces += [text[end : match.start()], _literal(text, match, value) if not match["escaped"] else value]
        else:
            missing.append(value._replace(number=index))
        end = match.end()
    return "".join([*pieces, text[end:]]), missing


def _value(match: re.Match[str], environ: Mapping[str, str]) -> str | Missing:
    body = _BODY.fullmatch(match["body"])
    if body is None or not match["closed"]:
        return Missing(0, "this is not a variable", "write ${NAME} or ${NAME:-default}, or $${ for the characters ${")
    name, default = body["name"], body["default"]
    value = environ.get(name)
    if default is not None:
        return value or default
    if value is None:
        return Missing(0, f"the environment variable {name} is not set", f"set it, or write ${{{name}:-default}}")
    return value


def _literal(text: str, match: re.Match[str], value: str) -> str:
    """The value, percent-encoded if it stands between `://` and `@` of a URL (there it is a user or a password)."""
    template = VARIABLE.sub(lambda one: "x" * len(one[0]), text)
    authority = _AUTHORITY.match(template)
    secret = authority is not None and authority.start(1) <= match.start() and match.end() <= authority.end(1)
    return quote(value, safe="") if secret else value
