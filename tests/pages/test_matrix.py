"""Who may what: every address and every callback, asked by everybody. One that is missing from the tables here fails."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from dash import Dash

from app import create_app
from somnia_engine.text import Text
from somnia_server.access.callbacks import parts_of
from somnia_server.settings import Settings
from somnia_server.store.demo_nights import put_demo_nights
from somnia_server.store.house import house
from tests.cast import EVERYBODY, NOBODY, Cast, make_cast
from tests.components.made import night

ACCOUNTS = ("patient", "other", "doctor", "doctor_revoked", "doctor_without", "admin")
DOCTORS = ("doctor", "doctor_revoked", "doctor_without")
KEEPERS = (*ACCOUNTS, "visitor")
CLOSED = {401, 403, 404}
REFUSED = CLOSED | {302, 400, 405, 412, 413, 415, 422, 429}


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
        put_demo_nights(house().settings, "healthy", nights=[(date(2025, 11, 14), night())])
        marked = replace(night(), notes=(Text(cast.mark()),))
        from somnia_server.store.nights import Kept, save_night
        from tests.cast import NIGHT

        cast.night_id = save_night(cast.ids["patient"], marked, kept=Kept(NIGHT, "marked"))
        cast.keep_clip("loud")
    return cast


PAGES: dict[str, tuple[str, ...]] = {
    "/": (*EVERYBODY[:-2], "visitor"),
    "/nights": KEEPERS,
    "/demo": KEEPERS,
    "/upload": KEEPERS,
    "/disorders": KEEPERS,
    "/disorders/{key}": KEEPERS,
    "/trends": KEEPERS,
    "/trends/{patient}": ("doctor",),
    "/compare": KEEPERS,
    "/compare/{patient}": ("doctor",),
    "/night/{night}": ("patient", "doctor"),
    "/review/{night}": ("doctor",),
    "/settings": ACCOUNTS,
    "/sharing": ACCOUNTS,
    "/activity": ACCOUNTS,
    "/notices": ACCOUNTS,
    "/patients": DOCTORS,
    "/worklist": DOCTORS,
    "/bring/{patient}": (),
    "/visits": ACCOUNTS,
    "/patient/{patient}": ("doctor",),
    "/admin": ("admin",),
    "/ended": ACCOUNTS,
    "/outlets": (*EVERYBODY[:-2], "visitor"),
    "/accuracy": (*EVERYBODY[:-2], "visitor"),
    "/styleguide": (),
    "/kiosk": (*EVERYBODY[:-2], "visitor"),
}
"""Who sees each page of the application itself; everybody else is told that nothing is there, or to log in."""
NOT_SEEN = ("There is nothing at this address", "This page needs an account", "HTTP 401", "HTTP 404")


def registered() -> set[str]:
    from dash import page_registry

    paths = {page["path_template"] or page["path"] for page in page_registry.values() if page["module"] != "pages.not_found_404"}
    return {path.replace("<night_id>", "{night}").replace("<patient>", "{patient}").replace("<key>", "{key}") for path in paths}


def test_every_page_stands_in_the_matrix(dash: Dash) -> None:
    assert registered() == set(PAGES)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("name", [name for name in EVERYBODY if name != "anonymous"])
def test_a_page_is_seen_by_those_it_is_for(cast: Cast, path: str, name: str) -> None:
    said = cast.page(name, path.format(night=cast.night_id, patient=cast.ids["patient"], key="apnea"))
    seen = not any(no in said for no in NOT_SEEN)
    assert seen == (name in PAGES[path]), said[:300]
    if name not in ("patient", "doctor"):
        assert cast.leaks(said) == []


CALLBACKS: dict[str, tuple[str, ...]] = {
    "_pages": (*EVERYBODY[:-2], "visitor"),
    "upload": KEEPERS,
    "demo": KEEPERS,
    "night": KEEPERS,
    "trends": KEEPERS,
    "compare": KEEPERS,
    "remark": KEEPERS,
    "lights": KEEPERS,
    "disorder": KEEPERS,
    "settings": ACCOUNTS,
    "sharing": ACCOUNTS,
    "notices": ACCOUNTS,
    "patients": DOCTORS,
    "worklist": DOCTORS,
    "bring": DOCTORS,
    "visits": ACCOUNTS,
    "review": DOCTORS,
    "admin": ("admin",),
    "kiosk": ("kiosk",),
}
"""Who may call the callbacks of each part of the pages."""


def concrete(dependency: dict[str, Any]) -> Any:
    """Return what a browser sends for an input when nothing was pressed or typed."""
    found: Any = dependency["id"]
    if found.startswith("{"):
        value = ["0" * 32, None, None] if "upload-look" in found else "0" * 32
        return [] if "ALL" in found else {"id": _named(found), "property": dependency["property"], "value": value}
    return {"id": found, "property": dependency["property"], "value": None}


def _named(found: str) -> Any:
    return {"type": json.loads(found)["type"], "upload": "0" * 32} if found.startswith("{") else found


def request_of(output: str, callback: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a call in which nothing was pressed."""
    many = output.startswith("..")
    pieces = output.strip(".").split("...") if many else [output]
    outputs = [{"id": _named(piece.rpartition(".")[0]), "property": piece.rpartition(".")[2].partition("@")[0]} for piece in pieces]
    return {
        "output": output,
        "outputs": outputs if many else outputs[0],
        "inputs": [concrete(one) for one in callback["inputs"]],
        "state": [concrete(one) for one in callback.get("state", [])],
        "changedPropIds": [],
    }


