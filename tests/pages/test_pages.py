"""The whole application answered through its own routes: pages, the gate around callbacks, the wall."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from somnia_server.access.visitor import CSRF_COOKIE, CSRF_HEADER
from somnia_server.settings import Settings


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("house")
    settings = Settings.from_env({"SOMNIA_INSTANCE": str(folder / "instance"), "SOMNIA_KEY_FILE": str(folder / "keys" / "master.key")})
    dash = create_app(settings)
    cache: Any = dash._background_manager.handle
    assert Path(cache.directory).stat().st_mode & 0o777 == 0o700
    with dash.server.test_client() as client:
        client.get("/")
        yield client
    cache.close()


def shown(client: FlaskClient, path: str) -> str:
    """Return what the router of pages answers for a path, as text."""
    output = ".._pages_content.children..._pages_store.data.."
    inputs = [
        {"id": "_pages_location", "property": "pathname", "value": path},
        {"id": "_pages_location", "property": "search", "value": ""},
    ]
    outputs = [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}]
    body = {"output": output, "outputs": outputs, "inputs": inputs, "changedPropIds": ["_pages_location.pathname"], "state": []}
    cookie = client.get_cookie(CSRF_COOKIE)
    assert cookie is not None
    answer = client.post("/_dash-update-component", json=body, headers={CSRF_HEADER: cookie.value})
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return json.dumps(answer.get_json())


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/", "See what happened in your night"),
        ("/upload", "Drop the files of a night here"),
        ("/nights", "No nights yet"),
        ("/nowhere", "There is nothing at this address"),
    ],
)
def test_each_page_greets_a_new_visitor(client: FlaskClient, path: str, said: str) -> None:
    assert said in shown(client, path)


@pytest.mark.parametrize(("path", "said"), [("/", "Kein Konto nötig."), ("/upload", "Dateien auswählen"), ("/nights", "Noch keine Nächte")])
def test_the_chosen_language_is_spoken_on_each_page(client: FlaskClient, path: str, said: str) -> None:
    client.set_cookie("somnia_language", "de")
    answer = json.loads(shown(client, path))
    client.delete_cookie("somnia_language")
    assert said in json.dumps(answer, ensure_ascii=False)


@pytest.mark.parametrize(
    ("accepted", "upload", "pressed"), [("de-AT,de;q=0.9", "Hochladen", "de"), ("en", "Upload", "en"), ("fr", "Upload", "en")]
)
def test_the_frame_offers_each_language_and_marks_the_spoken_one(client: FlaskClient, accepted: str, upload: str, pressed: str) -> None:
    headers = {"Accept-Language": accepted}
    layout = client.get("/_dash-layout", headers=headers).get_data(as_text=True)
    buttons = {b["data-language"]: b["aria-pressed"] for b in props(json.loads(layout)) if "data-language" in b}
    assert upload in layout
    assert buttons == {code: str(code == pressed).lower() for code in ("en", "de")}
    assert f'<html lang="{pressed}">' in client.get("/", headers=headers).get_data(as_text=True)


def props(part: Any) -> Iterator[dict[str, Any]]:
    """Yield the properties of every component of a layout."""
    if isinstance(part, list):
        for child in part:
            yield from props(child)
    elif isinstance(part, dict) and "props" in part:
        yield part["props"]
        yield from props(part["props"].get("children"))


def test_the_index_is_dressed_before_its_scripts_and_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    index = client.get("/").get_data(as_text=True)
    assert '<html lang="en">' in index
    assert index.index("/assets/theme.js") < index.index("a-bootstrap.min.css")
    assert 'src="http' not in index
    assert 'href="http' not in index


def test_a_callback_without_the_token_is_refused(client: FlaskClient) -> None:
    assert client.post("/_dash-update-component", json={}).status_code == 403
