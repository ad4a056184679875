"""The house's words: names that say nothing are not used for modules, and code holds no promises instead of work."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import files, label, tree

EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "context", "misc", "base"}
CODE = ("shardkit", "examples", "benchmarks", "docs")
PROMISE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def test_no_module_has_an_empty_name() -> None:
    named = {label(path) for path in files(*CODE, "tests") if EMPTY_WORDS & set(_words(path))}
    assert named == {"shardkit/django/base.py"}  # Django wants an engine to be called so


def test_no_promises_instead_of_work() -> None:
    found = [f"{label(path)}:{line}: {text}" for path in files(*CODE) for line, text in _promises(path)]
    assert not found, "\n".join(found)


def test_no_error_is_swallowed() -> None:
    """`except …: pass` needs a precise class and a comment that gives the reason; so does contextlib.suppress."""
    found = [f"{label(path)}:{line}" for path in files(*CODE) for line in _swallowed(path)]
    assert not found, "\n".join(found)


def test_errors_are_never_caught_barely() -> None:
    found = [
        f"{label(path)}:{node.lineno}"
        for path in files(*CODE)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert not found, "\n".join(found)


def _words(path: Path) -> list[str]:
    return re.split(r"[/_.]", label(path).lower())


def _promises(path: Path) -> Iterator[tuple[int, str]]:
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if PROMISE.search(text) or "NotImplementedError" in text:
            yield number, text.strip()


def _swallowed(path: Path) -> Iterator[int]:
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in ast.walk(tree(path)):
        match node:
            case ast.ExceptHandler(type=kind, body=[only]) if ast.unparse(only) in ("pass", "..."):
                if _broad(kind) or "#" not in lines[only.lineno - 1]:
                    yield node.lineno
            case ast.Call(func=function, args=kinds) if ast.unparse(function).endswith("suppress"):
                if any(map(_broad, kinds)):
                    yield node.lineno
            case _:
                pass


def _broad(kind: ast.expr | None) -> bool:
    return kind is None or ast.unparse(kind) in ("Exception", "BaseException")
