"""The whole application answered through its own routes: pages, the gate around callbacks, the wall."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from somnia_server.access.visitor import COOKIE, CSRF_COOKIE, CSRF_HEADER, visitor_from_cookie
from somnia_server.settings import Settings
from somnia_server.store.nights import Kept, save_night
from tests.components.made import START, night

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("house")
    settings = Settings.from_env({"SOMNIA_INSTANCE": str(folder / "instance"), "SOMNIA_KEY_FILE": str(folder / "keys" / "master.key")})
    dash = create_app(settings)
    cache: Any = dash._background_manager.handle
    assert Path(cache.directory).stat().st_mode & 0o777 == 0o700
    client = dash.server.test_client()
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
        ("/outlets", "Nothing leaves this server."),
        ("/accuracy", "agreement beyond chance"),
        ("/nowhere", "There is nothing at this address"),
    ],
)
def test_each_page_greets_a_new_visitor(client: FlaskClient, path: str, said: str) -> None:
    assert said in shown(client, path)


@pytest.mark.parametrize(
    ("path", "said"), [("/", "Ohne Konto ausprobieren"), ("/upload", "Dateien auswählen"), ("/nights", "Noch keine Nächte")]
)
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


def test_a_callback_without_a_visitors_cookie_is_refused(client: FlaskClient) -> None:
    stranger = client.application.test_client()
    assert stranger.post("/_dash-update-component", json={}).status_code == 401


@pytest.fixture(scope="module")
def sleeper(client: FlaskClient) -> FlaskClient:
    """Return a visitor who has one night here; its address is `kept_at`."""
    visitor = client.application.test_client()
    visitor.get("/")
    cookie = visitor.get_cookie(COOKIE)
    assert cookie is not None
    with client.application.app_context():
        actor = visitor_from_cookie(cookie.value)
        assert actor is not None
        save_night(actor.id, night(), kept=Kept(START.date(), "made"))
    return visitor


def kept_at(visitor: FlaskClient) -> str:
    """Return the address of the night that the list of nights leads to."""
    found = re.search(r"/night/[0-9a-f]{32}", shown(visitor, "/nights"))
    assert found is not None
    return found.group()


def test_home_leads_with_the_last_night(sleeper: FlaskClient) -> None:
    said = shown(sleeper, "/")
    assert "You slept 6 h 30 and lay awake for 1 h 05 after that." in said
    assert kept_at(sleeper) in said


def test_a_night_has_its_day_its_numbers_its_findings_and_its_chart(sleeper: FlaskClient) -> None:
    said = shown(sleeper, kept_at(sleeper))
    for part in (
        "Fri 14 Nov 2025",
        "You slept 6 h 30 of 8 h 00 in bed",
        "18.4 /h",
        "Your blood oxygen fell 20 times an hour.",
        "Events (135)",
    ):
        assert part in said
    assert '"id": "night-figure"' in said


def test_a_visitor_with_nights_may_still_upload(sleeper: FlaskClient) -> None:
    assert "Drop the files of a night here" in shown(sleeper, "/upload")


def test_the_night_of_one_visitor_is_not_found_by_another(client: FlaskClient, sleeper: FlaskClient) -> None:
    said = shown(client, kept_at(sleeper))
    assert "There is nothing at this address" in said
    assert "18.4 /h" not in said
    assert "No nights yet" in shown(client, "/nights")


@pytest.mark.parametrize("path", sorted((PROJECT / "pages").glob("*.py")), ids=lambda path: path.name)
def test_a_page_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("path", sorted((PROJECT / "components").rglob("*.py")), ids=lambda path: path.name)
def test_a_component_leaves_dress_to_the_style_sheets(path: Path) -> None:
    assert not re.search(r"\bstyle=[{a-z]", path.read_text(encoding="utf-8").replace("<style>", ""))


ELSEWHERE = re.compile(r"""(?:url\(|@import|src\s*=|href\s*=|fetch\(|import\s*\(|from)\s*["'(]*\s*(?:https?:)?//""")


@pytest.mark.parametrize(
    "path", sorted(p for p in (PROJECT / "assets").iterdir() if p.suffix in (".css", ".js")), ids=lambda path: path.name
)
def test_style_sheets_and_scripts_load_nothing_from_elsewhere(path: Path) -> None:
    assert ELSEWHERE.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("text", ["@import 'https://a.example/x.css'", "url(//a.example/x.woff2)", 'img.src = "http://a.example/"'])
def test_what_is_loaded_from_elsewhere_would_be_seen(text: str) -> None:
    assert ELSEWHERE.search(text)


def test_no_two_style_sheets_of_ours_give_the_same_class_to_different_things():
    """A class hidden on one page once hid the ribbons of another; each sheet keeps its own names, states and words apart."""
    own: dict[str, str] = {}
    for sheet in sorted((PROJECT / "assets").glob("*.css")):
        if sheet.name.startswith("a-") or sheet.name in ("tokens.css", "shell.css", "icons.css"):
            continue
        named = set(re.findall(r"^\s*\.([a-z][\w-]*) \{", sheet.read_text(encoding="utf-8"), re.MULTILINE))
        clash = {name: own[name] for name in named if name in own}
        assert not clash, f"{sheet.name} styles again: {clash}"
        own |= dict.fromkeys(named, sheet.name)


def test_pages_load_nothing_that_is_for_the_forms_or_the_api_alone(client: FlaskClient) -> None:
    index = client.get("/").get_data(as_text=True)
    assert "/assets/shell.css" in index
    assert "swagger" not in index
    assert "/assets/forms/" not in index


def test_the_style_page_is_there_only_where_the_settings_show_it(client: FlaskClient) -> None:
    said = shown(client, "/styleguide")
    assert "There is nothing at this address" in said
    assert "style-part" not in said
