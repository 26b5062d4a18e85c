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


def test_the_index_is_dressed_before_its_scripts_and_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    index = client.get("/").get_data(as_text=True)
    assert '<html lang="en">' in index
    assert index.index("/assets/theme.js") < index.index("a-bootstrap.min.css")
    assert 'src="http' not in index
    assert 'href="http' not in index


def test_a_callback_without_the_token_is_refused(client: FlaskClient) -> None:
    assert client.post("/_dash-update-component", json={}).status_code == 403
