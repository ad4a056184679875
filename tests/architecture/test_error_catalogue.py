"""Every error class has a code of its own and an entry in the reference, and the reference is in step with the code."""

from __future__ import annotations

import ast
from collections import Counter

from docs.generate_errors import ADVICE, GROUPS, classes
from shardkit import errors
from tests.architecture.source import files, label, room, tree

SIGNALS = {"shardkit/plan/catalog.py:MetadataNeeded", "shardkit/rewrite/keys.py:Blocked"}
"""Exceptions that one file throws to another and that never reach a caller. The set may only shrink."""


def test_codes_are_unique_and_well_formed() -> None:
    codes = [item.code for item in classes()]
    assert [code for code, count in Counter(codes).items() if count > 1] == []
    assert all(len(code) == 6 and code[:3] in GROUPS and code[2:].isdigit() for code in codes)


def test_every_class_gives_its_own_code() -> None:
    subclasses = {item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, errors.Error)}
    assert {item.__name__ for item in subclasses} == {item.__name__ for item in classes()} - {"Warning"}


def test_advice_names_existing_codes() -> None:
    assert set(ADVICE) == {item.code for item in classes()}


def test_errors_are_defined_in_one_place() -> None:
    """A class raised to callers from anywhere else would have no code and no page."""
    bases = {item.__name__ for item in classes()} | {"Exception", "BaseException"}
    strays = {
        f"{label(path)}:{node.name}"
        for path in files("shardkit")
        if room(path) != "errors"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        and not node.name.startswith("_")
        and {ast.unparse(base).split(".")[-1] for base in node.bases} & bases
    }
    assert strays == SIGNALS
