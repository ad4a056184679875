"""Expressions of one column, by the column's kind: a template and the kind of what comes out.

Invariant: no template fails on any value of its kind, and each is a function of the row alone.
"""

from __future__ import annotations

Forms = tuple[tuple[str, str], ...]

ANY: Forms = (("{0} IS NULL", "int"), ("{0} IS NOT NULL", "int"), ("ISNULL({0})", "int"))

FORMS: dict[str, Forms] = {
    "id": (
        ("{0} % 7", "int"), ("{0} DIV 1000", "id"), ("SIGN({0})", "int"), ("{0} BETWEEN 1 AND 10", "int"),
        ("COALESCE({0}, 0)", "id"), ("CAST({0} AS CHAR)", "str"), ("{0} / 3", "dec"), ("IF({0} > 5, {0}, NULL)", "id"),
        ("CASE WHEN {0} > 20 THEN 'high' WHEN {0} > 3 THEN 'middle' ELSE 'low' END", "str"), ("{0} & 3", "int"),
        ("NULLIF({0}, 1)", "id"), ("{0} IN (1, 2, 3)", "int"), ("{0} <=> 1", "int"), ("GREATEST({0}, 2)", "id"),
    ),
    "int": (
        ("{0} + 1", "int"), ("{0} * 2", "int"), ("-{0}", "int"), ("IFNULL({0}, 0)", "int"), ("{0} % 2", "int"),
        ("{0} / 4", "dec"), ("CASE {0} WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'many' END", "str"),
        ("GREATEST({0}, 2)", "int"), ("IF({0} > 1, {0}, NULL)", "int"), ("NULLIF({0}, 1)", "int"),
        ("LEAST({0}, 3)", "int"), ("{0} = 1 OR {0} IS NULL", "int"), ("{0} DIV 2", "int"), ("CONCAT({0}, '#')", "str"),
        ("{0} ^ 1", "int"), ("ELT({0}, 'a', 'b', 'c')", "str"), ("CAST({0} AS DECIMAL(10,3))", "dec"),
    ),
    "dec": (
        ("{0} * 1.1", "dec"), ("ROUND({0}, 1)", "dec"), ("TRUNCATE({0}, 0)", "dec"), ("FLOOR({0})", "int"),
        ("-{0}", "dec"), ("ABS({0})", "dec"), ("{0} / 7", "dec"), ("IFNULL({0}, 0.5)", "dec"), ("MOD({0}, 3)", "dec"),
        ("CASE WHEN {0} > 10 THEN 'big' WHEN {0} < 0 THEN 'debt' END", "str"), ("CAST({0} AS SIGNED)", "id"),
        ("FORMAT({0}, 2)", "str"), ("SIGN({0})", "int"), ("{0} BETWEEN 0 AND 20", "int"), ("{0} + 0.005", "dec"),
        ("GREATEST({0}, 1)", "dec"), ("CEILING({0})", "int"), ("NULLIF({0}, 19.99)", "dec"),
    ),
    "dbl": (("{0} > 1", "int"), ("{0} * 2", "dbl"), ("IFNULL({0}, 0)", "dbl"), ("{0} IN (0, 2)", "int")),
    "flt": (("{0} + 0.5", "dbl"), ("{0} > 0", "int"), ("-{0}", "flt"), ("COALESCE({0}, 9)", "dbl")),
    "text": (
        ("UPPER({0})", "text"), ("LOWER({0})", "text"), ("CONCAT({0}, '!')", "text"), ("LENGTH({0})", "int"),
        ("CHAR_LENGTH({0})", "int"), ("LEFT({0}, 1)", "text"), ("RIGHT({0}, 2)", "text"), ("REVERSE({0})", "text"),
        ("TRIM({0})", "text"), ("HEX({0})", "str"), ("REPLACE({0}, 'a', 'b')", "text"), ("SUBSTRING({0}, 2)", "text"),
        ("LOCATE('a', {0})", "int"), ("COALESCE({0}, 'none')", "text"), ("{0} LIKE 'a%'", "int"), ("{0} = 'a'", "int"),
        ("{0} < 'b'", "int"), ("{0} NOT LIKE '%e%'", "int"), ("SHA2({0}, 224)", "str"), ("LPAD({0}, 4, '*')", "text"),
        ("NULLIF({0}, 'a')", "text"), ("IF({0} > 'b', 'x', 'y')", "str"), ("FIELD({0}, 'a', 'b', 'new')", "int"),
        ("STRCMP({0}, 'b')", "int"), ("CRC32({0})", "id"), ("ASCII({0})", "int"), ("{0} + 0", "dbl"),
        ("SUBSTRING_INDEX({0}, 'e', 1)", "text"), ("{0} REGEXP '^a'", "int"), ("{0} IN ('a', 'paid', 'S-1')", "int"),
        ("IFNULL({0}, '😀')", "text"), ("{0} > 0", "int"), ("QUOTE({0})", "text"), ("ORD({0})", "int"),
        ("CASE WHEN {0} = 'new' THEN 'it''s 100%' ELSE 'other' END", "str"), ("RTRIM({0})", "text"),
        ("CAST({0} AS BINARY)", "bin"), ("{0} IN (1, 2)", "int"), ("{0} || 'a'", "int"),
        ("CONVERT({0} USING utf8mb4)", "shown"), ("{0} SOUNDS LIKE 'a'", "int"), ("INSERT({0}, 1, 1, 'Ä')", "text"),
    ),
    "str": (("CONCAT({0}, '~')", "str"), ("LENGTH({0})", "int"), ("{0} > '1'", "int"), ("COALESCE({0}, '-')", "str")),
    "enum": (
        ("{0} = 'gold'", "int"), ("CONCAT({0}, '')", "text"), ("{0} + 0", "dbl"), ("IFNULL({0}, 'none')", "text"),
        ("UPPER({0})", "text"), ("{0} > 'b'", "int"), ("{0} > 1", "int"), ("FIELD({0}, 'gold', 'silver')", "int"),
        ("LENGTH({0})", "int"),
    ),
    "set": (
        ("FIND_IN_SET('a', {0})", "int"), ("{0} + 0", "dbl"), ("{0} & 1", "int"), ("CONCAT({0}, ';')", "text"),
        ("{0} = 'a'", "int"), ("{0} LIKE '%a%'", "int"),
    ),
    "bin": (("HEX({0})", "str"), ("LENGTH({0})", "int"), ("{0} = 'a'", "int"), ("CONCAT({0}, 'x')", "bin")),
    "bit": (("{0} + 0", "int"), ("{0} & 5", "int"), ("HEX({0})", "str"), ("BIT_COUNT({0})", "int"), ("{0} > 1", "int")),
    "json": (
        ("JSON_EXTRACT({0}, '$.a')", "json"), ("JSON_TYPE({0})", "str"), ("JSON_LENGTH({0})", "int"),
        ("JSON_UNQUOTE(JSON_EXTRACT({0}, '$.b[2].c'))", "shown"), ("JSON_VALID({0})", "int"),
        ("JSON_CONTAINS({0}, '1', '$.a')", "int"), ("JSON_VALUE({0}, '$.a')", "shown"),
    ),
    "date": (
        ("YEAR({0})", "int"), ("MONTH({0})", "int"), ("{0} + INTERVAL 1 DAY", "date"),
        ("DATE_FORMAT({0}, '%Y-%m')", "str"),
        ("DAYOFWEEK({0})", "int"), ("DATEDIFF({0}, '2000-01-01')", "int"), ("LAST_DAY({0})", "date"),
        ("{0} < '2000-01-01'", "int"), ("CAST({0} AS DATETIME)", "dt"), ("QUARTER({0})", "int"),
        ("EXTRACT(YEAR_MONTH FROM {0})", "int"), ("DATE_SUB({0}, INTERVAL 1 MONTH)", "date"), ("{0} + 0", "int"),
        ("{0} - INTERVAL 2 YEAR", "date"), ("COALESCE({0}, '2000-01-01')", "date"), ("TO_DAYS({0})", "int"),
    ),
    "dt": (
        ("DATE({0})", "date"), ("HOUR({0})", "int"), ("TIMESTAMPDIFF(HOUR, '2024-01-01', {0})", "int"),
        ("{0} + INTERVAL 90 MINUTE", "dt"), ("TIME({0})", "time"), ("MICROSECOND({0})", "int"),
        ("DATE_FORMAT({0}, '%d.%m. %H:%i')", "str"), ("WEEKDAY({0})", "int"), ("CAST({0} AS DATE)", "date"),
        ("DATE_ADD({0}, INTERVAL '1:30' HOUR_MINUTE)", "dt"), ("{0} >= '2024-02-01'", "int"), ("YEAR({0})", "int"),
        ("MONTHNAME({0})", "str"), ("DATE({0} - INTERVAL 1 WEEK)", "date"),
    ),
    "ts": (
        ("UNIX_TIMESTAMP({0})", "int"), ("DATE({0})", "date"), ("{0} + INTERVAL 1 HOUR", "dt"), ("YEAR({0})", "int"),
    ),
    "time": (
        ("HOUR({0})", "int"), ("{0} < '00:00:00'", "int"), ("MINUTE({0})", "int"), ("TIME_TO_SEC({0})", "dec"),
        ("{0} = '09:00:00.5'", "int"), ("COALESCE({0}, '00:00:00')", "time"),
    ),
    "year": (("{0} + 1", "int"), ("{0} % 100", "int"), ("{0} = 2024", "int"), ("IFNULL({0}, 1)", "int")),
    "shown": (),
}  # fmt: skip

EXACT = frozenset({"id", "int", "dec", "date", "dt", "ts", "time", "year", "str", "enum", "set", "bin"})
"""Kinds whose equal values look alike, so that they can be grouped, ordered and compared anywhere."""

NUMBERS = frozenset({"int", "dec", "id"})
"""Kinds that can be summed exactly."""

ORDERED = EXACT | {"text", "bit", "flt", "dbl"}
"""Kinds that can be sorted by."""
