"""Trends and reports by the API: one's own, those of who shares, nobody else's."""

from datetime import date, timedelta

import pytest
from flask import Flask

from somnia_server.store import interpretations
from somnia_server.store.accounts import find_account
from somnia_server.store.actors import Actor, Role
from somnia_server.store.invitations import share_with_address
from somnia_server.store.nights import Kept, save_night
from tests.server.conftest import make_night

pytestmark = pytest.mark.sqlite
FIRST = date(2025, 1, 10)
ROLES = {"ann": Role.USER, "doc": Role.DOCTOR, "eve": Role.DOCTOR}


def id_of(app: Flask, email: str) -> str:
    with app.app_context():
        account = find_account(email)
        assert account is not None
        return account.id


def test_one_sees_ones_own_within_a_span_and_a_doctor_those_of_who_shares(app: Flask, program) -> None:
    ann, doc, other = (program(f"{name}@example.org", role) for name, role in ROLES.items())
    owner = id_of(app, "ann@example.org")
    with app.app_context():
        for back in range(3):
            day = FIRST + timedelta(days=back)
            save_night(owner, make_night(day), kept=Kept(day, f"files {back}"))
        share_with_address(Actor(owner, Role.USER), "doc@example.org")
    found = ann.get("/api/v1/trends/me").get_json()
    assert [night["night"] for night in found["nights"]] == ["2025-01-10", "2025-01-11", "2025-01-12"]
    assert found["nights"][0]["values"].keys() == set(found["metrics"])
    assert found["nights"][0]["values"]["tst_min"] > 0
    assert ann.get(f"/api/v1/trends/{owner}?first=2025-01-12").get_json()["nights"] == found["nights"][2:]
    assert doc.get(f"/api/v1/trends/{owner}").get_json() == found
    assert other.get(f"/api/v1/trends/{owner}").status_code == 404
    assert doc.get("/api/v1/trends/me").get_json()["nights"] == []
    assert ann.get("/api/v1/trends/me?first=yesterday").status_code == 422


def test_reports_name_their_forms_and_hold_what_was_signed(app: Flask, program) -> None:
    ann, doc, other = (program(f"{name}@example.org", role) for name, role in ROLES.items())
    owner = id_of(app, "ann@example.org")
    with app.app_context():
        night_id = save_night(owner, make_night(FIRST), kept=Kept(FIRST, "files"))
        share_with_address(Actor(owner, Role.USER), "doc@example.org")
        assert interpretations.sign(Actor(id_of(app, "doc@example.org"), Role.DOCTOR), night_id, "Seen and signed.")
    found = ann.get("/api/v1/reports/me").get_json()["reports"]
    assert [(report["night_id"], report["night"]) for report in found] == [(night_id, "2025-01-10")]
    assert [signed["text"] for signed in found[0]["signed"]] == ["Seen and signed."]
    assert "application/pdf" in found[0]["media"]
    assert ann.get(found[0]["href"]).status_code == 200
    assert doc.get(f"/api/v1/reports/{owner}").get_json()["reports"] == found
    assert other.get(f"/api/v1/reports/{owner}").status_code == 404
