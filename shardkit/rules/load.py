"""Text -> rules: read, validate, check. Mistakes of all three are reported together.

    from shardkit.rules import load
    rules = load("shard-rules.yaml")

Invariant: either rules without a mistake, or RulesError with every mistake, in the order of the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from shardkit.errors import Problem, RulesError
from shardkit.rules.check import check
from shardkit.rules.source import Source
from shardkit.rules.tables import Rules
from shardkit.rules.validate import validate


def load(path: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> Rules:
    """The rules of that file. Relative SQLite folders are taken from its folder. RulesError holds every mistake."""
    file = os.fspath(path)
    try:
        text = Path(file).read_bytes().decode("utf-8")
    except OSError as error:
        raise RulesError([Problem(file, 1, 1, f"cannot be read: {error.strerror or type(error).__name__}")]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        begin = error.object.rfind(b"\n", 0, error.start) + 1
        column = len(error.object[begin : error.start].decode("utf-8")) + 1
        raise RulesError([Problem(file, line, column, "not UTF-8 text", "save the file as UTF-8")]) from None
    return _read(text, file, environ, os.path.dirname(os.path.abspath(file)))


def loads(text: str, file: str = "<rules>", environ: Mapping[str, str] | None = None) -> Rules:
    """The rules of that text; `file` is only named in messages. RulesError holds every mistake."""
    return _read(text, file, environ, None)


def _read(text: str, file: str, environ: Mapping[str, str] | None, folder: str | None) -> Rules:
    source = Source(file, text, os.environ if environ is None else environ)
    model = validate(source)
    rules = check(source, model, folder) if model is not None else None
    if rules is None:
        # The key makes the order total, so that two runs print the same.
        raise RulesError(sorted(set(source.problems), key=lambda one: (one.line, one.column, one.message)))
    return rules
