"""What the databases of the suite can do: MySQL itself, and shardkit over MySQL shards.

SQLAlchemy's defaults leave most abilities closed; `HAS` opens those that MySQL 8.4 and 9 have, `LACKS` closes what MySQL
lacks, and `REFUSES` what shardkit refuses, each with its reason.
Invariant: shardkit opens nothing that MySQL does not have, and closes nothing without a reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.testing import exclusions
from sqlalchemy.testing.requirements import SuiteRequirements

HAS = [
    "aggregate_order_by",
    "autoincrement_without_sequence",
    "autocommit",
    "check_constraint_reflection",
    "inline_check_constraint_reflection",
    "column_collation_reflection",
    "comment_reflection",
    "computed_columns",
    "computed_columns_reflect_persisted",
    "computed_columns_stored",
    "computed_columns_virtual",
    "create_or_replace_view",
    "create_table_as",
    "create_temp_table_as",
    "cross_schema_fk_reflection",
    "ctes",
    "ctes_on_dml",
    "ctes_with_update_delete",
    "date_historic",
    "datetime_historic",
    "dbapi_lastrowid",
    "delete_from",
    "except_",
    "expression_server_defaults",
    "fk_constraint_option_reflection_ondelete_noaction",
    "fk_constraint_option_reflection_ondelete_restrict",
    "fk_constraint_option_reflection_onupdate_restrict",
    "foreign_key_constraint_name_reflection",
    "foreign_key_constraint_option_reflection_ondelete",
    "foreign_key_constraint_option_reflection_onupdate",
    "foreign_key_ddl",
    "foreign_keys_reflect_as_index",
    "has_temp_table",
    "implements_get_lastrowid",
    "implicit_default_schema",
    "indexes_check_column_order",
    "indexes_with_ascdesc",
    "intersect",
    "isolation_level",
    "json_array_indexes",
    "json_index_supplementary_unicode_element",
    "json_type",
    "legacy_unconditional_json_extract",
    "mod_operator_as_percent_sign",
    "nullable_booleans",
    "nvarchar_types",
    "order_by_label_with_expression",
    "percent_schema_names",
    "precision_numerics_enotation_large",
    "precision_numerics_general",
    "precision_numerics_many_significant_digits",
    "precision_numerics_retains_significant_digits",
    "primary_key_constraint_reflection",
    "reflect_table_options",
    "regexp_match",
    "regexp_replace",
    "savepoints",
    "schema_create_delete",
    "schemas",
    "self_referential_foreign_keys",
    "server_defaults",
    "skip_autocommit_rollback",
    "standalone_binds",
    "supports_bitwise_and",
    "supports_bitwise_or",
    "supports_bitwise_shift",
    "supports_bitwise_xor",
    "supports_is_distinct_from",
    "table_ddl_if_exists",
    "temp_table_comment_reflection",
    "temp_table_reflection",
    "temporary_tables",
    "tuple_in",
    "two_phase_transactions",
    "unicode_data",
    "unicode_ddl",
    "unique_constraints_reflect_as_index",
    "unique_index_reflect_as_unique_constraints",
    "update_from",
    "views",
    "window_functions",
    "window_range",
    "window_range_numeric",
]

_NO_FRACTION = "DATETIME and TIME without digits keep no fractions of a second"
_NO_BIND = "a parameter alone has no type: it comes back as text"
LACKS = {
    "datetime_microseconds": _NO_FRACTION,
    "time_microseconds": _NO_FRACTION,
    "timestamp_microseconds": _NO_FRACTION,
    "date_implicit_bound": _NO_BIND,
    "datetime_implicit_bound": _NO_BIND,
    "time_implicit_bound": _NO_BIND,
    "timestamp_microseconds_implicit_bound": _NO_BIND,
    "sql_expression_limit_offset": "LIMIT takes numbers and parameters, no expressions",
    "unbounded_varchar": "VARCHAR needs a length",
    "precision_generic_float_type": "FLOAT is shown with six digits",
    "cast_precision_numerics_many_significant_digits": "JSON numbers with a point are DOUBLE: a CAST brings no more digits",
    "datetime_literals": "there is no literal with a time zone",
}

LACKS_MARIADB = {
    "ctes_with_update_delete": "MariaDB 10.11 has no WITH before UPDATE and DELETE",
    "inline_check_constraint_reflection": "a column's own CHECK has no name and is shown as a part of the column",
    "fk_constraint_option_reflection_ondelete_restrict": "MariaDB 10.11 shows RESTRICT, which is what it does anyway",
    "fk_constraint_option_reflection_onupdate_restrict": "MariaDB 10.11 shows RESTRICT, which is what it does anyway",
}

_NO_TEMPORARY = "a temporary table would live on one server's connection"
REFUSES = {
    "temporary_tables": _NO_TEMPORARY,
    "temp_table_reflection": _NO_TEMPORARY,
    "create_temp_table_as": _NO_TEMPORARY,
    "has_temp_table": _NO_TEMPORARY,
    "schema_create_delete": "the rules say which schemas there are",
}


def _on_shardkit(config: Any) -> bool:
    return bool(config.db.dialect.driver == "shardkit")


def _on_mariadb(config: Any) -> bool:
    return bool(config.db.dialect.is_mariadb)


def _always(config: Any) -> bool:
    return True


def _unless(where: Callable[[Any], bool], reason: str) -> property:
    return property(lambda self: exclusions.skip_if(where, reason))


class Requirements(SuiteRequirements):
    """MySQL, through its own driver or through shardkit."""


for _name in (*HAS, *LACKS, *LACKS_MARIADB, *REFUSES):
    if not hasattr(SuiteRequirements, _name):
        raise LookupError(f"SQLAlchemy has no requirement {_name}")
for _name in HAS:
    setattr(Requirements, _name, property(lambda self: exclusions.open()))
for _name, _reason in LACKS.items():
    setattr(Requirements, _name, _unless(_always, _reason))
for _name, _reason in LACKS_MARIADB.items():
    setattr(Requirements, _name, _unless(_on_mariadb, _reason))
for _name, _reason in REFUSES.items():
    setattr(Requirements, _name, _unless(_on_shardkit, _reason))
