"""Imports point down only, and outside libraries stay in their rooms.

import-linter knows the layers (pyproject.toml). The syntax trees say the same again for libraries, and also see the
standard library and imports inside functions.
"""

from __future__ import annotations

import logging

import pytest
from importlinter.cli import lint_imports

from tests.architecture.source import PACKAGE, ROOT, files, imports, label, room

ALLOWED = {
    "sqlglot": {"parse", "rewrite"},
    "pymysql": {"backends"},
    "MySQLdb": {"backends"},
    "django": {"django"},
    "pyarrow": {"arrow", "dbapi"},  # in dbapi only the name of a type
    "aiomysql": {"backends"},
    "asyncmy": {"backends"},
    "sqlite3": {"backends"},
    "sqlalchemy": {"rules", "backends", "sqlalchemy"},
    "threading": {"runtime", "backends", "dbapi", "sqlalchemy", "telemetry"},
    "concurrent": {"runtime", "backends", "dbapi"},
    "queue": {"runtime", "backends", "dbapi"},
    "multiprocessing": set(),
    "asyncio": {"runtime", "backends", "dbapi"},
    "socket": {"runtime", "backends", "dbapi"},
    "select": {"runtime", "backends", "dbapi"},
    "opentelemetry": {"telemetry"},
    "prometheus_client": {"telemetry"},
    "click": {"cli"},
    "rich": {"cli"},
    "prompt_toolkit": {"cli"},
    "yaml": {"rules", "cli"},
    "pydantic": {"rules", "cli"},
}
PURE = {
    "parse", "route", "rewrite", "merge", "aggregates", "algorithms", "keygen", "options", "plan", "verify", "analyze",
    "doctor", "top", "flow", "errors", "values",
}  # fmt: skip
IMPURE = {"random", "secrets", "time", "os", "subprocess", "urllib", "tempfile", "logging", "shutil"}


def test_import_linter_contracts_hold(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    code = lint_imports(no_cache=True, no_logo=True)  # a cache does not see that an imported module has appeared
    for name in list(logging.root.manager.loggerDict):  # import-linter sets logging up anew, which disables all others
        logging.getLogger(name).disabled = False
    assert code == 0, capsys.readouterr().out


@pytest.mark.parametrize("library", sorted(ALLOWED))
def test_a_library_stays_in_its_rooms(library: str) -> None:
    wrong = [
        f"{label(path)}:{line} imports {name}"
        for path in files("shardkit")
        if room(path) not in ALLOWED[library]
        for line, name in imports(path)
        if name.split(".")[0] == library
    ]
    assert not wrong, "\n".join(wrong)


def test_planning_has_no_clock_no_chance_and_no_input() -> None:
    wrong = [
        f"{label(path)}:{line} imports {name}"
        for path in files("shardkit")
        if room(path) in PURE
        for line, name in imports(path)
        if name.split(".")[0] in IMPURE
    ]
    assert not wrong, "\n".join(wrong)


def test_imports_are_absolute() -> None:
    """One way to write an import: the layers are read off it."""
    wrong = [
        f"{label(path)}:{number}"
        for path in files("shardkit")
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if text.lstrip().startswith("from .")
    ]
    assert not wrong, "\n".join(wrong)


def test_every_folder_of_the_package_is_a_package() -> None:
    folders = {path.parent for path in files("shardkit")}
    assert all((folder / "__init__.py").exists() for folder in folders), sorted(
        label(folder) for folder in folders if not (folder / "__init__.py").exists()
    )
    assert (PACKAGE / "py.typed").exists()
