"""LOAD DATA LOCAL INFILE: its options, and how a file is cut into values, whatever pieces it comes in."""

from __future__ import annotations

import pytest

from shardkit.errors import NotSupportedError, SqlSyntaxError
from shardkit.flow import ParamRef
from shardkit.parse import Format, LoadData, Splitter, Style, lex, read_load

CSV = Format(separator=",", quote='"', end="\n")


def read(sql: str, style: Style = Style.RAW) -> LoadData:
    return read_load(lex(sql, style))


def test_options() -> None:
    found = read(
        "LOAD DATA LOCAL INFILE 'a b.csv' REPLACE INTO TABLE `t_order` CHARACTER SET utf8mb4 FIELDS TERMINATED BY ';' "
        "OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' LINES STARTING BY '>' TERMINATED BY '\\r\\n' IGNORE 2 LINES "
        "(memberId, `orderId`);"
    )
    form = Format(separator=";", quote='"', escape="", prefix=">", end="\r\n", skip=2)
    assert found == LoadData("a b.csv", "t_order", ("memberId", "orderId"), True, form)
    assert read("LOAD DATA LOCAL INFILE 'x' IGNORE INTO TABLE t") == LoadData("x", "t", (), False)
    assert read("LOAD DATA LOCAL INFILE %s INTO TABLE t", Style.POSITIONAL).path == ParamRef(0)


@pytest.mark.parametrize(
    "sql",
    [
        "LOAD DATA INFILE 'x' INTO TABLE t", "LOAD XML LOCAL INFILE 'x' INTO TABLE t",
        "LOAD DATA LOCAL INFILE 'x' INTO TABLE t (a, @b)", "LOAD DATA LOCAL INFILE 'x' INTO TABLE t (a) SET b = 1",
        "LOAD DATA LOCAL INFILE 'x' INTO TABLE t CHARACTER SET latin1",
        "LOAD DATA LOCAL INFILE 'x' INTO TABLE t FIELDS TERMINATED BY ''",
        "LOAD DATA LOCAL INFILE 'x' INTO TABLE t LINES TERMINATED BY ''",
        "LOAD DATA LOCAL INFILE 'x' INTO TABLE t PARTITION (p0)",
    ],
)  # fmt: skip
def test_refused(sql: str) -> None:
    with pytest.raises(NotSupportedError):
        read(sql)


@pytest.mark.parametrize("sql", ["LOAD DATA LOCAL INFILE x INTO TABLE t", "LOAD DATA LOCAL INFILE 'x' TABLE t",
                                 "LOAD DATA LOCAL INFILE 'x' INTO TABLE"])  # fmt: skip
def test_mistakes(sql: str) -> None:
    with pytest.raises(SqlSyntaxError):
        read(sql)


FILES = [
    (Format(), "1\ta\\tb\t\\N\n2\t\\\\N\t\n", [["1", "a\tb", None], ["2", "\\N", ""]]),
    (Format(), "1\tline\\\nnext\tx", [["1", "line\nnext", "x"]]),
    (Format(), "NULL\t'q'\n", [["NULL", "'q'"]]),
    (CSV, '1,"a,b",NULL\n"2","say ""x""","NULL"\n', [["1", "a,b", None], ["2", 'say "x"', "NULL"]]),
    (CSV, '"two\nlines",é😀\n', [["two\nlines", "é😀"]]),
    (CSV, 'a"b,"c"d",e\n', [['a"b', 'c"d', "e"]]),
    (Format(separator=",", end="\r\n", skip=1), "h1,h2\r\n1,2\r\n3,4", [["1", "2"], ["3", "4"]]),
    (Format(separator="||", prefix="> ", end="\n"), "note\n> 1||2\nxx> 3||4\n", [["1", "2"], ["3", "4"]]),
    (Format(separator=",", escape=""), "a\\,b\n", [["a\\", "b"]]),
    (CSV, "", []),
]


@pytest.mark.parametrize(("form", "text", "rows"), FILES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_rows_of_a_file_in_pieces(form: Format, text: str, rows: list[list[str | None]], size: int) -> None:
    splitter, data = Splitter(form), text.encode()
    pieces = [data[at : at + size] for at in range(0, len(data), size)] + [b""]
    found = [row for n, piece in enumerate(pieces) for row in splitter.feed(piece, last=n == len(pieces) - 1)]
    assert found == rows
