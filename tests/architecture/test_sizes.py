"""Files and functions stay small enough to read in one go; public names say what they are for.

The lists of exceptions below may only shrink: an entry that is no longer needed fails the test too.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.architecture.source import files, functions, label, room, tree

FILE_WARNS, FILE_FAILS = 300, 400
FUNCTION_FAILS = 50
PARAMETERS_FAIL = 5

LONG_FILES: frozenset[str] = frozenset()
LONG_FUNCTIONS: frozenset[str] = frozenset()
MANY_PARAMETERS: frozenset[str] = frozenset()
UNDOCUMENTED: frozenset[str] = frozenset()

CODE = ("shardkit", "examples", "benchmarks", "docs")


def test_files_are_short() -> None:
    lengths = {label(path): _lines(path) for path in files(*CODE, "tests")}
    for name, lines in lengths.items():
        if FILE_WARNS < lines <= FILE_FAILS:
            warnings.warn(f"long file: {name} has {lines} lines", UserWarning, stacklevel=1)
    _equals({name for name, lines in lengths.items() if lines > FILE_FAILS}, LONG_FILES)


def test_functions_are_short() -> None:
    _equals(_functions_where(lambda node: _span(node) > FUNCTION_FAILS), LONG_FUNCTIONS)


def test_functions_have_few_parameters() -> None:
    """`self` and `cls` do not count; the commands of the command line mirror their options and do not count either."""
    _equals(
        _functions_where(lambda node: not _is_command(node) and _parameters(node) > PARAMETERS_FAIL), MANY_PARAMETERS
    )


def test_public_names_are_documented() -> None:
    """Modules, top-level classes and functions; methods where others rely on them: Protocols and the DB-API."""
    missing = {entry for path in files("shardkit") for entry in _undocumented(path)}
    _equals(missing, UNDOCUMENTED)


def _equals(found: set[str], allowed: frozenset[str]) -> None:
    assert not found - allowed, "new: " + ", ".join(sorted(found - allowed))
    assert not allowed - found, "no longer needed, remove from the list: " + ", ".join(sorted(allowed - found))


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _functions_where(test: Callable[[ast.FunctionDef | ast.AsyncFunctionDef], bool]) -> set[str]:
    return {f"{label(path)}:{name}" for path in files(*CODE) for name, node in functions(path) if test(node)}


def _span(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = node.args
    named = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    extra = sum(1 for star in (arguments.vararg, arguments.kwarg) if star)
    return len([name for name in named if name not in ("self", "cls")]) + extra


def _is_command(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("command" in ast.unparse(decorator) for decorator in node.decorator_list)


def _undocumented(path: Path) -> Iterator[str]:
    module, place = tree(path), label(path)
    if module.body and not ast.get_docstring(module):
        yield place
    for node in module.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if _bare(node):
                yield f"{place}:{name}"
            case ast.ClassDef(name=name) if not name.startswith("_"):
                if not ast.get_docstring(node):
                    yield f"{place}:{name}"
                if room(path) == "dbapi" or any("Protocol" in ast.unparse(base) for base in node.bases):
                    yield from (f"{place}:{name}.{method}" for method in _bare_methods(node))
            case _:
                pass


def _bare_methods(node: ast.ClassDef) -> Iterator[str]:
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and _bare(child):
            yield child.name


def _bare(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    overloaded = any(ast.unparse(d).endswith((".setter", "overload")) for d in node.decorator_list)
    return not node.name.startswith("_") and not overloaded and not ast.get_docstring(node)
