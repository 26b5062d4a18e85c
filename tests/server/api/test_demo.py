"""The demo's analysis: for everybody, and honest about not being ready."""

from datetime import date

import pytest
from flask import Flask

from somnia_engine.document import to_document
from somnia_server.store.demo_nights import put_demo_nights
from somnia_server.store.house import house
from tests.server.conftest import make_night

pytestmark = pytest.mark.sqlite


def test_it_needs_no_token_and_is_the_last_night_as_the_engine_read_it(app: Flask) -> None:
    with app.app_context():
        put_demo_nights(
            house().settings, "apnea", nights=[(date(2025, 11, 13), make_night(seed=2)), (date(2025, 11, 14), make_night(note="last"))]
        )
    answer = app.test_client(use_cookies=False).get("/api/v1/demo-analysis?demo=apnea")
    assert answer.status_code == 200
    said, made = answer.get_json(), to_document(make_night(note="last"))
    assert said.keys() == made.keys()
    assert [said[key] for key in ("zone", "notes", "events")] == [made[key] for key in ("zone", "notes", "events")]


def test_before_it_is_analyzed_it_says_when_to_ask_again(app: Flask) -> None:
    answer = app.test_client(use_cookies=False).get("/api/v1/demo-analysis")
    assert answer.status_code == 404
    assert int(answer.headers["Retry-After"]) > 0
    assert "being analyzed" in answer.get_json()["error"]["message"]


def test_a_demo_that_does_not_exist_is_named_with_what_does(app: Flask) -> None:
    answer = app.test_client(use_cookies=False).get("/api/v1/demo-analysis?demo=../../etc")
    assert answer.status_code == 422
    assert "apnea" in answer.text
