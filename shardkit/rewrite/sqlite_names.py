"""MySQL's functions that the embedded database answers in Python, by the family of their result.

The translator renames a call `DATE_FORMAT(…)` to `my_date_format(…)` before parsing, so that neither sqlglot nor
SQLite puts a function of its own in its place; backends/sqlite_functions.py registers exactly these names.
Invariant: a MySQL function that is neither here nor known to both databases with one meaning is refused.
"""

from __future__ import annotations

from shardkit.flow import Family

PREFIX = "my_"
_BY_FAMILY: dict[Family, str] = {
    Family.INTEGER: (
        "ascii char_length character_length crc32 datediff day dayofmonth dayofweek dayofyear field find_in_set hour"
        " instr last_insert_id length locate microsecond minute month octet_length quarter row_count second sign"
        " strcmp timestampdiff to_days unix_timestamp weekday isnull"
    ),
    Family.TEXT: (
        "concat concat_ws database date_format dayname hex lcase left lower lpad ltrim md5 mid monthname repeat"
        " replace reverse right rpad rtrim schema sha sha1 sha2 space substr substring trim ucase upper uuid version"
    ),
    Family.YEAR: "year",
    Family.DATE: "curdate current_date date last_day utc_date",
    Family.DATETIME: "current_timestamp from_unixtime localtime localtimestamp now sysdate timestamp utc_timestamp",
    Family.TIME: "curtime current_time time",
    Family.DOUBLE: "exp ln log log10 log2 pi pow power rand sqrt",
    Family.OTHER: "adddate ceil ceiling date_add date_sub floor mod round subdate truncate",
}

FAMILY_OF: dict[str, Family] = {name: family for family, names in _BY_FAMILY.items() for name in names.split()}
"""MySQL function (lower case) -> family of its result; OTHER: it depends on the arguments."""

INTERNAL = (
    *("as_date", "as_datetime", "as_time", "number", "quotient", "store", "weight_string", "like", "regexp"),
    *("cast_decimal", "cast_signed", "cast_text", "cast_unsigned", "bitxor", "div", "variable", "xor"),
)
"""Functions only the translator writes, without MySQL's name."""

AGGREGATE_SCALES = range(31)
"""SUM and AVG over DECIMAL(…, s) become my_sum_s and my_avg_s; over floating point my_sum_f and my_avg_f."""
