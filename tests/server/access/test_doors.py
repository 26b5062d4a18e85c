import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from flask import Flask
from sqlalchemy import select
from werkzeug.exceptions import TooManyRequests

from somnia_server import create_server
from somnia_server.access.doors import CREDENTIAL_DOORS, client_address, door_opened, limit_requests, try_door, use_once
from somnia_server.settings import Settings
from somnia_server.store.house import now
from somnia_server.store.tables import TryRow, session
from tests import reports
from tests.server.access.people import EMAIL, PASSWORD, Person, words
from tests.server.databases import kind_of

PROJECT = Path(__file__).resolve().parents[3]
HAMMER = """
import sys
from tests.server.access.test_doors import hammer
from somnia_server import create_server
from somnia_server.settings import Settings
print(hammer(create_server(Settings.from_env()), int(sys.argv[1]), sys.argv[2]))
"""


def attempt(app: Flask, account: str | None, at: str) -> bool:
    with app.test_request_context(environ_overrides={"REMOTE_ADDR": at}):
        try:
            try_door(account)
        except TooManyRequests:
            return False
        return True


def hammer(app: Flask, tries: int, account: str) -> int:
    """Return how many of so many tries at one account pass, each from an address of its own, eight at once."""
    places = [f"10.{i // 65536}.{i // 256 % 256}.{i % 256}" for i in range(tries)]
    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(lambda at: attempt(app, account, at), places))


def hammer_from(app: Flask, tries: int, at: str) -> int:
    """Return how many of so many tries from one address pass, each at an account of its own, eight at once."""
    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(lambda i: attempt(app, f"p{i}@example.org", at), range(tries)))


@pytest.fixture
def redis_app(settings: Settings, redis_url: str) -> Flask:
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    return create_server(replace(settings, access=replace(settings.access, rate_storage=redis_url)))


@pytest.mark.parametrize("tries", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_exactly_ten_of_many_parallel_tries_pass_across_two_processes(app, environ, tries):
    command = [sys.executable, "-c", HAMMER, str(tries // 2), EMAIL]
    processes = [subprocess.Popen(command, cwd=PROJECT, env=environ, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sum(int(process.communicate()[0]) for process in processes) == 10
    assert attempt(app, EMAIL, "192.0.2.1") is False
    assert attempt(app, "somebody.else@example.org", "192.0.2.1") is True
    if tries == 1000:
        found = {"tries at one account, from 1,000 addresses, 16 at once in 2 processes": f"{tries:,}", "tries that passed": "10"}
        reports.keep(f"r5-doors-{kind_of(environ)}", f"Brute force at a door (R5, {kind_of(environ)})", found=found)


def test_exactly_thirty_tries_pass_from_one_address(app):
    assert hammer_from(app, 60, "192.0.2.9") == 30
    assert attempt(app, None, "192.0.2.9") is False
    assert attempt(app, None, "192.0.2.10") is True


def test_redis_counts_as_exactly(redis_app):
    assert hammer(redis_app, 300, EMAIL) == 10
    assert hammer_from(redis_app, 60, "192.0.2.9") == 30


def test_right_log_ins_are_given_back_in_redis_too(redis_app):
    with redis_app.test_request_context(environ_overrides={"REMOTE_ADDR": "192.0.2.1"}):
        for _ in range(31):
            try_door(EMAIL)
            door_opened(EMAIL)


def test_a_network_of_ipv6_counts_as_one_address(app):
    places = [f"2001:db8:0:1::{i:x}" for i in range(1, 35)]
    assert sum(attempt(app, None, at) for at in places) == 30
    assert attempt(app, None, "2001:db8:0:2::1") is True


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
    ],
)
def test_an_address_is_counted_as(app, given, counted):
    with app.test_request_context(environ_overrides={"REMOTE_ADDR": given}):
        assert client_address() == counted


def test_a_header_does_not_change_where_somebody_comes_from(app):
    with app.test_request_context(headers={"X-Forwarded-For": "203.0.113.5"}, environ_overrides={"REMOTE_ADDR": "192.0.2.1"}):
        assert client_address() == "192.0.2.1"


def test_behind_a_proxy_of_ours_the_header_counts(settings):
    create_server(settings)
    safe = replace(settings, secret_key="x" * 32, tls=True)
    app = create_server(replace(safe, access=replace(settings.access, proxies=1)))
    seen = []
    app.before_request_funcs[None].insert(0, lambda: seen.append(client_address()))
    app.test_client().get("/healthz", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.5"})
    assert seen == ["203.0.113.5"]


def test_tries_are_forgotten_a_quarter_of_an_hour_after_the_last_allowed_one(app):
    assert hammer(app, 12, EMAIL) == 10
    with app.app_context():
        for row in session().scalars(select(TryRow)):
            left = row.expires_at - now()
            assert timedelta(minutes=14) < left <= timedelta(minutes=15)
            row.expires_at = now() - timedelta(seconds=1)
        session().commit()
    assert hammer(app, 12, EMAIL) == 10


def test_the_eleventh_wrong_password_is_not_even_looked_at(app):
    person = Person(app)
    person.register()
    person.log_out()
    for i in range(10):
        assert "is not right" in words(person.log_in(password=f"wrong {i}")), i
    shut = person.log_in()
    assert shut.status_code == 429
    assert 0 < int(shut.headers["Retry-After"]) <= 900
    assert "Try again in 15 min." in words(shut)
    assert Person(app, at="192.0.2.77").log_in(email=f" {EMAIL.upper()}").status_code == 429


def test_who_logs_in_rightly_is_not_shut_out_nor_is_their_ward(app):
    person = Person(app)
    person.register()
    assert hammer_from(app, 29, "192.0.2.7") == 29
    for i in range(4):
        person.log_out()
        assert person.log_in().status_code == 302, i


def test_a_right_log_in_forgets_the_wrong_ones_of_its_account_only(app):
    person = Person(app)
    person.register()
    person.log_out()
    for _ in range(2):
        for _ in range(9):
            person.log_in(password="wrong")
        assert person.log_in().status_code == 302
        person.log_out()
    assert [attempt(app, None, "192.0.2.7") for _ in range(13)] == [True] * 12 + [False], "the address has 18 wrong ones"


@pytest.mark.parametrize("path", ["/account/password", "/account/verify"])
def test_a_stolen_session_may_not_guess_the_password_either(app, path):
    person = Person(app)
    person.register()
    said = {"password": "wrong", "new_password": PASSWORD, "new_password_confirm": PASSWORD}
    assert [person.post(path, **said).status_code for _ in range(11)] == [200] * 10 + [429]


def test_every_door_is_a_form_of_the_application(environ, settings):
    mail = replace(settings, access=replace(settings.access, smtp_host="127.0.0.1", smtp_from="somnia@example.org"))
    assert set(create_server(mail).view_functions) >= CREDENTIAL_DOORS


def test_a_program_may_ask_for_100_points_a_minute(app):
    with app.test_request_context():
        for cost in [1] * 70 + [20, 10]:
            limit_requests("u-1", cost)
        with pytest.raises(TooManyRequests) as shut:
            limit_requests("u-1", 1)
        assert 0 < shut.value.retry_after <= 60
        limit_requests("u-2", 1)


def test_many_programs_at_once_get_exactly_100_points(app):
    def ask(_: int) -> bool:
        with app.test_request_context():
            try:
                limit_requests("u-1", 1)
            except TooManyRequests:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(300))) == 100


def test_what_works_once_works_for_one_of_many(app):
    def use(_: int) -> bool:
        with app.app_context():
            return use_once("reset", "x")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(40))) == 1
