"""Tables of CTEs: made by one statement each, or declared first where their declaration alone is refused."""

from __future__ import annotations

import pytest

from shardkit.errors import OperationalError
from shardkit.flow import Arrange, Derived
from shardkit.session.deriving import derive

MOMENTS = Derived("`d`.`sk__c0_0`", "WITH q AS (…) SELECT * FROM q", (1,))
COPY = Derived("`d`.`sk__c0_1`", "SELECT * FROM `d`.`sk__c0_0`", None)


def arranged(*errors: Exception | None) -> list[Arrange]:
    """The Ops of two tables; `errors` answer the statements that make tables, in turn."""
    script, given, asked = derive((MOMENTS, COPY)), list(errors), []
    op = next(script)
    while True:
        assert isinstance(op, Arrange)
        asked.append(op)
        error = given.pop(0) if given and op.statements[0].startswith("CREATE") else None
        try:
            op = script.throw(error) if error else script.send(0)
        except StopIteration:
            return asked


def test_one_statement_each() -> None:
    assert [op.statements[0] for op in arranged()][1:] == [
        "CREATE TEMPORARY TABLE `d`.`sk__c0_0` AS WITH q AS (…) SELECT * FROM q",
        "CREATE TEMPORARY TABLE `d`.`sk__c0_1` AS SELECT * FROM `d`.`sk__c0_0`",
    ]


def test_a_default_that_the_mode_forbids() -> None:
    lenient, first, unchecked, declared, again, filled, copy = arranged(OperationalError("default", errno=1067))
    assert lenient == again
    assert "NO_ZERO_DATE" in unchecked.statements[0]
    assert declared.statements == (f"{first.statements[0]} LIMIT 0",)
    assert filled.statements == ("INSERT INTO `d`.`sk__c0_0` WITH q AS (…) SELECT * FROM q",)
    assert declared.args == filled.args == (1,)
    assert copy.statements[0].startswith("CREATE TEMPORARY TABLE `d`.`sk__c0_1`")


def test_any_other_error_is_the_statements() -> None:
    with pytest.raises(OperationalError, match="gone"):
        arranged(OperationalError("gone", errno=1146))
