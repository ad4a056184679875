"""The registry: a name means one thing, and plug-ins are found when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint

import pytest

from shardkit import registry as module
from shardkit.errors import ProgrammingError
from shardkit.registry import Registry

Install = Callable[..., list[str]]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Pretend that packages with these entry points are installed; returns the list of groups asked for."""

    def pretend(**points: str) -> list[str]:
        asked: list[str] = []

        def entry_points(group: str) -> Iterable[EntryPoint]:
            asked.append(group)
            return [EntryPoint(name, value, group) for name, value in points.items()]

        monkeypatch.setattr(module, "entry_points", entry_points)
        return asked

    return pretend


def test_gives_what_was_added(install: Install) -> None:
    install()
    registry: Registry[int] = Registry("algorithm")
    registry.add("hash", 1)
    registry.add("mod", 2)
    assert registry.get("hash") == 1
    assert registry.names() == ["hash", "mod"]


def test_refuses_a_second_item_of_one_name(install: Install) -> None:
    install()
    registry: Registry[int] = Registry("algorithm")
    registry.add("hash", 1)
    with pytest.raises(ProgrammingError, match="algorithm 'hash' is registered twice"):
        registry.add("hash", 2)
    assert registry.get("hash") == 1


def test_names_the_nearest_when_there_is_none(install: Install) -> None:
    install()
    registry: Registry[int] = Registry("algorithm")
    registry.add("range", 1)
    registry.add("list", 2)
    with pytest.raises(ProgrammingError, match=r"unknown algorithm 'rnage'; did you mean 'range'\?"):
        registry.get("rnage")
    with pytest.raises(ProgrammingError, match="unknown algorithm 'zzz'; known: list, range"):
        registry.get("zzz")


def test_finds_plug_ins_of_its_own_kind(install: Install) -> None:
    asked = install(crc="zlib:crc32")
    registry: Registry[Callable[[bytes], int]] = Registry("algorithm")
    assert registry.get("crc")(b"a") == 3904355907
    assert asked == ["shardkit.algorithm"]


def test_looks_for_plug_ins_once_and_only_when_needed(install: Install) -> None:
    asked = install()
    registry: Registry[int] = Registry("algorithm")
    registry.add("hash", 1)
    assert registry.get("hash") == 1
    assert asked == []
    registry.names()
    registry.names()
    assert asked == ["shardkit.algorithm"]


def test_a_plug_in_cannot_replace_what_is_built_in(install: Install) -> None:
    install(hash="zlib:crc32")
    registry: Registry[object] = Registry("algorithm")
    registry.add("hash", 1)
    with pytest.raises(ProgrammingError, match="registered twice"):
        registry.names()
    assert registry.get("hash") == 1


def test_a_plug_in_that_does_not_load_is_not_hidden(install: Install) -> None:
    install(bad="no_such_module:thing")
    registry: Registry[int] = Registry("algorithm")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        registry.get("bad")
