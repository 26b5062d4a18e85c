"""Nobody is told a word of another's: thousands of odd requests, and forged state in what pages send."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from dash import Dash

from app import create_app
from somnia_engine.text import Text
from somnia_server.settings import Settings
from somnia_server.store.nights import Kept, save_night
from tests.cast import NIGHT, Cast, make_cast
from tests.components.made import night
from tests.pages.test_matrix import callbacks, filled, request_of
from tests.reports import keep

STRANGERS = ("other", "doctor_without", "doctor_revoked", "admin", "visitor", "kiosk")


@pytest.fixture(scope="module")
def dash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dash]:
    folder = tmp_path_factory.mktemp("house")
    dash = create_app(
        Settings.from_env({"SOMNIA_INSTANCE": str(folder / "instance"), "SOMNIA_KEY_FILE": str(folder / "keys" / "master.key")})
    )
    yield dash
    cache: Any = dash._background_manager
    cache.handle.close()


@pytest.fixture(scope="module")
def cast(dash: Dash) -> Cast:
    cast = make_cast(dash.server, night())
    with dash.server.app_context():
        marked = replace(night(), notes=(Text(cast.mark()),))
        cast.night_id = save_night(cast.ids["patient"], marked, kept=Kept(NIGHT, "marked"))
    return cast


def odd(rng: random.Random, cast: Cast) -> Any:
    """Return a value that a forged request may carry: the patient's ids among them."""
    return rng.choice(
        [
            cast.night_id,
            cast.ids["patient"],
            f"/night/{cast.night_id}",
            {"id": cast.night_id},
            [cast.ids["patient"]],
            None,
            -1,
            1e308,
            "' OR 1=1 --",
            "../../etc/passwd",
            "<script>alert(1)</script>",
            "\x00",
            "x" * 5000,
            True,
            [],
            {},
        ]
    )


def mutated(rng: random.Random, value: Any, cast: Cast) -> Any:
    """Return a body in which something was changed at a random place."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(sorted(value))
        if rng.random() < 0.15:
            return {k: v for k, v in value.items() if k != key}
        return value | {key: mutated(rng, value[key], cast)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [*value[:at], mutated(rng, value[at], cast), *value[at + 1 :]]
    return odd(rng, cast)


def forged(dash: Dash, cast: Cast, times: int) -> list[tuple[Any, ...]]:
    """Send mutants of what pages send, by people who may not see the patient; return what leaked or broke."""
    recorded = [request_of(output, callback) for output, callback in callbacks(dash).items() if not callback.get("background")]
    wrong = []
    for seed in range(times):
        rng = random.Random(seed)
        body = json.loads(json.dumps(rng.choice(recorded)))
        for _ in range(rng.randrange(1, 4)):
            body = mutated(rng, body, cast)
        name = rng.choice(STRANGERS)
        answer = cast.call(name, body)
        if answer.status_code >= 500 or cast.leaks(answer.get_data()) or cast.leaks(str(answer.headers)):
            wrong.append((seed, name, answer.status_code))
    return wrong


def asked(dash: Dash, cast: Cast, times: int) -> list[tuple[Any, ...]]:
    """Send odd requests to every address, by people who may not see the patient; return what leaked or broke."""
    rules = [rule for rule in dash.server.url_map.iter_rules() if "assets" not in rule.rule and rule.rule != "/login"]
    wrong = []
    for seed in range(times):
        rng = random.Random(seed)
        rule, name = rng.choice(rules), rng.choice(STRANGERS)
        path = filled(cast, rule.rule) + rng.choice(["", "x/", "?of=" + cast.ids["patient"], "x/..%2f", "%00", "?" + "a" * 500])
        method = rng.choice(["GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
        more: dict[str, Any] = {} if rng.random() < 0.5 else {"json": {"id": odd(rng, cast), "email": "patient@example.org"}}
        with cast.browsers[name].open(path, method=method, **more) as answer:
            if answer.status_code >= 500 or cast.leaks(answer.get_data()) or cast.leaks(str(answer.headers)):
                wrong.append((seed, name, method, path[:80], answer.status_code))
    return wrong


def test_forged_state_shows_nothing_of_another_and_breaks_nothing(dash: Dash, cast: Cast) -> None:
    assert forged(dash, cast, 400) == []


def test_odd_requests_show_nothing_of_another_and_break_nothing(dash: Dash, cast: Cast) -> None:
    assert asked(dash, cast, 500) == []


@pytest.mark.slow
def test_five_thousand_forged_bodies_show_nothing(dash: Dash, cast: Cast) -> None:
    wrong = forged(dash, cast, 5000)
    keep("r3-forged", "Forged state of pages (R3)", found={"mutants of callback bodies": "5,000", "leaks or 5xx": str(len(wrong))})
    assert wrong == []


@pytest.mark.slow
def test_ten_thousand_odd_requests_show_nothing(dash: Dash, cast: Cast) -> None:
    wrong = asked(dash, cast, 10_000)
    keep(
        "r2-leaks",
        "No byte of one person reaches another (R2)",
        found={"odd requests by six who may not": "10,000", "leaks or 5xx": str(len(wrong))},
    )
    assert wrong == []
