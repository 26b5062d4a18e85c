"""Who may do what of a patient by token (R1): every operation that names something of hers, by everybody; a missing one fails."""

from typing import Any

import pytest
from flask import Flask

from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store.actors import Role
from tests.server.api.conftest import Program
from tests.server.api.test_document import forget_tries
from tests.server.api.test_odd import Ann

ANN, WITH_GRANT = frozenset({"ann"}), frozenset({"ann", "doctor"})
DOCTOR = frozenset({"doctor"})
OPEN_TO: dict[str, frozenset[str]] = {
    "read_night": WITH_GRANT,
    "read_notes": WITH_GRANT,
    "read_interpretations": WITH_GRANT,
    "read_trends": WITH_GRANT,
    "read_reports": WITH_GRANT,
    "read_upload": ANN,
    "read_job": ANN,
    "read_webhook": ANN,
    "ping_webhook": ANN,
    "write_notes": ANN,
    "add_tag": ANN,
    "remove_tag": ANN,
    "remove_notes": ANN,
    "add_interpretation": DOCTOR,
    "continue_upload": ANN,
    "cancel_job": ANN,
    "remove_upload": ANN,
    "remove_webhook": ANN,
    "remove_grant": WITH_GRANT,
    "remove_device": ANN,
    "remove_program": ANN,
}
"""In the order in which they are done; whoever may do something does it after all who may not."""
STRANGERS_TOLD = {401, 403, 404}


@pytest.fixture
def ann(environ: dict[str, str]) -> Ann:
    app = create_server(Settings.from_env(environ | {"SOMNIA_WEBHOOK_HOSTS": "hooks.example.org"}))
    found = Ann(app, lambda email="x@example.org", role=Role.USER: Program(app, email, role))
    grants = found.ann.get("/api/v1/grants").get_json()["grants"]
    found.ids["grant_id"] = next(one["id"] for one in grants if one["state"] == "alive")
    found.ids |= {"tag": "coffee", "device": "0" * 12, "program_id": found.ann.get("/api/v1/user/programs").get_json()["programs"][0]["id"]}
    return found


def operations(app: Flask) -> dict[str, tuple[str, str, Any]]:
    """Return what names something of somebody, by name: address, method, example of its body."""
    document = app.test_client().get("/api/openapi.json").get_json()
    return {
        one["operationId"]: (path, method, one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example"))
        for path, found in document["paths"].items()
        for method, one in found.items()
        if "{" in path.replace("{kind}", "") and path.startswith("/api/")
    }


def test_every_operation_that_names_something_stands_in_the_matrix(ann: Ann) -> None:
    assert set(operations(ann.app)) == set(OPEN_TO)


def test_each_is_answered_to_those_it_is_for_and_is_not_there_for_others(ann: Ann) -> None:
    people: dict[str, Program | None] = {"nobody": None, **ann.strangers, "doctor": ann.doctor, "ann": ann.ann}
    known, wrong = operations(ann.app), []
    client = ann.app.test_client(use_cookies=False)
    for name, allowed in OPEN_TO.items():
        path, method, example = known[name]
        for place, value in ann.ids.items():
            path = path.replace(f"{{{place}}}", value)
        for who in sorted(people, key=lambda one: one in allowed):
            if (name, who) == ("remove_grant", "ann"):
                continue  # its doctor has given it back just before
            person = people[who]
            headers = {} if person is None else person.headers()
            more: dict[str, Any] = {"json": example} if example is not None else {}
            if name == "continue_upload":
                size = ann.ann.get(path).get_json()["size"]
                headers |= {"Upload-Offset": str(size), "Content-Type": "application/offset+octet-stream"}
            answer = client.open(path, method=method.upper(), headers=headers, **more)
            inside = answer.status_code < 300
            if inside != (who in allowed and name != "remove_device") or (not inside and answer.status_code not in STRANGERS_TOLD):
                wrong.append((name, who, answer.status_code, answer.text[:200]))
            if who not in ("ann", "doctor") and ann.leaks(answer.get_data()):
                wrong.append((name, who, "leak"))
            forget_tries(ann.app)
    assert [one[:3] for one in wrong] == []
