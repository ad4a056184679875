"""The project's own source as data: which files there are, and their syntax trees. Shared by the tests beside it.

Invariant: reading only; a file is parsed once in a test run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "shardkit"
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@cache
def files(*trees: str) -> tuple[Path, ...]:
    """Every Python file below these folders of the project, sorted."""
    return tuple(sorted(path for tree in trees for path in (ROOT / tree).rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def label(path: Path) -> str:
    """A file as the project names it: `shardkit/flow.py`."""
    return path.relative_to(ROOT).as_posix()


def room(path: Path) -> str:
    """The room of shardkit a file stands in: `parse` for shardkit/parse/lexer.py, `flow` for shardkit/flow.py."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything a file imports, at any depth (also inside functions)."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, name.name) for name in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield from ((node.lineno, f"{module}.{name.name}") for name in names)
            case _:
                pass


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of a file with its dotted place in it, nested ones and methods too."""
    for name, node in _definitions(tree(path), ""):
        if not isinstance(node, ast.ClassDef):
            yield name, node


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            yield prefix + child.name, child
            yield from _definitions(child, f"{prefix}{child.name}.")
        else:
            yield from _definitions(child, prefix)
