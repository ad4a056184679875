"""Pages of a list: by cursor, which holds under inserts, and by number, which people can click on.

Invariant: every list has a total order, so a walk by cursor shows each row that was there when it began exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from examples.centers.cursors import Cursors, Key
from examples.centers.problems import Problem

DEEPEST = 10_000
"""Rows before the deepest page that can be asked for by number."""

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: str | None = Field(default=None, description="The cursor of the following page; null on the last one.")
    page: int | None = Field(default=None, description="The number of this page, if it was asked for by number.")
    total: int | None = Field(default=None, description="Rows in the whole list, if the page was asked for by number.")


class Wanted(NamedTuple):
    """Which page a request asks for."""

    limit: int
    cursor: str | None
    number: int | None

    @property
    def offset(self) -> int:
        """Rows before the page, 0 for a page by cursor."""
        return 0 if self.number is None else (self.number - 1) * self.limit


async def wanted(
    limit: Annotated[int, Query(ge=1, le=100, description="Rows on a page.")] = 20,
    cursor: Annotated[
        str | None, Query(max_length=300, description="`next` of the page before; stable under inserts.")
    ] = None,
    page: Annotated[int | None, Query(ge=1, description="A page number, from 1, instead of a cursor.")] = None,
) -> Wanted:
    """The paging parameters of a request."""
    if cursor is not None and page is not None:
        raise Problem(422, "invalid-request", "give either cursor or page, not both")
    asked = Wanted(limit, cursor, page)
    if asked.offset > DEEPEST:
        raise Problem(422, "page-too-deep", f"pages by number end at row {DEEPEST:,}; walk on by cursor, or filter")
    return asked


Paging = Annotated[Wanted, Depends(wanted)]


class Listing(NamedTuple):
    """A list in words of SQL: columns, source and condition, and the columns of its total order, newest first."""

    columns: str
    source: str
    conditions: tuple[tuple[str, Any], ...]  # (text with one placeholder, its value)
    order: tuple[str, str]  # both descending; the second one is unique in the list
    inner: tuple[Any, ...] = ()  # the values of the source's own placeholders

    @property
    def scope(self) -> str:
        """Names this list, so that no cursor strays into another."""
        return f"{self.source}:{self.inner!r}:{self.conditions!r}"

    def page_sql(self, asked: Wanted, after: Key | None) -> tuple[str, tuple[Any, ...]]:
        """The SELECT of one page, with one row more than wanted, which tells whether there is a next page."""
        major, minor = self.order
        texts = [text for text, _ in self.conditions]
        values = [*self.inner, *(value for _, value in self.conditions)]
        if after is not None:
            # The first half repeats what follows from the second, so that an index on the order can begin there.
            texts.append(f"{major} <= %s AND ({major} < %s OR {minor} < %s)")
            values += [after[0], after[0], after[1]]
        tail = f"ORDER BY {major} DESC, {minor} DESC LIMIT %s"
        values.append(asked.limit + 1)
        if asked.offset:
            tail, values = f"{tail} OFFSET %s", [*values, asked.offset]
        return f"SELECT {self.columns} FROM {self.source}{_where(texts)} {tail}", tuple(values)

    def count_sql(self) -> tuple[str, tuple[Any, ...]]:
        """The SELECT of how many rows there are."""
        texts = [text for text, _ in self.conditions]
        values = (*self.inner, *(value for _, value in self.conditions))
        return f"SELECT COUNT(*) FROM {self.source}{_where(texts)}", values

    def after(self, cursors: Cursors, asked: Wanted) -> Key | None:
        """The key after which the page begins. Raises Problem for a cursor of another list."""
        return None if asked.cursor is None else cursors.open(self.scope, asked.cursor)

    def page(self, cursors: Cursors, asked: Wanted, items: Sequence[Item], key: Callable[[Item], Key]) -> Page[Item]:
        """The page of the items that `page_sql` found; `key` gives an item's values of the order columns."""
        shown = list(items[: asked.limit])
        more = len(items) > asked.limit
        return Page(items=shown, next=cursors.seal(self.scope, key(shown[-1])) if more else None, page=asked.number)


def _where(texts: list[str]) -> str:
    return " WHERE " + " AND ".join(texts) if texts else ""
