"""What is refused at the door of both centers, how it is told, and that the documentation says the same."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter, ValidationError

from examples.centers.settings import load_rules
from examples.centers.tests.calling import calling
from examples.centers.wire import BIGGEST, Id
from examples.member_center import app as member_app
from examples.member_center.models import account_name
from examples.order_center import app as order_app
from shardkit.rules import Rules

EXAMPLES = Path(__file__).parents[2]


@pytest.mark.parametrize("written", ["0", "-1", "1_0", "1.0", " 1", "", "٣", str(BIGGEST + 1), True, 1.0, 0, None])
def test_what_is_no_id_names_nobody(written: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Id).validate_python(written)


@pytest.mark.parametrize("written", ["1", str(BIGGEST), 1, BIGGEST])
def test_ids_come_in_digits_and_go_out_as_strings(written: Any) -> None:
    ids = TypeAdapter(Id)
    assert ids.dump_json(ids.validate_python(written)) == f'"{int(written)}"'.encode()


def rules_of_center(center: str, folder: Path) -> Rules:
    """A center's rules over empty folders: nothing here reaches a table."""
    environ = {f"{center.upper()}_RDS{number}": f"sqlite:///{folder}" for number in (0, 1)}
    return load_rules(EXAMPLES / f"{center}_center" / "rules.yaml", center.upper(), environ)


@pytest.fixture(params=["member", "order"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> FastAPI:
    """Either center."""
    center: str = request.param
    rules = rules_of_center(center, tmp_path)
    return member_app.create_app(rules=rules) if center == "member" else order_app.create_app(rules=rules)


def operations(app: FastAPI) -> dict[str, Any]:
    """What OpenAPI says of each route that asks a database."""
    return {
        f"{method} {path}": operation
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
        if "health" not in operation["tags"]
    }


def test_every_documented_refusal_is_a_problem(app: FastAPI) -> None:
    for name, operation in operations(app).items():
        refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert {"422", "503"} <= set(refusals), name
        for status, answer in refusals.items():
            assert set(answer["content"]) == {"application/problem+json"}, (name, status)
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, (name, status)
    assert not {"HTTPValidationError", "ValidationError"} & set(app.openapi()["components"]["schemas"])


def test_ids_are_documented_as_strings_wherever_they_stand(app: FastAPI) -> None:
    for name, operation in operations(app).items():
        for parameter in operation.get("parameters", ()):
            if parameter["name"].endswith("Id") and parameter["in"] != "header":
                assert "integer" not in str(parameter["schema"]), (name, parameter["name"])


def test_every_word_that_is_to_be_sent_has_an_example(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]
    bodies = {
        operation["requestBody"]["content"]["application/json"]["schema"].get("$ref", "").rpartition("/")[2]
        for operation in operations(app).values()
        if "requestBody" in operation
    }
    assert len(bodies) > 2
    for body in filter(None, bodies):
        for field, schema in schemas[body]["properties"].items():
            said = str(schema)
            assert "examples" in said or "$ref" in said or "default" in said, (body, field)


def test_what_a_path_may_be_asked_for_is_said(app: FastAPI) -> None:
    with calling(app) as api:
        refused = api.call("DELETE", "/healthz")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET")
    assert refused.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [b'{"account":"abcd","password":"\\ud800password"}', b'{"account":"abcd\\ud800","password":"password"}'],
)
def test_half_a_character_is_no_text(tmp_path: Path, body: bytes) -> None:
    with calling(member_app.create_app(rules=rules_of_center("member", tmp_path))) as api:
        refused = api.run(api.client.post("/logins", content=body, headers={"Content-Type": "application/json"}))
    assert refused.status_code == 422
    assert "ud800" not in refused.text


@pytest.mark.parametrize("written", ["  Ada.L", "ada.l", "ＡＤＡ.l", "ADA.L\u00a0"])
def test_names_are_compared_without_case_width_and_blanks(written: str) -> None:
    assert account_name(written) == "ada.l"


@pytest.mark.parametrize("name", ["ΐΰ.x", "straße", "ǰan", "İpek", "ﬃ-x", "ÅNGSTRÖM"])
def test_a_name_is_the_same_in_every_form_that_unicode_has_for_it(name: str) -> None:
    written = [unicodedata.normalize(form, case) for form in ("NFC", "NFD", "NFKD") for case in (name, name.upper())]
    assert {account_name(one) for one in written} == {account_name(name)}
    assert account_name(account_name(name)) == account_name(name)


@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\u202e", "\0", "\n"])
def test_what_nobody_sees_is_in_no_name(hidden: str) -> None:
    with pytest.raises(ValueError, match="visible"):
        account_name(f"ad{hidden}a")
