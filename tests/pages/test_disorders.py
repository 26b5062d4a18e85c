"""The pages of the disorders through the application's own routes."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from somnia_engine.catalogue import disorders
from somnia_engine.questionnaires import QUESTIONNAIRES
from somnia_engine.synthetic.history import demo_history
from somnia_engine.types.questionnaires import Answered
from somnia_server.access.visitor import COOKIE, CSRF_COOKIE, CSRF_HEADER, visitor_from_cookie
from somnia_server.settings import Settings
from somnia_server.store.answers import load_answers, save_answers
from somnia_server.store.demo_history import add_demo_history
from somnia_server.store.house import now
from somnia_server.store.nights import Kept, load_night, save_night
from tests.components.made import START, night
from tests.pages.test_pages import shown


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("house")
    settings = Settings.from_env({"SOMNIA_INSTANCE": str(folder / "instance"), "SOMNIA_KEY_FILE": str(folder / "keys" / "master.key")})
    dash = create_app(settings)
    client = dash.server.test_client()
    client.get("/")
    yield client
    cache: Any = dash._background_manager.handle
    cache.close()


def visitor(client: FlaskClient) -> Any:
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    return visitor_from_cookie(cookie.value)


def press(client: FlaskClient, key: str, choices: dict[str, str]) -> str:
    """Return what comes of pressing the button below a questionnaire."""
    button = {"type": "disorder-do", "act": "answer", "key": key}
    named = [{"id": {"type": "disorder-said", "name": name}, "property": "value", "value": value} for name, value in choices.items()]
    body = {
        "output": "disorder-body.children",
        "outputs": {"id": "disorder-body", "property": "children"},
        "inputs": [[{"id": button, "property": "n_clicks", "value": 1}]],
        "state": [named, {"id": "_pages_location", "property": "pathname", "value": "/disorders/insomnia"}],
        "changedPropIds": [json.dumps(button, sort_keys=True, separators=(",", ":")) + ".n_clicks"],
    }
    cookie = client.get_cookie(CSRF_COOKIE)
    assert cookie is not None
    return client.post("/_dash-update-component", json=body, headers={CSRF_HEADER: cookie.value}).get_data(as_text=True)


def test_a_new_visitor_finds_all_eight_and_how_to_begin(client: FlaskClient) -> None:
    said = shown(client, "/disorders")
    assert all(f"/disorders/{entry.key}" in said for entry in disorders())
    for entry in disorders():
        page = shown(client, f"/disorders/{entry.key}")
        assert "No night yet" in page
        assert json.dumps(str(entry.about[0])).strip('"') in page
        assert ("Questionnaires" in page) == any(entry.key in one.disorders for one in QUESTIONNAIRES.values())


def test_an_unknown_disorder_is_not_there(client: FlaskClient) -> None:
    assert "There is nothing at this address" in shown(client, "/disorders/snoring")


def test_answers_are_kept_and_told_with_their_points(client: FlaskClient) -> None:
    said = press(client, "sci", {f"sci-{i}": "2" for i in range(8)})
    assert "Saved." in said
    assert "16 of 32 points" in said
    with client.application.app_context():
        assert [(one.key, one.choices) for one in load_answers(visitor(client))] == [("sci", (2,) * 8)]


@pytest.mark.parametrize("given", [{}, {"isi-0": "-"}, {f"isi-{i}": "9" for i in range(7)}, {f"isi-{i}": "nonsense" for i in range(7)}])
def test_a_missing_or_impossible_answer_is_asked_for_again(client: FlaskClient, given: dict[str, str]) -> None:
    assert "An answer is missing" in press(client, "isi", given)


def test_the_demo_history_has_levels_night_by_night_until_there_is_an_own_night(client: FlaskClient) -> None:
    other = client.application.test_client()
    other.get("/")
    with client.application.app_context():
        actor = visitor(other)
        add_demo_history(actor)
        said = shown(other, "/disorders/insomnia")
        assert "These are nights of the demo" in said
        assert said.count("level-cell at-moderate") > 20
        own = save_night(actor.id, night(), kept=Kept(START.date(), "made"))
    page = shown(other, "/disorders/apnea")
    assert "These are nights of the demo" not in page
    assert f"/night/{own}" in page


def own_night(actor: Any, last: date) -> str:
    """Keep a made-up night as an own one and return its id."""
    made = demo_history(last, nights=2)[-1]
    return save_night(actor.id, made.analysis, kept=Kept(made.night, f"own {last}"))


def summaries(actor: Any, night_id: str) -> list[str]:
    stored = load_night(actor, night_id)
    assert stored is not None
    return [str(finding.summary) for finding in stored.analysis.findings]


def test_answers_count_at_once_and_leave_the_night_as_it_was(client: FlaskClient) -> None:
    other = client.application.test_client()
    other.get("/")
    with client.application.app_context():
        actor = visitor(other)
        own_night(actor, now().date() - timedelta(days=500))
        save_answers(actor, Answered("rbd1q", now().date(), (1,)))
    assert "Judged again" not in shown(other, "/disorders/rem_behavior")  # the answer is not of that time
    with client.application.app_context():
        night_id = own_night(actor, now().date())
        before = summaries(actor, night_id)
    said = shown(other, "/disorders/rem_behavior")
    assert "Judged again" in said
    assert "You answered that you may act out your dreams" in said
    with client.application.app_context():
        assert summaries(actor, night_id) == before
