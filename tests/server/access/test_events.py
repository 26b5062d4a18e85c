import logging
import re
import time

import pytest
from flask import Flask
from flask_security import hash_password

from somnia_server import create_server
from somnia_server.access import events, staff
from somnia_server.store.accounts import HOUSE, has_first_password, make_account
from somnia_server.store.actors import Role

PASSWORD, OWN = "several quiet words 7", "nine quiet kettles"


@pytest.fixture
def app(settings):
    return create_server(settings)


def token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found[1]


def log_in(browser, email: str, password: str):
    said = {"email": email, "password": password, "csrf_token": token(browser.get("/login").text)}
    return browser.post("/login", data=said)


def said_by(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == events.__name__]


def test_the_log_says_who_came_in_and_who_did_not_without_their_names(app: Flask, caplog):
    with app.app_context():
        made = make_account(HOUSE, email="ann@example.org", password_hash=hash_password(PASSWORD), role=Role.USER)
        known = events.mark("actor", made)
    caplog.set_level(logging.INFO)
    browser = app.test_client()
    log_in(browser, "ann@example.org", "wrong words here")
    log_in(browser, "ann@example.org", PASSWORD)
    browser.post("/auth/login", json={"email": "ann@example.org", "password": "wrong"})
    said = said_by(caplog)
    assert [line.split(" by ")[0] for line in said if line.startswith("log-in")] == [
        "log-in failed at /login",
        "log-in ok at /login",
        "log-in failed at /auth/login",
    ]
    assert known in said[1]
    assert not any(word in line for line in said for word in ("ann", "example.org", made, "127.0.0.1"))


def test_the_log_says_what_was_refused_and_which_door_was_shut(app: Flask, caplog):
    browser = app.test_client()
    browser.get("/api/v1/user/profile")
    browser.get("/api/v1/nowhere")
    for _ in range(11):
        browser.post("/auth/login", json={"email": "ann@example.org", "password": "wrong"})
    said = [" ".join(line.split()[:4]) for line in said_by(caplog) if line.startswith("refused")]
    assert "refused 401 GET /api/v1/user/profile" in said
    assert "refused 404 GET /api/v1/nowhere" in said or "refused 404 GET -" in said
    assert said[-1] == "refused 429 POST /auth/login"


def test_a_log_in_does_not_wait_longer_than_ten_minutes_for_its_second_proof(app: Flask):
    browser = app.test_client()
    for age, waits in ((events.PENDING_S - 5, True), (events.PENDING_S + 5, False)):
        with browser.session_transaction() as kept:
            kept |= {"tf_user_id": "x", "tf_state": "ready", events.PENDING_AT: time.time() - age}
        browser.get("/legal/terms")
        with browser.session_transaction() as kept:
            assert ("tf_user_id" in kept, "tf_state" in kept) == (waits, waits)


def test_a_password_that_another_chose_opens_nothing_but_the_choice_of_ones_own(app: Flask):
    with app.app_context():
        made = staff.make_staff(HOUSE, email="rao@example.org", password=PASSWORD, role=Role.DOCTOR, first=True)
    browser = app.test_client()
    refused = browser.post("/auth/login", json={"email": "rao@example.org", "password": PASSWORD})
    assert refused.status_code == 401
    assert log_in(browser, "rao@example.org", PASSWORD).status_code == 302
    for path in ("/account", "/data", "/data/export"):
        assert browser.get(path).location == "/account/password"
    page = browser.get("/account/password")
    assert page.status_code == 200
    said = {"password": PASSWORD, "new_password": OWN, "new_password_confirm": OWN, "csrf_token": token(page.text)}
    assert browser.post("/account/password", data=said).status_code == 302
    assert browser.get("/account").status_code == 200
    with app.app_context():
        assert not has_first_password(made)
