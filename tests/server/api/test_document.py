"""The API against its own document: what generated requests are answered is never a failure of ours, and always as described."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from somnia_server.store.actors import Role
from somnia_server.store.demo_nights import put_demo_nights
from somnia_server.store.house import house
from tests.reports import keep
from tests.server.conftest import make_night

ROLES = (None, Role.USER, Role.DOCTOR, Role.ADMIN)
ERASES = "DELETE /api/v1/user"


@schemathesis.serializer("application/offset+octet-stream")
def as_it_is(_context: Any, value: Any) -> bytes:
    """Send pieces of files as generated."""
    return value if isinstance(value, bytes) else str(value).encode()


def cases_of(app: Flask, tokens: dict[Role | None, str | None]) -> Any:
    """Return a strategy of requests: an operation of the document, by somebody."""
    document = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operations = [found.ok() for found in document.get_all_operations()]
    wanted = [one for one in operations if f"{one.method.upper()} {one.path}" != ERASES]
    return st.tuples(st.sampled_from(wanted).flatmap(lambda one: one.as_strategy()), st.sampled_from(sorted(tokens, key=str)))


def forget_tries(app: Flask) -> None:
    """Let the generated requests come as fast as they like."""
    with app.app_context():
        for limiter in app.extensions["somnia_doors"]:
            limiter.here.storage.reset()


def run(app: Flask, program: Any, times: int) -> None:
    with app.app_context():
        for key in ("healthy", "apnea", "insomnia"):
            put_demo_nights(house().settings, key, nights=[(date(2025, 11, 14), make_night())])
    tokens = {role: None if role is None else program(f"{role}@example.org", role).tokens["access_token"] for role in ROLES}

    @given(cases_of(app, tokens))
    @settings(
        max_examples=times, deadline=None, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    def ask(found: tuple[Any, Role | None]) -> None:
        case, role = found
        headers = {} if tokens[role] is None else {"Authorization": f"Bearer {tokens[role]}"}
        answer = case.call(headers=headers)
        forget_tries(app)
        case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance, content_type_conformance])

    ask()


def test_generated_requests_are_answered_as_the_document_says(app: Flask, program: Any) -> None:
    run(app, program, 60)


@pytest.mark.slow
def test_ten_thousand_generated_requests_are_answered_as_the_document_says(app: Flask, program: Any) -> None:
    run(app, program, 10_000)
    keep(
        "r27-api",
        "The API against its own document (R27)",
        found={"generated requests, by four roles": "10,000", "5xx": "0", "answers that are not as described": "0"},
    )


def bodies(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield every JSON body of the document, asked and answered, by the name of its operation."""
    for operations in document["paths"].values():
        for operation in operations.values():
            found = [operation.get("requestBody", {}), *(one for status, one in operation["responses"].items() if status[0] == "2")]
            yield from (
                (operation["operationId"], one["content"]["application/json"])
                for one in found
                if "application/json" in one.get("content", {})
            )


def test_the_document_is_openapi_as_its_specification_has_it(app: Flask) -> None:
    validate(app.test_client().get("/api/openapi.json").get_json())


def test_every_operation_has_a_name_and_every_json_body_an_example_that_its_schema_takes(app: Flask) -> None:
    document = app.test_client().get("/api/openapi.json").get_json()
    names = [operation["operationId"] for operations in document["paths"].values() for operation in operations.values()]
    assert len(names) == len(set(names))
    found = list(bodies(document))
    assert len(found) > 40
    for name, content in found:
        checker = Draft202012Validator({**content["schema"], "components": document["components"]}, format_checker=FormatChecker())
        assert [(name, fault.message) for fault in checker.iter_errors(content["example"])] == []
