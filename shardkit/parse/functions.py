"""Function names, told apart by what they mean for several shards.

Invariant: a function that stands in no list is unknown; unknown functions keep a statement on one shard.
"""

from __future__ import annotations

FOLDED = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG"})
"""Aggregates that can be split and folded."""

WHOLE = frozenset({
    "ANY_VALUE", "BIT_AND", "BIT_OR", "BIT_XOR", "GROUP_CONCAT", "JSON_ARRAYAGG", "JSON_OBJECTAGG", "STD", "STDDEV",
    "STDDEV_POP", "STDDEV_SAMP", "VARIANCE", "VAR_POP", "VAR_SAMP",
})  # fmt: skip
"""Aggregates that only one shard can compute whole."""

_ROW_LOCKS = "a row of a table, locked with SELECT … FOR UPDATE on one shard"
SESSION = {
    "LAST_INSERT_ID": "cursor.lastrowid", "FOUND_ROWS": "SELECT FOUND_ROWS() alone", "ROW_COUNT": "cursor.rowcount",
    "GET_LOCK": _ROW_LOCKS, "RELEASE_LOCK": _ROW_LOCKS, "RELEASE_ALL_LOCKS": _ROW_LOCKS, "IS_FREE_LOCK": _ROW_LOCKS,
    "IS_USED_LOCK": _ROW_LOCKS, "CONNECTION_ID": "nothing: there are several connections",
    "DATABASE": "nothing: there are several databases", "SCHEMA": "nothing: there are several databases",
}  # fmt: skip
"""Functions whose answer belongs to one server connection, and what to use instead."""
LAST_STATEMENT = {
    "WARNING_COUNT": "cursor.warning_count", "ERROR_COUNT": "SHOW COUNT(*) ERRORS", "IDENTITY": "cursor.lastrowid",
    "LAST_INSERT_ID": "cursor.lastrowid",
}  # fmt: skip
"""Server variables that tell of the last statement on one connection, and what to use instead."""

CLOCK = frozenset({
    "NOW", "CURDATE", "CURTIME", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP",
    "SYSDATE", "UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP",
})  # fmt: skip
BARE = frozenset({
    "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP", "UTC_DATE", "UTC_TIME",
    "UTC_TIMESTAMP",
})  # fmt: skip
"""Functions that may be called without brackets."""

VOLATILE = CLOCK | {"RAND", "UUID", "UUID_SHORT", "RANDOM_BYTES", "SLEEP"}
"""Another value on another shard."""

SCALAR = frozenset({
    "ABS", "ACOS", "ADDDATE", "ADDTIME", "ASCII", "ASIN", "ATAN", "ATAN2", "BIN", "BIT_COUNT", "BIT_LENGTH", "CAST",
    "CEIL", "CEILING", "CHAR", "CHAR_LENGTH", "CHARACTER_LENGTH", "COALESCE", "CONCAT", "CONCAT_WS", "CONV", "CONVERT",
    "COS", "COT", "CRC32", "DATE", "DATE_ADD", "DATE_FORMAT", "DATE_SUB", "DATEDIFF", "DAY", "DAYNAME", "DAYOFMONTH",
    "DAYOFWEEK", "DAYOFYEAR", "DEGREES", "ELT", "EXP", "EXTRACT", "FIELD", "FIND_IN_SET", "FLOOR", "FORMAT",
    "FROM_DAYS", "FROM_UNIXTIME", "GREATEST", "HEX", "HOUR", "IF", "IFNULL", "INSERT", "INSTR", "ISNULL",
    "JSON_CONTAINS", "JSON_EXTRACT", "JSON_LENGTH", "JSON_TYPE", "JSON_UNQUOTE", "JSON_VALID", "LAST_DAY", "LCASE",
    "LEAST", "LEFT", "LENGTH", "LN", "LOCATE", "LOG", "LOG10", "LOG2", "LOWER", "LPAD", "LTRIM", "MAKEDATE", "MD5",
    "MICROSECOND", "MID", "MINUTE", "MOD", "MONTH", "MONTHNAME", "NULLIF", "OCT", "OCTET_LENGTH", "ORD", "PI",
    "POSITION", "POW", "POWER", "QUARTER", "RADIANS", "REGEXP_LIKE", "REPEAT", "REPLACE", "REVERSE", "RIGHT", "ROUND",
    "RPAD", "RTRIM", "SECOND", "SHA1", "SHA2", "SIGN", "SIN", "SPACE", "SQRT", "STR_TO_DATE", "STRCMP", "SUBDATE",
    "SUBSTR", "SUBSTRING", "SUBSTRING_INDEX", "TAN", "TIME", "TIME_TO_SEC", "TIMEDIFF", "TIMESTAMP", "TIMESTAMPADD",
    "TIMESTAMPDIFF", "TO_DAYS", "TRIM", "TRUNCATE", "UCASE", "UNHEX", "UNIX_TIMESTAMP", "UPPER", "WEEK", "WEEKDAY",
    "WEEKOFYEAR", "WEIGHT_STRING", "YEAR", "YEARWEEK",
})  # fmt: skip
"""Functions of their arguments alone, the same on every shard."""

