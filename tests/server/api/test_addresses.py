import pytest
from flask import Flask

from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store.accounts import HOUSE, set_active
from somnia_server.store.actors import Role
from tests.server.api.conftest import Program

ACCOUNTS = "/api/v1/admin/accounts"
SITE = "https://clinic.example.org"
ASKS = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture
def open_app(environ: dict[str, str]) -> Flask:
    more = {"SOMNIA_CORS_ORIGINS": SITE, "SOMNIA_ADMIN_ADDRESSES": "10.1.0.0/16, 2001:db8::/32"}
    return create_server(Settings.from_env(environ | more))


def listed(program: Program, address: str) -> int:
    answer = program.client.get(ACCOUNTS, headers=program.headers(), environ_base={"REMOTE_ADDR": address})
    return int(answer.status_code)


def test_an_administrator_lists_accounts_without_names(program, app):
    root, ann = program("root@example.org", Role.ADMIN), program()
    with app.app_context():
        set_active(HOUSE, ann.actor.id, active=False)
    answer = root.get(ACCOUNTS)
    found = {one["id"]: one for one in answer.get_json()["accounts"]}
    assert (found[ann.actor.id]["role"], found[ann.actor.id]["state"]) == ("user", "disabled")
    assert found[root.actor.id]["state"] == "active"
    assert "example.org" not in answer.text


def test_nobody_else_lists_accounts(program):
    for role in (Role.USER, Role.DOCTOR):
        assert program(f"{role}@example.org", role).get(ACCOUNTS).status_code == 404


def test_administration_is_closed_to_addresses_that_are_not_named(program, open_app):
    root = program("root@example.org", Role.ADMIN)
    assert [listed(root, one) for one in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1")] == [200] * 4
    assert [listed(root, one) for one in ("10.1.2.3", "192.168.1.1", "2001:db8::1", "", "x")] == [403] * 5
    there = Program(open_app, "there@example.org", Role.ADMIN)
    assert [listed(there, one) for one in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1")] == [200] * 3
    assert [listed(there, one) for one in ("127.0.0.1", "10.2.0.1", "2001:db9::1")] == [403] * 3


def test_a_header_that_names_another_address_opens_nothing(program):
    root = program("root@example.org", Role.ADMIN)
    said = root.headers() | {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1", "X-Real-IP": "127.0.0.1"}
    assert root.client.get(ACCOUNTS, headers=said, environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 403


def test_without_a_named_site_no_other_site_may_ask(program):
    client = program().client
    for answer in (
        client.options("/api/v1/nights", headers=ASKS | {"Origin": SITE}),
        client.get("/api/v1/health", headers={"Origin": SITE}),
    ):
        assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]


def test_a_named_site_asks_the_api_with_a_token_and_nothing_else(open_app):
    ann = Program(open_app, "ann@example.org", Role.USER)
    before = ann.client.options("/api/v1/nights", headers=ASKS | {"Origin": SITE})
    assert before.status_code == 204
    assert before.headers["Access-Control-Allow-Origin"] == SITE
    assert "Authorization" in before.headers["Access-Control-Allow-Headers"]
    answer = ann.client.get("/api/v1/nights", headers=ann.headers() | {"Origin": SITE})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, SITE)
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", f"{SITE}.evil.example", f"{SITE}/", SITE.upper(), "http://clinic.example.org"]
)
def test_other_sites_stay_closed_when_one_is_named(open_app, origin):
    answer = open_app.test_client().get("/api/v1/health", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_named_site_reads_neither_pages_nor_forms(open_app):
    for path in ("/login", "/auth/login", "/data"):
        assert "Access-Control-Allow-Origin" not in open_app.test_client().get(path, headers={"Origin": SITE}).headers


def test_addresses_and_sites_that_are_none_are_refused_at_the_start(environ):
    more = {"SOMNIA_ADMIN_ADDRESSES": "10.1.0.1/16 office", "SOMNIA_CORS_ORIGINS": "* https://a.example/path example.org https://*.example"}
    said = " ".join(Settings.from_env(environ).access.problems())
    assert said == ""
    with pytest.raises(Exception, match="SOMNIA_ADMIN_ADDRESSES=office") as refused:
        Settings.from_env(environ | more)
    assert str(refused.value).count("SOMNIA_CORS_ORIGINS=") == 4
