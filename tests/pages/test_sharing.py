"""The page on which people share and agree, asked as a browser asks it."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from dash import Dash

from app import create_app
from somnia_server.settings import Settings
from somnia_server.store import grants, guardians, persons, webhooks
from somnia_server.store.accounts import HOUSE, make_account
from somnia_server.store.actors import Actor, Role
from somnia_server.store.house import now
from somnia_server.store.persons import Profile
from somnia_server.store.processing import processing_refusal
from somnia_server.store.tables import WebhookRow, session
from tests.cast import Cast, make_cast
from tests.components.made import night
from tests.pages.test_matrix import callbacks, request_of


@pytest.fixture(scope="module")
def dash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dash]:
    folder = tmp_path_factory.mktemp("house")
    dash = create_app(
        Settings.from_env(
            {
                "SOMNIA_INSTANCE": str(folder / "instance"),
                "SOMNIA_KEY_FILE": str(folder / "keys" / "master.key"),
                "SOMNIA_WEBHOOK_HOSTS": "hooks.example.org",
            }
        )
    )
    yield dash
    cache: Any = dash._background_manager
    cache.handle.close()


@pytest.fixture(scope="module")
def cast(dash: Dash) -> Cast:
    return make_cast(dash.server, night())


def press(dash: Dash, cast: Cast, name: str, act: str, key: str = "", **said: Any) -> str:
    """Press a button of the sharing page, with what its fields say; return what is shown then."""
    body = request_of("sharing-body.children", callbacks(dash)["sharing-body.children"])
    pressed = {"type": "sharing-do", "act": act, "key": key}
    body["inputs"] = [[{"id": pressed, "property": "n_clicks", "value": 1}]]
    body["state"] = [
        [{"id": {"type": "sharing-said", "name": field}, "property": "value", "value": value} for field, value in said.items()]
    ]
    body["changedPropIds"] = [json.dumps(pressed, sort_keys=True, separators=(",", ":")) + ".n_clicks"]
    answer = cast.call(name, body)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
    return json.dumps(answer.get_json())


def test_a_patient_shares_with_an_address_and_ends_it(dash: Dash, cast: Cast) -> None:
    said = press(dash, cast, "other", "share", email="doctor_without@example.org", scope="nights", days=30, may_upload=False)
    assert "doctor_without" in said
    with dash.server.app_context():
        (grant,) = grants.grants_of(cast.actor("other"))
        assert (grant.state, grant.terms.days) == ("alive", 30)
    press(dash, cast, "other", "revoke", grant.id)
    with dash.server.app_context():
        assert grants.grants_of(cast.actor("other"))[0].state == "revoked"


def test_terms_that_cannot_be_are_refused_with_a_reason(dash: Dash, cast: Cast) -> None:
    said = press(dash, cast, "other", "share", email="doctor@example.org", scope="nights", days=9999, may_upload=False)
    assert "Give a whole number from 1 to 730" in said


def test_another_persons_grant_cannot_be_ended(dash: Dash, cast: Cast) -> None:
    with dash.server.app_context():
        (alive,) = [grant for grant in grants.grants_of(cast.actor("patient")) if grant.state == "alive"]
    press(dash, cast, "other", "revoke", alive.id)
    with dash.server.app_context():
        assert any(grant.id == alive.id and grant.state == "alive" for grant in grants.grants_of(cast.actor("patient")))


def test_one_click_withdraws_an_agreement_and_one_gives_it_again(dash: Dash, cast: Cast) -> None:
    press(dash, cast, "other", "withdraw_consent", "privacy")
    with dash.server.app_context():
        assert processing_refusal(cast.ids["other"]) is not None
    press(dash, cast, "other", "give_consent", "privacy")
    with dash.server.app_context():
        assert processing_refusal(cast.ids["other"]) is None


def test_a_guardian_agrees_for_a_child_once_the_papers_were_seen(dash: Dash, cast: Cast) -> None:
    with dash.server.app_context():
        child = Actor(make_account(HOUSE, email="child@example.org", password_hash="!", role=Role.USER), Role.USER)
        persons.save_profile(child, Profile(name="Child", birth_date=date(2015, 1, 1)))
        assert processing_refusal(child.id) is not None
    press(dash, cast, "other", "state_guardian", ward="child@example.org")
    press(dash, cast, "other", "give_consent", f"privacy {child.id}")
    with dash.server.app_context():
        assert processing_refusal(child.id) is not None
        (waiting,) = guardians.statements(cast.actor("admin"))
        assert guardians.verify_guardianship(cast.actor("admin"), waiting.id)
    for kind in ("terms", "privacy"):
        press(dash, cast, "other", "give_consent", f"{kind} {child.id}")
    with dash.server.app_context():
        assert processing_refusal(child.id) is None


def test_a_person_sees_which_systems_are_told_switches_one_on_again_and_removes_it(dash: Dash, cast: Cast) -> None:
    with dash.server.app_context():
        hook, _ = webhooks.add_webhook(cast.actor("other"), "https://hooks.example.org/of-other", events=("night.ready",))
        session().get_one(WebhookRow, hook).disabled_at = now()
        session().commit()
    shown = cast.page("other", "/sharing")
    assert "hooks.example.org/of-other" in shown
    assert "it did not answer" in shown
    for name in ("patient", "doctor", "admin"):
        assert "of-other" not in cast.page(name, "/sharing")
        press(dash, cast, name, "remove_webhook", hook)
    assert "it did not answer" not in press(dash, cast, "other", "ping_webhook", hook)
    assert "of-other" not in press(dash, cast, "other", "remove_webhook", hook)
    with dash.server.app_context():
        assert webhooks.webhooks_of(cast.actor("other")) == ()