def callbacks(dash: Dash) -> dict[str, dict[str, Any]]:
    return {output: callback for output, callback in dash.callback_map.items() if callback.get("callback") is not None}


def test_every_callback_stands_in_the_matrix(dash: Dash) -> None:
    assert {part for output in callbacks(dash) for part in parts_of(output)} == set(CALLBACKS)


def test_a_callback_answers_those_it_is_for_and_is_not_there_for_others(dash: Dash, cast: Cast) -> None:
    wrong = []
    for output, callback in callbacks(dash).items():
        (part,) = parts_of(output)
        for name in EVERYBODY:
            open_to = name in CALLBACKS[part]
            if open_to and callback.get("background"):
                continue  # it would begin a process that follows nothing
            answer = cast.call(name, request_of(output, callback))
            if (answer.status_code in CLOSED) == open_to or answer.status_code >= 500:
                wrong.append((output[:60], name, answer.status_code))
            if name not in ("patient", "doctor"):
                assert cast.leaks(answer.get_data()) == []
    assert wrong == []


def test_a_callback_that_does_not_exist_is_not_there(cast: Cast) -> None:
    for output in ("secrets.children", "night-secret.children", "", "admin-body.children...night-figure.data"):
        body = {"output": output, "outputs": {"id": "x", "property": "y"}, "inputs": [], "state": [], "changedPropIds": []}
        assert cast.call("admin", body).status_code in CLOSED, output


ADDRESSES: dict[str, tuple[str, ...]] = {}
"""Who is let in to each address by reading it; `()` for those that answer to a token or a body only."""
EVERYWHERE = EVERYBODY
for _rule in ("/assets/<path:filename>", "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>", "/_favicon.ico"):
    ADDRESSES[_rule] = EVERYWHERE
for _rule in (
    "/",
    "/<path:path>",
    "/_dash-layout",
    "/_dash-dependencies",
    "/api/docs",
    "/api/openapi.json",
    "/api/v1/disorders",
    "/api/v1/demo-analysis",
    "/api/v1/health",
    "/api/v1/team",
    "/legal/<kind>",
):
    ADDRESSES[_rule] = EVERYWHERE
for _rule in (
    "/api/v1/admin/accounts",
    "/api/v1/devices",
    "/api/v1/devices/<device>",
    "/api/v1/analyze",
    "/api/v1/grants",
    "/api/v1/grants/<grant_id>",
    "/api/v1/jobs",
    "/api/v1/jobs/<job_id>",
    "/api/v1/packets",
    "/api/v1/nights",
    "/api/v1/nights/<night_id>",
    "/api/v1/nights/<night_id>/interpretations",
    "/api/v1/nights/<night_id>/notes",
    "/api/v1/nights/<night_id>/tags",
    "/api/v1/nights/<night_id>/tags/<tag>",
    "/api/v1/reports/<user_id>",
    "/api/v1/trends/<user_id>",
    "/api/v1/upload/<kind>",
    "/api/v1/uploads",
    "/api/v1/uploads/<upload_id>",
    "/api/v1/user",
    "/api/v1/user/export",
    "/api/v1/user/profile",
    "/api/v1/user/programs",
    "/api/v1/user/programs/<program_id>",
    "/api/v1/user/settings",
    "/api/v1/webhooks",
    "/api/v1/webhooks/<webhook_id>",
    "/api/v1/webhooks/<webhook_id>/ping",
    "/api/v1/worklist",
):
    ADDRESSES[_rule] = ()
for _rule in ("/auth/login", "/auth/logout", "/auth/authorize", "/auth/refresh", "/auth/revoke", "/auth/token", "/_dash-update-component"):
    ADDRESSES[_rule] = ()
ADDRESSES["/still/display"] = ("kiosk",)
ADDRESSES["/still/night/<night_id>"] = ("patient", "doctor")
ADDRESSES["/report/night/<night_id>"] = ("patient", "doctor")
ADDRESSES["/clip/<clip_id>"] = ADDRESSES["/clip/<clip_id>/picture"] = ("patient", "doctor")
ADDRESSES["/still/patient/<patient>"] = ("doctor",)
for _rule in ("/upload/tus", "/upload/tus/<upload_id>"):  # nothing is read there; the frame of the pages answers
    ADDRESSES[_rule] = EVERYWHERE
FORMS = re.compile(r"/(login|register|logout|confirm|reset|account|data|kiosk)(/|$)")


def rules(dash: Dash) -> set[str]:
    return {rule.rule for rule in dash.server.url_map.iter_rules()}


