from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask import Flask
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select

from somnia_server import create_server
from somnia_server.access_settings import AccessSettings
from somnia_server.settings import Settings, SettingsError
from somnia_server.store.accounts import HOUSE, find_account, set_active
from somnia_server.store.tables import AuditRow, UserRow, session
from tests.server.access.people import EMAIL, Person, words
from tests.server.access.provider import Provider

pytestmark = pytest.mark.sqlite  # about forms and mails; what the database has to hold is asked of both kinds in the store's tests


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def app(settings: Settings, provider: Provider) -> Flask:
    said = AccessSettings(oidc_issuer=provider.issuer, oidc_client_id=provider.client_id, oidc_client_secret=provider.client_secret)
    app = create_server(replace(settings, access=said))
    app.add_url_rule("/", "home", lambda: "home")
    return app


def visit(person: Person, provider: Provider):
    """Go to the provider and come back with its answer."""
    away = person.get("/login/identity")
    assert away.status_code == 302
    back = urlsplit(provider.authorize(away.location))
    return person.get(f"{back.path}?{back.query}")


@pytest.fixture
def ann(app: Flask, provider: Provider) -> Person:
    """Return somebody whose account is linked with an identity, logged out."""
    person = Person(app)
    person.register()
    assert visit(person, provider).location == "/account/identity"
    assert person.post("/account/identity").location == "/account"
    person.log_out()
    return person


def test_a_linked_identity_opens_its_account(ann, app, provider):
    other = Person(app)
    assert visit(other, provider).location == "/"
    assert other.inside
    assert len(set(provider.challenges)) == 2, "each visit has its own proof key"


def test_an_identity_that_is_not_linked_opens_nothing_whatever_address_it_claims(app, provider):
    Person(app).register()
    provider.lies = {"email": EMAIL, "email_verified": False}
    person = Person(app)
    assert visit(person, provider).location == "/login"
    assert "No account is linked" in words(person.get("/login"))
    assert not person.inside
    provider.lies = {"email": EMAIL, "email_verified": True}
    assert visit(person, provider).location == "/login"
    assert not person.inside


def test_nobody_is_linked_without_agreeing_on_our_own_page(app, provider):
    person = Person(app)
    person.register()
    visit(person, provider)
    assert person.client.post("/account/identity", **person.extra).status_code == 400, "a form of another site"
    with app.app_context():
        assert session().scalars(select(UserRow.oidc_subject)).one() is None


def test_an_identity_belongs_to_one_account(ann, app, provider):
    other = Person(app)
    other.register(email="other@example.org")
    visit(other, provider)
    other.post("/account/identity")
    assert "linked with another account" in words(other.get("/account"))
    other.log_out()
    visit(other, provider)
    assert EMAIL in words(other.get("/account"))


def test_a_link_can_be_removed_and_both_stand_in_the_log(ann, app, provider):
    ann.log_in()
    ann.post("/account/identity", remove="1")
    ann.log_out()
    assert visit(ann, provider).location == "/login"
    with app.app_context():
        assert session().scalars(select(AuditRow.action)).all().count("account.identity") == 2


def test_who_the_provider_knows_is_kept_sealed(ann, disk, provider):
    kept = disk()
    assert provider.subject.encode() not in kept


def test_no_token_of_the_provider_is_kept(ann, disk, provider):
    given = provider.given
    assert given
    cookies = "".join(ann.client.get_cookie(name).value for name in ("somnia", "somnia_visitor") if ann.client.get_cookie(name))
    kept = disk()
    for token in given:
        assert token.encode() not in kept
        assert token not in cookies


def test_a_disabled_account_stays_closed(ann, app, provider):
    with app.app_context():
        set_active(HOUSE, find_account(EMAIL).id, active=False)
    assert visit(ann, provider).location == "/login"
    assert not ann.inside


@pytest.mark.parametrize(
    "lies",
    [{"iss": "http://127.0.0.1:1"}, {"aud": "another"}, {"nonce": "of another visit"}, {"nonce": None}, {"exp": 1}, {"sub": None}],
    ids=lambda lies: next(iter(lies)),
)
def test_an_answer_that_was_not_made_for_us_now_is_not_believed(ann, provider, lies):
    provider.lies = lies
    assert visit(ann, provider).location == "/login"
    assert "did not vouch" in words(ann.get("/login"))
    assert not ann.inside


def test_a_signature_of_another_key_is_not_believed(ann, provider):
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "1"}, auto_kid=False)
    assert visit(ann, provider).location == "/login"
    assert not ann.inside


def test_a_signature_with_the_shared_secret_is_not_believed(ann, provider):
    provider.signs_with = OctKey.import_key(provider.client_secret + "!" * 32)
    provider.header = {"alg": "HS256", "kid": "1"}
    assert visit(ann, provider).location == "/login"
    assert not ann.inside


def test_a_provider_that_calls_itself_something_else_is_not_believed(ann, app, provider, settings):
    provider.claimed = "http://127.0.0.1:1"
    said = AccessSettings(oidc_issuer=provider.issuer, oidc_client_id=provider.client_id, oidc_client_secret=provider.client_secret)
    person = Person(create_server(replace(settings, access=said)))
    assert visit(person, provider).location == "/login"
    assert not person.inside


def test_an_answer_without_its_question_is_not_believed(ann, app, provider):
    away = ann.get("/login/identity").location
    back = urlsplit(provider.authorize(away))
    thief = Person(app)
    assert thief.get(f"{back.path}?{back.query}").location == "/login"
    assert not thief.inside
    assert ann.get(f"{back.path}?{back.query}").location == "/"
    ann.log_out()
    assert ann.get(f"{back.path}?{back.query}").location == "/login", "and each answer once"


@pytest.mark.parametrize("query", ["", "?code=x", "?code=x&state=y", "?error=access_denied&error_description=%3Cb%3E", "?state[]=1"])
def test_nonsense_leads_back_to_the_log_in(app, query):
    person = Person(app)
    assert person.get(f"/login/identity/answer{query}").location == "/login"
    assert "<b>" not in person.get("/login").text.split("<main")[1]


def test_a_provider_that_is_not_there_is_said(settings):
    app = create_server(replace(settings, access=AccessSettings(oidc_issuer="http://127.0.0.1:9", oidc_client_id="x")))
    person = Person(app)
    assert person.get("/login/identity").location == "/login"
    assert "did not vouch" in words(person.get("/login"))


def test_without_a_provider_its_addresses_are_closed(settings):
    person = Person(create_server(settings))
    assert person.get("/login/identity").status_code == 404
    assert "Log in through" not in words(person.get("/login"))


def test_a_provider_elsewhere_has_to_speak_https(environ):
    with pytest.raises(SettingsError, match="not https"):
        Settings.from_env(environ | {"SOMNIA_OIDC_ISSUER": "http://id.example.org", "SOMNIA_OIDC_CLIENT_ID": "x"})
