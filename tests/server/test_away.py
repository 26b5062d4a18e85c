import json
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from components import ids
from somnia_server import create_server
from somnia_server.access.visitor import CSRF_COOKIE, CSRF_HEADER
from somnia_server.away import SENTENCE
from somnia_server.i18n import messages
from somnia_server.settings import Settings, SettingsError
from somnia_server.store.sessions import begin_session
from somnia_server.store.tables import ping, session
from tests.server.conftest import make_account
from tests.server.wires import Wire

PATIENCE_S = 3.0
RECOVERY_S = 10.0


@pytest.fixture
def server(distant: dict[str, str]) -> Flask:
    app = create_server(Settings.from_env(distant))

    @app.get("/<path:path>")
    def page(path: str) -> str:
        ping()
        return path

    return app


@pytest.fixture
def client(server: Flask) -> FlaskClient:
    found = server.test_client()
    assert found.get("/nights").status_code == 200
    return found


def timed(client: FlaskClient, path: str, **said: object):
    begin = time.monotonic()
    answer = client.get(path, **said)
    return answer, time.monotonic() - begin


def wait_until_well(client: FlaskClient) -> float:
    begin = time.monotonic()
    while client.get("/nights").status_code != 200:
        assert time.monotonic() - begin < RECOVERY_S
        time.sleep(0.05)
    return time.monotonic() - begin


@pytest.mark.parametrize("fault", ["cut", "mute"])
def test_a_page_says_that_the_database_is_away_and_works_again_by_itself(client: FlaskClient, wire: Wire, fault: str):
    getattr(wire, fault)()
    for _ in range(3):
        answer, seconds = timed(client, "/nights")
        assert answer.status_code == 503
        assert seconds < PATIENCE_S
        assert SENTENCE.msgid in answer.text
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    wire.mend()
    assert wait_until_well(client) < RECOVERY_S


def test_the_sentence_is_said_in_the_askers_language(client: FlaskClient, wire: Wire):
    wire.cut()
    answer, _ = timed(client, "/nights", headers={"Accept-Language": "de"})
    assert messages("de")[SENTENCE.msgid] in answer.text


def test_programs_are_told_in_the_shape_of_every_refusal(client: FlaskClient, wire: Wire):
    wire.cut()
    answer, _ = timed(client, "/api/v1/health")
    assert answer.status_code == 503
    assert answer.json == {"error": {"status": 503, "code": "service_unavailable", "message": SENTENCE.msgid}}


def test_after_a_restart_of_the_database_the_first_question_is_answered(client: FlaskClient, wire: Wire):
    wire.cut()
    wire.mend()
    assert client.get("/nights").status_code == 200


def test_a_mistake_in_a_statement_is_not_taken_for_an_absence(app: Flask):
    from somnia_server.store.tables import session

    @app.get("/assets/<path:filename>")
    def mistaken(filename: str) -> str:
        return str(session().connection().exec_driver_sql("SELECT * FROM nowhere"))

    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert app.test_client().get("/assets/x").status_code == 500


def test_a_start_without_the_database_says_where_it_was_looked_for(distant: dict[str, str], wire: Wire):
    wire.cut()
    with pytest.raises(SettingsError, match=f"127.0.0.1:{wire.port}.* does not answer: start it, or change SOMNIA_DATABASE_URL"):
        create_server(Settings.from_env(distant))


def test_nobody_asks_again_at_once(server: Flask, client: FlaskClient, wire: Wire):
    wire.mute()
    first, second = timed(client, "/nights"), timed(client, "/nights")
    assert (first[0].status_code, second[0].status_code) == (503, 503)
    assert second[1] < 0.5


def test_an_idle_connection_that_the_server_has_ended_is_replaced(server: Flask, cluster, distant: dict[str, str]):
    name = distant["SOMNIA_DATABASE_URL"].rpartition("/")[2]
    with server.app_context():
        ping()
        session().rollback()
        cluster.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        ping()


@pytest.fixture
def pages(distant: dict[str, str]) -> Iterator[FlaskClient]:
    dash = create_app(Settings.from_env(distant))
    client = dash.server.test_client()
    client.get("/")
    yield client
    dash._background_manager.handle.close()


def log_in(client: FlaskClient) -> None:
    with client.application.app_context():
        token = begin_session(make_account().id, "a browser")
    with client.session_transaction() as kept:
        kept["somnia"] = token
    client.get("/")


def ask_for(client: FlaskClient, path: str, query: str = "") -> dict[str, object]:
    inputs = [{"id": "_pages_location", "property": name, "value": value} for name, value in (("pathname", path), ("search", ""))]
    outputs = [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}]
    body = {"output": ".._pages_content.children..._pages_store.data..", "outputs": outputs, "inputs": inputs}
    cookie = client.get_cookie(CSRF_COOKIE)
    assert cookie is not None
    body |= {"changedPropIds": ["_pages_location.pathname"], "state": []}
    answer = client.post(f"/_dash-update-component{query}", json=body, headers={CSRF_HEADER: cookie.value})
    assert answer.status_code == 200
    assert answer.json is not None
    return answer.json


def test_an_open_page_of_a_visitor_says_it_where_errors_are_said(pages: FlaskClient, wire: Wire):
    wire.cut()
    assert "The database did not answer" in json.dumps(ask_for(pages, "/nights")["sideUpdate"])


def test_an_open_page_of_somebody_logged_in_says_it_and_goes_on_asking_after_a_task(pages: FlaskClient, wire: Wire):
    log_in(pages)
    assert "No nights yet" in json.dumps(ask_for(pages, "/nights"))
    wire.cut()
    said = ask_for(pages, "/nights")
    assert list(said["sideUpdate"]) == [ids.ERROR]
    assert "The database did not answer" in json.dumps(said["sideUpdate"])
    assert (said["multi"], said["response"]) == (True, {})
    assert set(ask_for(pages, "/nights", "?cacheKey=x&job=1")) == {"sideUpdate"}
    wire.mend()
    wait_until_well(pages)
    assert "No nights yet" in json.dumps(ask_for(pages, "/nights"))


def test_a_page_opened_by_somebody_logged_in_is_the_sentence(pages: FlaskClient, wire: Wire):
    log_in(pages)
    wire.cut()
    answer, seconds = timed(pages, "/nights")
    assert (answer.status_code, seconds < PATIENCE_S) == (503, True)
    assert SENTENCE.msgid in answer.text
    assert 'href="/nights"' in answer.text
