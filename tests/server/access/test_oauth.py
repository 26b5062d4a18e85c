import base64
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from flask_security import hash_password
from sqlalchemy import text, update

from somnia_server.access.oauth import ClientError, register_client
from somnia_server.store.accounts import HOUSE, make_account
from somnia_server.store.actors import Role
from somnia_server.store.house import now
from somnia_server.store.tables import RefreshRow, db
from somnia_server.store.tokens import FAMILY_LASTS
from tests.server.api.conftest import PASSWORD, app

__all__ = ["app"]
BACK = "https://program.example.org/back"
VERIFIER = "a-verifier-of-more-than-forty-three-characters-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
NIGHTS = "/api/v1/nights"


class Asking:
    """A registered program, and the browser of somebody who is logged in."""

    def __init__(self, app: Flask) -> None:
        self.app, self.browser, self.client = app, app.test_client(), app.test_client(use_cookies=False)
        with app.app_context():
            make_account(HOUSE, email="ann@example.org", password_hash=hash_password(PASSWORD), role=Role.USER)
            self.id = register_client(HOUSE, name="A program", redirect_uris=(BACK,), scope="nights:read profile:read")
        token = self._token(self.browser.get("/login").text)
        said = {"email": "ann@example.org", "password": PASSWORD, "csrf_token": token}
        assert self.browser.post("/login", data=said).status_code == 302

    def _token(self, page: str) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found is not None
        return found[1]

    def address(self, **more: str | None) -> str:
        said = {"response_type": "code", "client_id": self.id, "redirect_uri": BACK, "scope": "nights:read", "state": "s t&1"}
        said |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        return "/auth/authorize?" + urlencode({name: value for name, value in (said | more).items() if value is not None})

    def say(self, answer: str = "yes", **more: str | None) -> Any:
        page = self.browser.get(self.address(**more))
        assert page.status_code == 200, page.text
        return self.browser.post(self.address(**more), data={"answer": answer, "csrf_token": self._token(page.text)})

    def code(self, **more: str | None) -> str:
        return parse_qs(urlsplit(self.say(**more).location).query)["code"][0]

    def token(self, found: str, **more: str | None) -> Any:
        said = {"grant_type": "authorization_code", "client_id": self.id, "redirect_uri": BACK, "code": found, "code_verifier": VERIFIER}
        return self.client.post("/auth/token", data={name: value for name, value in (said | more).items() if value is not None})

    def refresh(self, refresh_token: str) -> Any:
        said = {"grant_type": "refresh_token", "client_id": self.id, "refresh_token": refresh_token}
        return self.client.post("/auth/token", data=said)

    def get(self, path: str, access_token: str) -> int:
        return int(self.client.get(path, headers={"Authorization": f"Bearer {access_token}"}).status_code)


@pytest.fixture
def asking(app: Flask) -> Asking:
    return Asking(app)


def test_a_persons_yes_gives_a_program_what_was_asked_for_and_no_more(asking):
    answer = asking.say()
    assert answer.location.startswith(f"{BACK}?")
    assert parse_qs(urlsplit(answer.location).query)["state"] == ["s t&1"]
    tokens = asking.token(asking.code()).get_json()
    assert tokens["scope"] == "nights:read"
    assert asking.get(NIGHTS, tokens["access_token"]) == 200
    assert asking.get("/api/v1/user/profile", tokens["access_token"]) == 403


def test_the_page_names_the_program_and_may_lead_back_to_it_only(asking):
    page = asking.browser.get(asking.address())
    assert "A program" in page.text
    assert "form-action 'self' https://program.example.org;" in page.headers["Content-Security-Policy"]
    assert re.search(r"<script(?![^>]*src=)", page.text) is None


def test_a_no_gives_nothing(asking):
    assert parse_qs(urlsplit(asking.say("no").location).query)["error"] == ["access_denied"]


def test_who_is_not_logged_in_is_led_to_the_log_in(asking):
    answer = asking.client.get(asking.address())
    assert answer.status_code in (302, 401)
    assert "code=" not in (answer.location or "").partition("next=")[0]


