"""LOAD DATA LOCAL INFILE: its options, and the rows of its file.

    LOAD DATA LOCAL INFILE 'orders.csv' INTO TABLE t_order FIELDS TERMINATED BY ',' (memberId, orderId, amount)

Invariant: a line is cut into the values that MySQL would cut it into, or the statement is refused.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sqlglot.tokens import TokenType

from shardkit.errors import NotSupportedError, SqlSyntaxError
from shardkit.flow import ParamRef, Span
from shardkit.parse.lexer import PREFIX, Source
from shardkit.parse.tokens import Tokens

_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}


@dataclass(frozen=True, slots=True)
class Format:
    """How a file is cut into values."""

    separator: str = "\t"
    quote: str = ""
    escape: str = "\\"
    prefix: str = ""
    end: str = "\n"
    skip: int = 0  # lines at the beginning


@dataclass(frozen=True, slots=True)
class LoadData:
    """One LOAD DATA LOCAL INFILE. `columns` () means all of the table's."""

    path: str | ParamRef
    table: str
    columns: tuple[str, ...]
    replaces: bool
    format: Format = field(default_factory=Format)


def read_load(source: Source) -> LoadData:
    """The statement a text holds. Raises SqlSyntaxError, NotSupportedError."""
    tokens = Tokens(source)
    tokens.check_single()
    return _Reading(source, tokens).run()


class _Reading:
    def __init__(self, source: Source, tokens: Tokens) -> None:
        self.source, self.tokens, self.words = source, tokens, list(tokens.words())
        self.at = 0

    def run(self) -> LoadData:
        self.expect("LOAD")
        if not (self.take("DATA") and (self.take("LOCAL"))):
            raise self.refused("LOAD DATA other than LOCAL INFILE", "the file would lie on one server",
                               "LOAD DATA LOCAL INFILE, or executemany with INSERT")  # fmt: skip
        self.expect("INFILE")
        path = self.path()
        replaces = self.take("REPLACE")
        if not replaces:
            self.take("IGNORE")
        self.expect("INTO", "TABLE")
        table = self.text()
        if self.take("CHARACTER", "SET") and self.text().lower() not in ("utf8mb4", "utf8"):
            raise self.refused("LOAD DATA in another character set", "shardkit speaks utf8mb4", "a file in UTF-8")
        found = self.lines(self.fields(Format()))
        if self.take("IGNORE"):
            found = replace(found, skip=int(self.text()))
            self.at += 1
        columns = self.columns()
        if self.at < len(self.words):
            raise self.refused(f"{self.words[self.at]} in LOAD DATA", "values go into the table as the file has them",
                               "executemany with INSERT")  # fmt: skip
        return LoadData(path, table, columns, replaces, found)

    def path(self) -> str | ParamRef:
        token = self.tokens.items[self.at] if self.at < len(self.words) else None
        if token is not None and token.token_type == TokenType.STRING:
            return self.text()
        name = self.words[self.at + 1] if self.at + 1 < len(self.words) else ""
        if name.startswith(PREFIX.upper()):
            self.at += 2
            return self.source.params[int(name[len(PREFIX) :])]
        raise SqlSyntaxError("You have an error in your SQL syntax: LOAD DATA LOCAL INFILE needs a file's name")

    def fields(self, found: Format) -> Format:
        if not (self.take("FIELDS") or self.take("COLUMNS")):
            return found
        while True:
            if self.take("TERMINATED", "BY"):
                found = replace(found, separator=self.text())
            elif self.take("OPTIONALLY", "ENCLOSED", "BY") or self.take("ENCLOSED", "BY"):
                found = replace(found, quote=self.text())
            elif self.take("ESCAPED", "BY"):
                found = replace(found, escape=self.text())
            else:
                break
        if not found.separator or len(found.quote) > 1 or len(found.escape) > 1:
            raise self.refused("LOAD DATA with fields of a fixed width, or marks of several characters",
                               "shardkit cannot tell the values apart", "FIELDS TERMINATED BY ','")  # fmt: skip
        return found

    def lines(self, found: Format) -> Format:
        if not self.take("LINES"):
            return found
        while True:
            if self.take("STARTING", "BY"):
                found = replace(found, prefix=self.text())
            elif self.take("TERMINATED", "BY"):
                found = replace(found, end=self.text())
            else:
                break
        if not found.end:
            raise self.refused("LOAD DATA with lines that never end", "shardkit cannot tell the rows apart",
                               "LINES TERMINATED BY")  # fmt: skip
        return found

    def columns(self) -> tuple[str, ...]:
        if not self.take("("):
            return ()
        found = []
        while not self.take(")"):
            if self.words[self.at] in ("@", "PARAMETER") or self.tokens.items[self.at].text.startswith("@"):
                raise self.refused("a variable in the columns of LOAD DATA", "values go into columns as they are",
                                   "executemany with INSERT")  # fmt: skip
            found.append(self.text())
            self.take(",")
        return tuple(found)

    def take(self, *words: str) -> bool:
        if self.words[self.at : self.at + len(words)] != list(words):
            return False
        self.at += len(words)
        return True

    def expect(self, *words: str) -> None:
        if not self.take(*words):
            raise SqlSyntaxError(
                f"You have an error in your SQL syntax: LOAD DATA LOCAL INFILE needs {' '.join(words)}"
            )

    def text(self) -> str:
        if self.at >= len(self.words):
            raise SqlSyntaxError("You have an error in your SQL syntax: LOAD DATA ends too early")
        self.at += 1
        return str(self.tokens.items[self.at - 1].text)

    def refused(self, what: str, why: str, instead: str) -> NotSupportedError:
        span: Span = self.tokens.span(min(self.at, len(self.words) - 1), len(self.words))
        return NotSupportedError(what, where=self.source.place(span[0]), why=why, instead=instead)


