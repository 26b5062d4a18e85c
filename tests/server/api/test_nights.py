"""A night by the API, in the form that is asked for."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app
from somnia_engine.types.night import SleepStatistics
from somnia_server.settings import Settings
from somnia_server.store.accounts import find_account
from somnia_server.store.actors import Role
from somnia_server.store.damaged import SENTENCE
from somnia_server.store.nights import Kept, save_night
from somnia_server.store.tables import session
from tests.server.api.conftest import Program
from tests.server.conftest import make_night

OMH = "application/vnd.openmhealth.sleep-episode+json"
MEDIA = ("application/json", "text/csv", "application/edf", "application/fhir+json", OMH, "application/pdf")
DAY = date(2025, 1, 10)
TIMED = replace(make_night(), statistics=SleepStatistics(scorer="model 1", tst_min=400.5, sol_min=12.0, spt_min=420.0, spt_wake_min=19.5))


@pytest.fixture
def dressed(environ: dict[str, str]) -> Iterator[Flask]:
    """The whole application, pages and compression too."""
    dash = create_app(Settings.from_env(environ))
    yield dash.server
    cache: Any = dash._background_manager
    cache.handle.close()


def test_a_night_comes_as_it_is_asked_for_and_anything_else_is_refused_with_what_there_is(app: Flask, program) -> None:
    ann = program("ann@example.org", Role.USER)
    with app.app_context():
        account = find_account("ann@example.org")
        assert account is not None
        night_id = save_night(account.id, TIMED, kept=Kept(date(2025, 1, 10), "files"))
    bearer = {"Authorization": f"Bearer {ann.tokens['access_token']}"}
    for media in MEDIA:
        answer = app.test_client().get(f"/api/v1/nights/{night_id}", headers={**bearer, "Accept": media})
        assert (answer.status_code, answer.mimetype) == (200, media)
        assert "Accept" in answer.headers["Vary"]
    assert app.test_client().get(f"/api/v1/nights/{night_id}", headers=bearer).mimetype == "application/json"
    refused = app.test_client().get(f"/api/v1/nights/{night_id}", headers={**bearer, "Accept": "image/png"})
    assert refused.status_code == 406
    assert "application/fhir+json" in refused.get_json()["error"]["message"]


def test_a_sleep_episode_is_as_open_mhealth_has_it_and_a_night_without_one_says_so(app: Flask, program: Callable[..., Program]) -> None:
    ann = program()
    with app.app_context():
        known, none = (
            save_night(ann.actor.id, night, kept=Kept(DAY, name)) for name, night in (("a", TIMED), ("b", replace(TIMED, start=None)))
        )
    asked = {"headers": ann.headers() | {"Accept": OMH}}
    episode = ann.client.get(f"/api/v1/nights/{known}", **asked).get_json(force=True)
    assert episode["header"]["schema_id"] == {"namespace": "omh", "name": "sleep-episode", "version": "1.1"}
    assert episode["body"]["total_sleep_time"] == {"value": 400.5, "unit": "min"}
    refused = ann.client.get(f"/api/v1/nights/{none}", **asked)
    assert (refused.status_code, "no clock" in refused.text) == (406, True)


def test_what_a_program_has_already_is_not_sent_again_until_it_changes(app: Flask, program: Callable[..., Program]) -> None:
    ann = program()
    with app.app_context():
        night_id = save_night(ann.actor.id, TIMED, kept=Kept(DAY, "a"))
    for path in ("/api/v1/nights", f"/api/v1/nights/{night_id}", "/api/v1/trends/me", "/api/v1/reports/me"):
        first = ann.get(path)
        known = {"headers": ann.headers() | {"If-None-Match": first.headers["ETag"]}}
        again = ann.client.get(path, **known)
        assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        assert ann.client.get(path, headers=ann.headers() | {"If-None-Match": '"other"'}).status_code == 200
        with app.app_context():
            save_night(ann.actor.id, replace(TIMED, statistics=SleepStatistics(scorer="x", tst_min=1.0)), kept=Kept(DAY, "a"))
            save_night(ann.actor.id, TIMED, kept=Kept(DAY - timedelta(days=1), path))
        assert ann.client.get(path, **known).status_code == 200
        with app.app_context():
            save_night(ann.actor.id, TIMED, kept=Kept(DAY, "a"))


@pytest.mark.parametrize("media", MEDIA[:-1])
def test_each_form_of_a_night_is_the_same_twice(app: Flask, program: Callable[..., Program], media: str) -> None:
    ann = program()
    with app.app_context():
        night_id = save_night(ann.actor.id, TIMED, kept=Kept(DAY, "a"))
    asked = {"headers": ann.headers() | {"Accept": media}}
    tags = {ann.client.get(f"/api/v1/nights/{night_id}", **asked).headers["ETag"] for _ in range(2)}
    assert len(tags) == 1


@pytest.mark.parametrize("coding", ["gzip", "gzip, deflate, br, zstd"])
def test_a_tag_counts_also_when_the_answer_was_compressed(dressed: Flask, coding: str) -> None:
    ann = Program(dressed, "ann@example.org", Role.USER)
    with dressed.app_context():
        night_id = save_night(ann.actor.id, TIMED, kept=Kept(DAY, "a"))
    asks = ann.headers() | {"Accept-Encoding": coding}
    first = ann.client.get(f"/api/v1/nights/{night_id}", headers=asks)
    assert first.headers["Content-Encoding"] in coding
    again = ann.client.get(f"/api/v1/nights/{night_id}", headers=asks | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")


def test_nobody_learns_from_a_tag_what_is_not_theirs(app: Flask, program: Callable[..., Program]) -> None:
    ann, bob = program(), program("bob@example.org")
    with app.app_context():
        night_id = save_night(ann.actor.id, TIMED, kept=Kept(DAY, "a"))
    tag = ann.get(f"/api/v1/nights/{night_id}").headers["ETag"]
    for known in (tag, "*"):
        answer = bob.client.get(f"/api/v1/nights/{night_id}", headers=bob.headers() | {"If-None-Match": known})
        assert (answer.status_code, "ETag" in answer.headers) == (404, False)


def test_nights_come_in_pages_each_once(app: Flask, program: Callable[..., Program]) -> None:
    ann = program()
    with app.app_context():
        made = {save_night(ann.actor.id, TIMED, kept=Kept(DAY + timedelta(days=i), str(i))) for i in range(5)}
    for start, key in (("/api/v1/nights?limit=2", "nights"), ("/api/v1/reports/me?limit=2", "reports")):
        path, seen = start, []
        while path:
            page = ann.get(path).get_json()
            seen.append([one.get("id") or one["night_id"] for one in page[key]])
            path = page["next"]
        assert [len(one) for one in seen] == [2, 2, 1]
        assert {one for page in seen for one in page} == made
    for wrong in ("limit=0", "limit=1001", "limit=x", "after=nobody"):
        assert ann.get(f"/api/v1/nights?{wrong}").status_code == 422


def test_every_answer_of_the_api_says_how_much_may_be_asked_for_yet(app: Flask, program: Callable[..., Program]) -> None:
    ann = program()
    for who, path in (
        (ann.headers(), "/api/v1/nights"),
        ({}, "/api/v1/nights"),
        ({}, "/api/v1/health"),
        ({}, "/api/openapi.json"),
        ({}, "/api/v1/x"),
    ):
        headers = ann.client.get(path, headers=who).headers
        assert headers["RateLimit-Limit"] == headers["X-RateLimit-Limit"] == "100", path
        assert 0 <= int(headers["RateLimit-Remaining"]) <= 100
        assert 0 <= int(headers["RateLimit-Reset"]) <= 60
    left = int(ann.client.get("/api/v1/health").headers["RateLimit-Remaining"])
    assert int(ann.client.get("/api/v1/health").headers["RateLimit-Remaining"]) == left - 1
    for _ in range(left - 1):
        ann.client.get("/api/v1/disorders")
    shut = ann.client.get("/api/v1/health")
    assert (shut.status_code, int(shut.headers["Retry-After"]) > 0) == (429, True)
    assert ann.get("/api/v1/nights").status_code == 200


def test_a_night_that_was_changed_on_the_server_says_so(app: Flask, program: Callable[..., Program]) -> None:
    ann = program()
    with app.app_context():
        night_id = save_night(ann.actor.id, TIMED, kept=Kept(DAY, "a"))
        session().execute(text("UPDATE nights SET sealed_series = :new"), {"new": b"\x02" + b"x" * 60})
        session().commit()
    refused = ann.get(f"/api/v1/nights/{night_id}")
    assert (refused.status_code, refused.get_json()["error"]["message"]) == (409, str(SENTENCE))
    assert refused.get_json()["error"]["id"]