def test_a_yes_without_the_forms_token_or_from_another_site_counts_nothing(asking):
    assert asking.browser.post(asking.address(), data={"answer": "yes"}).status_code == 400
    page = asking.browser.get(asking.address())
    said = {"answer": "yes", "csrf_token": asking._token(page.text)}
    assert asking.browser.post(asking.address(), data=said, headers={"Origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize("back", [f"{BACK}/", f"{BACK}?x=1", "https://program.example.org", "https://evil.example/back", f"{BACK}#x", None])
def test_an_address_that_was_not_registered_letter_by_letter_gets_no_answer(asking, back):
    answer = asking.browser.get(asking.address(redirect_uri=back))
    assert answer.status_code == 400
    assert answer.location is None


@pytest.mark.parametrize(
    "more", [{"code_challenge": None}, {"code_challenge_method": "plain"}, {"code_challenge_method": None}, {"code_challenge": "short"}]
)
def test_a_request_without_pkce_by_s256_is_refused(asking, more):
    answer = asking.browser.get(asking.address(**more))
    assert parse_qs(urlsplit(answer.location).query)["error"] == ["invalid_request"]


@pytest.mark.parametrize(
    "more", [{"scope": "account"}, {"scope": "nights:read admin"}, {"response_type": "token"}, {"client_id": "unknown"}]
)
def test_what_a_program_was_not_registered_for_is_refused(asking, more):
    answer = asking.browser.get(asking.address(**more))
    assert answer.status_code in (302, 400, 401)
    assert "error" in (answer.location or answer.text)
    assert "code=" not in (answer.location or "")


@pytest.mark.parametrize(
    "more", [{"code_verifier": "x" * 43}, {"code_verifier": None}, {"redirect_uri": f"{BACK}2"}, {"client_id": "unknown"}, {"code": "x"}]
)
def test_a_code_counts_only_with_all_that_belongs_to_it(asking, more):
    code = asking.code()
    assert asking.token(code, **more).status_code in (400, 401)
    assert asking.token(code).status_code == 200


def test_a_code_counts_once_and_a_second_time_ends_what_it_gave(asking):
    code = asking.code()
    first = asking.token(code).get_json()
    assert asking.token(code).get_json()["error"] == "invalid_grant"
    assert asking.get(NIGHTS, first["access_token"]) == 401


def test_of_many_who_bring_the_same_code_at_once_at_most_one_gets_tokens(asking):
    code = asking.code()
    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(lambda _: asking.token(code).status_code, range(6)))
    assert answers == [200] + [400] * 5


def test_an_old_code_does_not_count(asking, app):
    code = asking.code()
    with app.app_context():
        db.session.execute(text("UPDATE codes SET expires_at = '2020-01-01 00:00:00'"))
        db.session.commit()
    assert asking.token(code).status_code == 400


def test_a_programs_refresh_token_rotates_and_a_second_time_ends_its_family(asking):
    first = asking.token(asking.code()).get_json()
    second = asking.refresh(first["refresh_token"]).get_json()
    assert asking.get(NIGHTS, second["access_token"]) == 200
    assert asking.refresh(first["refresh_token"]).status_code == 400
    assert asking.get(NIGHTS, second["access_token"]) == 401


def test_a_programs_refresh_token_counts_nothing_with_our_own_programs(asking):
    first = asking.token(asking.code()).get_json()
    assert asking.client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]}).status_code == 401


def test_a_program_gives_its_tokens_back(asking):
    first = asking.token(asking.code()).get_json()
    assert asking.client.post("/auth/revoke", data={"client_id": asking.id, "token": first["refresh_token"]}).status_code == 200
    assert asking.get(NIGHTS, first["access_token"]) == 401


def test_guessing_at_the_door_of_tokens_is_stopped(asking):
    assert [asking.token("x").status_code for _ in range(32)][-1] == 429


@pytest.mark.parametrize(
    "uri", ["http://program.example.org/x", "javascript:alert(1)", "https://a@b.example/", f"{BACK}#x", "https://*.example/", "x", ""]
)
def test_a_program_is_not_registered_at_an_unsafe_address(app, uri):
    with app.app_context(), pytest.raises(ClientError):
        register_client(HOUSE, name="A program", redirect_uris=(uri,), scope="nights:read")


def test_an_administrator_registers_a_program_by_a_command(app):
    run = app.test_cli_runner().invoke
    done = run(args=["somnia", "add-client", "--name", "X", "--redirect", "http://127.0.0.1:9/x", "--scope", "nights:read"])
    assert (done.exit_code, len(done.output.strip())) == (0, 32)
    assert run(args=["somnia", "add-client", "--name", "X", "--redirect", BACK, "--scope", "everything"]).exit_code == 1


def test_a_person_sees_which_programs_act_for_them_and_ends_one(asking):
    first, second = (asking.token(asking.code()).get_json() for _ in range(2))
    page = asking.browser.get("/account").text
    assert page.count("A program") == 2
    found = re.search(r'name="program" value="([0-9a-f]+)"', page)
    assert found is not None
    said = {"program": found[1], "csrf_token": asking._token(page)}
    assert asking.browser.post("/account/programs/end", data=said, follow_redirects=True).text.count("A program") == 1
    assert sorted(asking.get(NIGHTS, one["access_token"]) for one in (first, second)) == [200, 401]


def test_a_withdrawn_program_may_nothing_any_more(asking, app):
    tokens = asking.token(asking.code()).get_json()
    run = app.test_cli_runner().invoke
    assert run(args=["somnia", "remove-client", asking.id]).exit_code == 0
    assert run(args=["somnia", "remove-client", asking.id]).exit_code == 1
    assert asking.get(NIGHTS, tokens["access_token"]) == 401
    assert asking.refresh(tokens["refresh_token"]).status_code in (400, 401)
    assert "code=" not in (asking.browser.get(asking.address()).location or "")


def test_a_family_of_tokens_ends_by_its_age_however_often_it_came_back(asking, app):
    tokens = asking.token(asking.code()).get_json()
    with app.app_context():
        at = now() - FAMILY_LASTS + timedelta(days=3)
        db.session.execute(update(RefreshRow).values(began_at=at))
        db.session.commit()
    later = asking.refresh(tokens["refresh_token"]).get_json()
    assert 0 < later["refresh_expires_in"] <= timedelta(days=3).total_seconds()