class Splitter:
    """Cuts a file into rows, piece by piece. A value is text, or None for NULL."""

    def __init__(self, form: Format) -> None:
        self.form = form
        self.lines = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._rest = ""

    def feed(self, piece: bytes, *, last: bool) -> Iterator[list[str | None]]:
        """The rows that are whole after this piece. Raises UnicodeDecodeError."""
        self._rest += self._decoder.decode(piece, last)
        at = 0
        while (found := self._line(at, last)) is not None:
            at, row = found
            self.lines += 1
            if row is not None and self.lines > self.form.skip:
                yield row
        self._rest = self._rest[at:]

    def _line(self, at: int, last: bool) -> tuple[int, list[str | None] | None] | None:
        """The row that begins here and where the next begins; None if it is not whole yet."""
        text, form = self._rest, self.form
        if at >= len(text):
            return None
        if form.prefix:
            found, end = text.find(form.prefix, at), text.find(form.end, at)
            if found < 0 or (0 <= end < found):
                after = end + len(form.end) if end >= 0 else len(text)
                return (after, None) if end >= 0 or last else None
            at = found + len(form.prefix)
        row: list[str | None] = []
        while True:
            value, at, mark = self._value(at)
            if mark == "":
                if not last:
                    return None
                row.append(value)
                return at, row
            row.append(value)
            if mark == form.end:
                return at, row

    def _value(self, at: int) -> tuple[str | None, int, str]:
        """One value, where what follows begins, and the mark that ended it; '' at the end of what is there."""
        text, form = self._rest, self.form
        quoted = bool(form.quote) and text.startswith(form.quote, at)
        out: list[str] = []
        raw = at
        at += quoted
        while at < len(text):
            if form.escape and text[at] == form.escape and at + 1 < len(text):
                if text[at + 1] == "N" and not out and at == raw + quoted:
                    mark = self._mark(at + 2)
                    if mark is not None and not quoted:
                        return None, at + 2 + len(mark), mark
                out.append(_ESCAPES.get(text[at + 1], text[at + 1]))
                at += 2
                continue
            if quoted and text[at] == form.quote:
                if text.startswith(form.quote, at + 1):
                    out.append(form.quote)
                    at += 2
                    continue
                mark = self._mark(at + 1)
                if mark is not None:
                    return "".join(out), at + 1 + len(mark), mark
            elif not quoted:
                mark = self._mark(at)
                if mark:
                    word = "".join(out)
                    null = bool(form.quote) and word == "NULL" and text[raw:at] == "NULL"
                    return None if null else word, at + len(mark), mark
            out.append(text[at])
            at += 1
        return "".join(out), at, ""

    def _mark(self, at: int) -> str | None:
        """The mark that stands here; '' at the end of the text, None if there is none."""
        if at >= len(self._rest):
            return ""
        return next((mark for mark in (self.form.separator, self.form.end) if self._rest.startswith(mark, at)), None)
