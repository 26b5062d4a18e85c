from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from sqlalchemy import text

from somnia_server.store.accounts import HOUSE, set_active
from somnia_server.store.sessions import end_sessions
from somnia_server.store.tables import db
from tests.server.api.conftest import PASSWORD

ME = "/api/v1/user/profile"


def test_who_logs_in_reads_their_own_profile(program):
    ann = program()
    assert ann.tokens["expires_in"] == 600
    assert ann.get(ME).status_code == 200


@pytest.mark.parametrize(
    ("email", "password"), [("ann@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("no address", PASSWORD), ("", "x")]
)
def test_a_wrong_address_and_a_wrong_password_are_refused_in_the_same_words(program, email, password):
    answer = program().post("/auth/login", json={"email": email, "password": password}, bearer=None)
    assert answer.status_code == 401
    assert answer.get_json()["error"]["message"] == "The address, the password or the code is not right."


def test_a_token_opens_what_its_scopes_name_and_no_more(program):
    ann = program()
    asked = {"email": ann.email, "password": PASSWORD, "scope": "nights:read"}
    token = ann.post("/auth/login", json=asked, bearer=None).get_json()["access_token"]
    assert ann.get("/api/v1/nights", bearer=token).status_code == 200
    assert ann.get(ME, bearer=token).status_code == 403
    assert ann.post("/auth/login", json=asked | {"scope": "everything"}, bearer=None).status_code == 422


def test_a_refresh_token_counts_once_and_a_second_time_ends_its_family(program):
    ann = program()
    second = ann.refresh()
    assert second.status_code == 200
    assert second.get_json()["refresh_token"] != ann.tokens["refresh_token"]
    assert ann.get(ME, bearer=second.get_json()["access_token"]).status_code == 200
    assert ann.refresh().status_code == 401
    assert ann.get(ME, bearer=second.get_json()["access_token"]).status_code == 401
    ann.tokens = second.get_json()
    assert ann.refresh().status_code == 401


def test_of_many_who_bring_the_same_refresh_token_at_once_one_gets_the_next(program):
    ann = program()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ann.refresh().status_code, range(8)))
    assert sorted(answers) == [200] + [401] * 7


def test_logging_out_ends_the_access_token_at_once(program):
    ann = program()
    assert ann.post("/auth/logout", json={"refresh_token": ann.tokens["refresh_token"]}, bearer=None).status_code == 204
    assert ann.get(ME).status_code == 401
    assert ann.post("/auth/logout", json={"refresh_token": "unknown"}, bearer=None).status_code == 204


def test_a_disabled_account_and_one_logged_out_everywhere_have_no_token_left(program, app):
    ann, bob = program(), program("bob@example.org")
    with app.app_context():
        set_active(HOUSE, ann.actor.id, active=False)
        end_sessions(bob.actor.id)
    assert ann.get(ME).status_code == 401
    assert bob.get(ME).status_code == 401
    assert ann.post("/auth/login", json={"email": ann.email, "password": PASSWORD}, bearer=None).status_code == 401


def test_an_expired_refresh_token_does_not_count(program, app):
    ann = program()
    with app.app_context():
        db.session.execute(text("UPDATE refresh_tokens SET expires_at = '2020-01-01 00:00:00'"))
        db.session.commit()
    assert ann.refresh().status_code == 401
    assert ann.get(ME).status_code == 401


def test_tokens_lie_on_disk_as_digests_only(program, app, settings):
    ann = program()
    kept = b"".join(path.read_bytes() for path in settings.instance.rglob("somnia.db*"))
    assert ann.tokens["refresh_token"].encode() not in kept
    assert ann.tokens["access_token"].encode() not in kept


def test_a_cookie_counts_nothing_at_the_api(program, app):
    browser = app.test_client()
    browser.post("/login", data={"email": program().email, "password": PASSWORD})
    assert browser.get(ME).status_code == 401


def test_too_many_tries_are_refused_with_the_time_to_wait(program):
    ann = program()
    answers = [ann.post("/auth/login", json={"email": ann.email, "password": "wrong"}, bearer=None) for _ in range(12)]
    assert [answer.status_code for answer in answers].count(401) == 10
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert answers[-1].get_json()["error"]["status"] == 429


def test_the_101st_request_in_a_minute_waits_and_others_do_not(program):
    ann, bob = program(), program("bob@example.org")
    answers = [ann.get(ME).status_code for _ in range(101)]
    assert answers == [200] * 100 + [429]
    assert bob.get(ME).status_code == 200
    assert int(ann.get(ME).headers["Retry-After"]) <= 60


def test_an_access_token_says_nothing_of_a_person(program):
    ann = program()
    said = jwt.decode(ann.tokens["access_token"], options={"verify_signature": False})
    assert set(said) == {"iss", "aud", "sub", "iat", "exp", "jti", "family", "scope"}
    assert ann.email not in str(said)


def test_a_token_that_asked_for_no_scope_opens_nothing(program):
    ann = program()
    token = ann.post("/auth/login", json={"email": ann.email, "password": PASSWORD}, bearer=None).get_json()
    assert token["scope"] == ""
    assert ann.get(ME, bearer=token["access_token"]).status_code == 403


def test_every_counted_answer_says_how_much_may_be_asked_for_yet(program):
    ann = program()
    first, second = ann.get(ME), ann.get("/api/v1/user/export")
    assert first.headers["RateLimit-Limit"] == first.headers["X-RateLimit-Limit"] == "100"
    assert int(first.headers["RateLimit-Remaining"]) - int(second.headers["RateLimit-Remaining"]) == 10
    assert 0 < int(second.headers["RateLimit-Reset"]) <= 60


def test_a_program_lists_those_that_act_for_its_person_and_ends_itself(program):
    ann, ben = program(), program("ben@example.org")
    (found,) = ann.get("/api/v1/user/programs").get_json()["programs"]
    own = f"/api/v1/user/programs/{found['id']}"
    assert ben.client.delete(own, headers=ben.headers()).status_code == 404
    assert ann.client.delete(own, headers=ann.headers()).status_code == 204
    assert ann.get(ME).status_code == 401
