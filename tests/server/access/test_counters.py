"""Redis away, slow and flapping: a door answers in time and never opens without counting (R31, R5)."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis
from flask import Flask

from somnia_server import create_server
from somnia_server.access import counters
from somnia_server.access.doors import door_opened, limit_requests
from somnia_server.settings import Settings
from tests import reports
from tests.server.access.people import EMAIL, Person
from tests.server.access.test_doors import attempt
from tests.server.wires import Wire

PATIENCE_S = 3.0
LIMIT = 10


@pytest.fixture
def line(redis_url: str) -> Iterator[Wire]:
    port = int(redis_url.rpartition(":")[2].partition("/")[0])
    with redis.Redis(port=port) as client:
        client.flushall()
    made = Wire(("127.0.0.1", port))
    yield made
    made.close()


@pytest.fixture
def house(settings: Settings, line: Wire) -> Flask:
    return create_server(replace(settings, access=replace(settings.access, rate_storage=f"redis://127.0.0.1:{line.port}/0")))


def tried(app: Flask, account: str, times: int) -> int:
    return sum(attempt(app, account, f"192.0.2.{i % 250}") for i in range(times))


@pytest.mark.parametrize("fault", ["cut", "mute"])
def test_without_redis_a_door_still_counts_and_answers_in_time(house: Flask, line: Wire, fault: str):
    getattr(line, fault)()
    begin = time.monotonic()
    assert tried(house, EMAIL, 1) == 1
    assert time.monotonic() - begin < PATIENCE_S
    assert tried(house, EMAIL, 40) == LIMIT - 1
    assert tried(house, "somebody.else@example.org", 1) == 1


@pytest.mark.parametrize("fault", ["cut", "mute"])
def test_somebody_logs_in_while_redis_is_away(house: Flask, line: Wire, fault: str):
    person = Person(house)
    person.register()
    person.log_out()
    getattr(line, fault)()
    begin = time.monotonic()
    assert person.log_in().status_code == 302
    assert time.monotonic() - begin < PATIENCE_S
    with house.test_request_context():
        door_opened(EMAIL)
        limit_requests("u-1", 1)


def test_a_server_starts_without_redis(settings: Settings, line: Wire):
    line.cut()
    app = create_server(replace(settings, access=replace(settings.access, rate_storage=f"redis://127.0.0.1:{line.port}/0")))
    assert tried(app, EMAIL, 40) == LIMIT


def test_redis_that_comes_back_empty_gives_nobody_more_tries(house: Flask, line: Wire, redis_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(counters, "REST_S", 0.0)
    line.cut()
    assert tried(house, EMAIL, 4) == 4
    line.mend()
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    assert tried(house, EMAIL, 40) == LIMIT - 4
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() > 0  # it is asked again


def flap(app: Flask, line: Wire, redis_url: str, *, times: int) -> tuple[int, float]:
    """Let Redis come and go, and forget; return how many tries at one account passed, and the longest answer [s]."""
    passed, longest = 0, 0.0
    for i in range(times):
        (line.cut if i % 2 else line.mute)()
        for _ in range(2):
            begin = time.monotonic()
            passed += tried(app, EMAIL, 1)
            longest = max(longest, time.monotonic() - begin)
        line.mend()
        with redis.Redis.from_url(redis_url) as client:
            client.flushall()
        for _ in range(2):
            begin = time.monotonic()
            passed += tried(app, EMAIL, 1)
            longest = max(longest, time.monotonic() - begin)
    return passed, longest


@pytest.mark.sqlite
@pytest.mark.parametrize("times", [6, pytest.param(100, marks=pytest.mark.slow)])
def test_flapping_opens_no_door(house: Flask, line: Wire, redis_url: str, monkeypatch: pytest.MonkeyPatch, times: int):
    monkeypatch.setattr(counters, "REST_S", 0.05)
    passed, longest = flap(house, line, redis_url, times=times)
    assert passed == LIMIT
    assert longest < PATIENCE_S
    if times >= 100:
        found = {
            "flaps: Redis refuses or falls silent, comes back empty": str(times),
            "tries at one account": str(4 * times),
            "of which passed (at most 10 in a quarter of an hour)": str(passed),
            "longest answer of a door (at most 3 s)": f"{longest:.2f} s",
        }
        reports.keep("r31-redis", "R31: Redis away, silent and flapping", found=found)
