"""The shells of the two interpreters are twins: the same public names, with the same arguments and defaults.

What waits in one is awaited in the other. Every difference stands here with its reason.
"""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import shardkit
import shardkit.aio

ONLY_SYNC = {
    "shardkit": {  # PEP 249's module attributes, which know no interpreter
        "apilevel", "paramstyle", "threadsafety", "BINARY", "Binary", "DATETIME", "Date", "DateFromTicks", "NUMBER",
        "ROWID", "STRING", "Time", "TimeFromTicks", "Timestamp", "TimestampFromTicks",
    },
    "Connection": {"__enter__", "__exit__"},
    "Cursor": {"__enter__", "__exit__", "__iter__"},
    "Cluster": {"__enter__", "__exit__"},
}  # fmt: skip
ONLY_AIO = {
    "shardkit": set[str](),
    # aclose: contextlib.aclosing wants it. run_whole: a cancellation cannot come in the sync one. check_free: two tasks
    # can use a connection in turns without knowing it; two threads are not looked for (threadsafety 1).
    "Connection": {"__aenter__", "__aexit__", "aclose", "check_free", "run_whole"},
    "Cursor": {"__aenter__", "__aexit__", "__aiter__", "__anext__", "aclose"},
    "Cluster": {"__aenter__", "__aexit__"},
}
SPECIAL = ("enter", "exit", "aenter", "aexit", "iter", "aiter", "anext", "init")
NO_WAITING = {"Connection.cursor", "Connection.xid", "Cluster.connect", "Cluster.start_recovery", "Cluster.publish",
              "Connection.rest", "Cursor.arrow"}  # fmt: skip
"""Methods that wait in neither: they do no I/O."""

TWINS = [
    ("Connection", shardkit.Connection, shardkit.aio.Connection),
    ("Cursor", shardkit.Cursor, shardkit.aio.Cursor),
    ("Cluster", shardkit.Cluster, shardkit.aio.Cluster),
]


def names(kind: Any) -> set[str]:
    """Public names, and the special methods that belong to the shell."""
    special = {f"__{name}__" for name in SPECIAL if name != "init"}
    return {name for name in dir(kind) if not name.startswith("_") or name in special}


def test_modules_have_the_same_names() -> None:
    sync, aio = set(shardkit.__all__), set(shardkit.aio.__all__)
    assert sync - aio == ONLY_SYNC["shardkit"]
    assert aio - sync == ONLY_AIO["shardkit"]


@pytest.mark.parametrize(("name", "sync", "aio"), TWINS)
def test_classes_have_the_same_names(name: str, sync: Any, aio: Any) -> None:
    assert names(sync) - names(aio) == ONLY_SYNC[name]
    assert names(aio) - names(sync) == ONLY_AIO[name]


@pytest.mark.parametrize(("name", "sync", "aio"), TWINS)
def test_methods_have_the_same_arguments(name: str, sync: Any, aio: Any) -> None:
    wrong = []
    for method in sorted((names(sync) & names(aio)) | {"__init__"}):
        left, right = inspect.getattr_static(sync, method), inspect.getattr_static(aio, method)
        if not inspect.isfunction(left):
            continue
        if shape(left) != shape(right):
            wrong.append(f"{name}.{method}: {shape(left)} and {shape(right)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("name", "sync", "aio"), TWINS)
def test_what_may_wait_is_awaited(name: str, sync: Any, aio: Any) -> None:
    wrong = []
    for method in names(sync) & names(aio):
        left, right = inspect.getattr_static(sync, method), inspect.getattr_static(aio, method)
        assert not inspect.iscoroutinefunction(left)
        shared = left is right or f"{name}.{method}" in NO_WAITING or method == "owns"
        if inspect.isfunction(left) and inspect.iscoroutinefunction(right) is shared:
            wrong.append(f"{name}.{method}")
    assert not wrong


def test_connect_has_the_same_arguments() -> None:
    assert shape(shardkit.connect) == shape(shardkit.aio.connect)
    assert inspect.iscoroutinefunction(shardkit.aio.connect)


def shape(function: Any) -> list[tuple[str, str, Any]]:
    """The arguments as a caller sees them: name, kind, default."""
    found = inspect.signature(function).parameters.values()
    return [(one.name, one.kind.name, one.default) for one in found]