def test_every_address_is_named_here_or_is_a_form_of_accounts_or_closed_to_all(dash: Dash, cast: Cast) -> None:
    from somnia_server.access.rules import RULES

    for rule in sorted(rules(dash) - set(ADDRESSES)):
        if rule in RULES:
            assert FORMS.match(rule), f"{rule} is missing from the matrix"
            continue
        path = re.sub(r"<[^>]*>", "x", rule)
        for name in EVERYBODY:
            for method in ("GET", "POST"):
                assert cast.browsers[name].open(path, method=method).status_code in CLOSED | {405}, (rule, name)


def filled(cast: Cast, rule: str) -> str:
    known = {
        "night_id": cast.night_id,
        "clip_id": cast.clip_id,
        "kind": "terms",
        "path": "somewhere",
        "filename": "icon.svg",
        "upload_id": "0" * 32,
        "patient": cast.ids["patient"],
    }
    known |= {"package_name": "dash", "fingerprinted_path": "deps/react@18.v18_3_1m1.min.js"}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: known.get(found.group(1), "x"), rule)


def test_reading_an_address_lets_those_in_who_may_and_tells_nobody_else_anything(dash: Dash, cast: Cast) -> None:
    wrong = []
    for rule in rules(dash):
        for name in EVERYBODY:
            answer = cast.browsers[name].get(filled(cast, rule))
            inside = answer.status_code < 300
            if rule in ADDRESSES and "component-suites" not in rule and inside != (name in ADDRESSES[rule]) and answer.status_code != 302:
                wrong.append((rule, name, answer.status_code))
            if name != "patient":
                assert cast.leaks(answer.get_data()) == [], (rule, name)
            assert answer.status_code < 500, (rule, name)
            answer.close()
    assert wrong == []


def test_changing_anything_by_an_address_takes_more_than_a_cookie(dash: Dash, cast: Cast) -> None:
    for rule in dash.server.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}):
            for name in (*NOBODY, "other", "kiosk", "admin"):
                answer = cast.browsers[name].open(filled(cast, rule.rule), method=method, data="x")
                assert answer.status_code in REFUSED, (rule.rule, method, name, answer.status_code)


def tab_of(cast: Cast, name: str, tab: str) -> str:
    """Return what somebody is sent when a tab of the patient's night is opened."""
    body = {
        "output": "night-tab.children",
        "outputs": {"id": "night-tab", "property": "children"},
        "inputs": [{"id": "night-tabs", "property": "value", "value": tab}],
        "state": [{"id": "_pages_location", "property": "pathname", "value": f"/night/{cast.night_id}"}],
        "changedPropIds": ["night-tabs.value"],
    }
    return cast.call(name, body).get_data(as_text=True)


def test_a_doctor_reads_what_is_shared_until_it_is_not(cast: Cast) -> None:
    assert "Asleep" in cast.page("doctor", f"/night/{cast.night_id}")
    assert cast.leaks(tab_of(cast, "doctor", "quality")) != []
    for name in ("doctor_without", "doctor_revoked", "other", "admin", "visitor", "kiosk"):
        assert cast.leaks(cast.page(name, f"/night/{cast.night_id}")) == []
        for tab in ("events", "numbers", "quality", "stages"):
            said = tab_of(cast, name, tab)
            assert cast.leaks(said) == []
            assert "tab-body" not in said


def test_each_tab_of_a_night_is_sent_when_it_is_opened(cast: Cast) -> None:
    page = cast.page("patient", f"/night/{cast.night_id}")
    said = {tab: tab_of(cast, "patient", tab) for tab in ("events", "numbers", "quality", "stages")}
    assert "tab-body" not in page
    assert "night-events" in said["events"]
    assert "Time in bed" in said["numbers"]
    assert "ring.csv" in said["quality"]
    assert "Deep" in said["stages"]


def test_administration_shows_itself_at_the_named_addresses_only(dash: Dash, cast: Cast) -> None:
    here = cast.page("admin", "/admin")
    body = next(request_of(output, callback) for output, callback in callbacks(dash).items() if output.startswith("admin-"))
    browser = cast.browsers["admin"]
    browser.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    try:
        assert "admin-" in here
        assert "admin-" not in cast.page("admin", "/admin")
        assert cast.call("admin", body).status_code == 403
    finally:
        browser.environ_base["REMOTE_ADDR"] = "127.0.0.1"


def test_a_doctor_scores_what_is_shared_and_nobody_else_can(dash: Dash, cast: Cast) -> None:
    body = request_of(
        "..review-agreement.children...review-status.children...review-unsaved.hidden..",
        next(c for o, c in callbacks(dash).items() if "review-agreement" in o),
    )
    body["inputs"][0]["value"] = {"stages": "1" * 960, "events": [["OA", 60, 15]], "comments": [], "off": None, "on": None}
    body["state"][0]["value"] = f"/review/{cast.night_id}"
    assert "κ" in cast.call("doctor", body).get_json()["response"]["review-agreement"]["children"].__str__()
    for name in ("doctor_without", "doctor_revoked"):
        assert "κ" not in cast.call(name, body).get_data(as_text=True)
    body["inputs"][0]["value"]["stages"] = "1"
    assert "this night has 960 epochs" in cast.call("doctor", body).get_data(as_text=True)
