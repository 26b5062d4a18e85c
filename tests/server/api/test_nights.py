"""A night by the API, in the form that is asked for."""

from datetime import date

import pytest
from flask import Flask

from somnia_server.store.accounts import find_account
from somnia_server.store.actors import Role
from somnia_server.store.nights import Kept, save_night
from tests.server.conftest import make_night

pytestmark = pytest.mark.sqlite
MEDIA = ("application/json", "text/csv", "application/edf", "application/fhir+json", "application/pdf")


def test_a_night_comes_as_it_is_asked_for_and_anything_else_is_refused_with_what_there_is(app: Flask, program) -> None:
    ann = program("ann@example.org", Role.USER)
    with app.app_context():
        account = find_account("ann@example.org")
        assert account is not None
        night_id = save_night(account.id, make_night(), kept=Kept(date(2025, 1, 10), "files"))
    bearer = {"Authorization": f"Bearer {ann.tokens['access_token']}"}
    for media in MEDIA:
        answer = app.test_client().get(f"/api/v1/nights/{night_id}", headers={**bearer, "Accept": media})
        assert (answer.status_code, answer.mimetype) == (200, media)
        assert "Accept" in answer.headers["Vary"]
    assert app.test_client().get(f"/api/v1/nights/{night_id}", headers=bearer).mimetype == "application/json"
    refused = app.test_client().get(f"/api/v1/nights/{night_id}", headers={**bearer, "Accept": "image/png"})
    assert refused.status_code == 406
    assert "application/fhir+json" in refused.get_json()["error"]["message"]
