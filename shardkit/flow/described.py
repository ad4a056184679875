"""Columns of a description that say more than PEP 249 has room for: the type code does not tell bytes from text.

They are seven-tuples like any other and equal them. Invariant: a column without such a mark is signed, and text.
"""

from __future__ import annotations

from typing import Any


class Unsigned(tuple[Any, ...]):
    """An integer or decimal column without negative values."""

    __slots__ = ()


class Binary(tuple[Any, ...]):
    """A column of CHAR's, VARCHAR's or TEXT's type code whose values are bytes."""

    __slots__ = ()
