"""Errors as `application/problem+json` (RFC 9457): what went wrong, and what the caller can do about it.

Invariant: a problem never holds SQL, parameters or passwords; what nobody foresaw is logged and answered without
detail.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from shardkit.errors import CommitInDoubt, Error, OperationalError

LOG = logging.getLogger("centers")
MEDIA_TYPE = "application/problem+json"
AGAIN = {"Retry-After": "1"}
EVERYWHERE = (422, 503)
"""What any route may answer: the request makes no sense, or a database or the service itself cannot take it on."""


class ProblemBody(BaseModel):
    """The body of every error. Problems may have further members, which their `detail` speaks of."""

    model_config = ConfigDict(extra="allow", title="Problem")

    type: str = Field(examples=["urn:problem:not-found"], description="Names the kind of problem; stable.")
    title: str = Field(examples=["Not found"], description="The kind of problem in words.")
    status: int = Field(examples=[404], description="The HTTP status.")
    detail: str = Field(examples=["no order 42"], description="What went wrong this time, and what to do instead.")


class Problem(Exception):
    """A refusal that becomes a problem+json answer."""

    def __init__(self, status: int, kind: str, detail: str, **more: Any) -> None:
        self.status, self.kind, self.detail, self.more = status, kind, detail, more
        self.headers: dict[str, str] = AGAIN if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
        super().__init__(f"{kind}: {detail}")


def not_found(what: str) -> Problem:
    """404: there is no such thing."""
    return Problem(404, "not-found", f"there is no {what}")


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` of a route that answers these problems."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def answer_problems(app: FastAPI) -> None:
    """Make every error of this app a problem+json answer, and put its schema into the app's OpenAPI."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Error, _database)
    app.add_exception_handler(DBAPIError, _wrapped)
    app.add_exception_handler(Exception, _unforeseen)
    _describe(app)


def answer(problem: Problem) -> JSONResponse:
    """The answer that a problem becomes."""
    title = problem.kind.replace("-", " ").capitalize()
    body = {"type": f"urn:problem:{problem.kind}", "title": title, "status": problem.status, "detail": problem.detail}
    return JSONResponse(body | problem.more, problem.status, problem.headers, media_type=MEDIA_TYPE)


def from_database(error: Error) -> Problem:
    """What a caller is told of an error of shardkit: servers by name, never SQL."""
    servers = sorted({shard.server for shard in error.shards})
    if isinstance(error, CommitInDoubt):
        told = "the outcome is not known yet; look in a moment whether it was done, before you send the request again"
        return Problem(503, "outcome-unknown", told, servers=servers)
    if isinstance(error, OperationalError):
        told = "a database server is away or overloaded; send the same request again"
        return Problem(503, "database-unavailable", told, servers=servers, code=error.code)
    return Problem(500, "internal-error", "the request failed; the log of the service has the reason", code=error.code)


def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return answer(error)


def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [{"where": ".".join(map(str, one["loc"])), "what": one["msg"]} for one in error.errors()]
    told = "; ".join(f"{one['where']}: {one['what']}" for one in errors)
    return answer(Problem(422, "invalid-request", told, errors=errors))


def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    made = answer(Problem(error.status_code, kind, str(error.detail)))
    made.headers.update(error.headers or {})  # 405 says in Allow what may be done
    return made


def _database(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Error)
    problem = from_database(error)
    level = logging.ERROR if problem.status == 500 else logging.WARNING
    LOG.log(level, "%s %s: %s", request.method, request.url.path, error)
    return answer(problem)


def _wrapped(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DBAPIError)
    return _database(request, error.orig) if isinstance(error.orig, Error) else _unforeseen(request, error)


def _unforeseen(_: Request, error: Exception) -> JSONResponse:
    # The server logs it with its trace: starlette raises it again after this answer is sent.
    return answer(Problem(500, "internal-error", "the request failed; the log of the service has the reason"))


def _describe(app: FastAPI) -> None:
    made = app.openapi

    def with_problems() -> dict[str, Any]:
        if app.openapi_schema is None:
            schemas = made().setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = ProblemBody.model_json_schema()
            for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own, which is never answered
                schemas.pop(unused, None)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = with_problems  # type: ignore[method-assign]