WINDOW = frozenset({
    "CUME_DIST", "DENSE_RANK", "FIRST_VALUE", "LAG", "LAST_VALUE", "LEAD", "NTH_VALUE", "NTILE", "PERCENT_RANK", "RANK",
    "ROW_NUMBER",
})  # fmt: skip
"""Functions that only a window gives a meaning."""

OTHER = frozenset({
    "AES_DECRYPT", "AES_ENCRYPT", "AGAINST", "BIN_TO_UUID", "CHARSET", "COERCIBILITY", "COLLATION", "COMPRESS",
    "CONVERT_TZ", "DEFAULT", "EXPORT_SET", "EXTRACTVALUE", "FORMAT_BYTES", "FORMAT_PICO_TIME", "FROM_BASE64",
    "GET_FORMAT", "GROUPING", "INET6_ATON", "INET6_NTOA", "INET_ATON", "INET_NTOA", "IS_IPV4", "IS_IPV6", "IS_UUID",
    "JSON_ARRAY", "JSON_ARRAY_APPEND", "JSON_ARRAY_INSERT", "JSON_CONTAINS_PATH", "JSON_DEPTH", "JSON_EXISTS",
    "JSON_INSERT", "JSON_KEYS", "JSON_MERGE", "JSON_MERGE_PATCH", "JSON_MERGE_PRESERVE", "JSON_OBJECT",
    "JSON_OVERLAPS", "JSON_PRETTY", "JSON_QUOTE", "JSON_QUERY", "JSON_REMOVE", "JSON_REPLACE",
    "JSON_SCHEMA_VALID", "JSON_SEARCH", "JSON_SET", "JSON_STORAGE_SIZE", "JSON_TABLE", "JSON_VALUE", "LOAD_FILE",
    "MAKETIME", "MAKE_SET", "MATCH", "NAME_CONST", "PERIOD_ADD", "PERIOD_DIFF", "QUOTE", "RANDOM_BYTES",
    "REGEXP_INSTR", "REGEXP_REPLACE", "REGEXP_SUBSTR", "SEC_TO_TIME", "SHA", "SOUNDEX", "SUBTIME", "TIMESTAMPADD",
    "TIME_FORMAT", "TO_BASE64", "TO_SECONDS", "UNCOMPRESS", "UNCOMPRESSED_LENGTH", "UPDATEXML", "UUID_TO_BIN",
    "VALIDATE_PASSWORD_STRENGTH", "VERSION", "MBRCONTAINS", "MBRINTERSECTS", "MBRWITHIN", "POINT", "LINESTRING",
    "POLYGON",
})  # fmt: skip
"""Further functions of MySQL and MariaDB that read no tables."""

NOT_CALLS = frozenset({
    "ALL", "AND", "ANY", "AS", "BETWEEN", "BINARY", "BY", "CASE", "DISTINCT", "DISTINCTROW", "DIV", "ELSE", "EXCEPT",
    "EXISTS", "FOR", "FROM", "HAVING", "IN", "INDEX", "INTERSECT", "INTERVAL", "INTO", "IS", "JOIN", "KEY", "KEYS",
    "LATERAL", "LIKE", "LIMIT", "NOT", "OFFSET", "ON", "OR", "OVER", "PARTITION", "REGEXP", "RLIKE", "ROW", "SELECT",
    "SET", "SOME", "STRAIGHT_JOIN", "TABLE", "THEN", "UNION", "UPDATE", "USE", "USING", "VALUE", "VALUES", "WHEN",
    "WHERE", "WITH", "XOR", "ESCAPE", "DECIMAL", "NUMERIC", "SIGNED", "UNSIGNED", "VARCHAR", "CROSS", "INNER",
    "ORDER BY", "GROUP BY", "PARTITION BY", "END", "MEMBER", "OF", "DUPLICATE", "IGNORE", "FORCE", "INT", "FLOAT",
    "DOUBLE", "VARBINARY", "HIGH_PRIORITY", "SQL_SMALL_RESULT", "SQL_BIG_RESULT", "SQL_BUFFER_RESULT", "SQL_NO_CACHE",
    "SQL_CACHE",
})  # fmt: skip
"""Words that a bracket may follow without being a call."""
