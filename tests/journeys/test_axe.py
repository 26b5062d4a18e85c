"""Every page of every role keeps to WCAG 2.2 AA as far as a program can tell: axe-core finds nothing, in light and in dark."""

from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from dash import Dash
from playwright.sync_api import Browser, BrowserContext, Page

from somnia_server.access.kiosks import COOKIE as KIOSK_COOKIE
from somnia_server.access.sessions import COOKIE
from tests.cast import Cast, make_cast
from tests.components.made import night

pytestmark = [
    pytest.mark.browser,
    # a browser that goes on to the next page leaves files of the last one half sent
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

LAWS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ASKED = {
    "light": {"runOnly": {"type": "tag", "values": LAWS}, "resultTypes": ["violations"]},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]},
}
"""What is asked of a page; between light and dark only colors change."""
SLOW = 60_000
"""A watchdog for a page of a busy machine [ms]."""
VISITS = {
    "patient": (
        *("/", "/upload", "/nights", "/night/{night}", "/settings", "/sharing", "/activity", "/notices", "/trends"),
        *("/compare", "/visits", "/disorders", "/disorders/apnea", "/account", "/data"),
    ),
    "doctor": (
        *("/", "/patients", "/patient/{patient}", "/night/{night}", "/notices", "/sharing", "/bring/{patient}"),
        *("/worklist", "/review/{night}", "/visits", "/trends/{patient}", "/compare/{patient}"),
    ),
    "admin": ("/", "/admin", "/activity", "/notices"),
    "visitor": ("/", "/demo", "/upload", "/nights", "/accuracy", "/outlets", "/nowhere", "/login", "/register", "/reset", "/legal/privacy"),
    "kiosk": ("/kiosk",),
}
NOON = datetime(2025, 11, 15, 12, 0, tzinfo=UTC)
"""When a display is looked at: at night it dims on purpose, until somebody touches it."""
LOOKS: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def cast(dash: Dash) -> Cast:
    return make_cast(dash.server, night())


def opened(browser: Browser, cast: Cast, place: str, *, who: str) -> BrowserContext:
    context = browser.new_context(base_url=place, viewport={"width": 1440, "height": 900}, color_scheme="light", reduced_motion="reduce")
    if who != "visitor":
        name = KIOSK_COOKIE if who == "kiosk" else COOKIE
        cookie = cast.browsers[who].get_cookie(name)
        assert cookie is not None
        context.add_cookies([{"name": name, "value": cookie.value, "url": place}])
    return context


def faults(page: Page, path: str, look: str) -> list[str]:
    """Return what axe-core finds on the page as it stands, one line for each kind and place."""
    found = Axe().run(page, options=ASKED[look]).response["violations"]
    return [_line(f"{path} {look}: {one['id']}", node) for one in found for node in one["nodes"]]


def _line(what: str, node: dict[str, Any]) -> str:
    """Return a fault in one line: where it is, how it looks, what is wrong with it."""
    said = [check["message"] for check in (*node["any"], *node["all"], *node["none"])]
    return f"{what} {node['target']} {node['html'][:160]} {said[:1]}"


@pytest.mark.parametrize("who", VISITS)
def test_axe_finds_nothing_on_any_page(browser: Browser, cast: Cast, place: str, who: str) -> None:
    context = opened(browser, cast, place, who=who)
    page = context.new_page()
    if who == "kiosk":
        page.clock.set_fixed_time(NOON)
    wrong: list[str] = []
    for path in VISITS[who]:
        page.emulate_media(color_scheme="light")
        page.goto(path.format(night=cast.night_id, patient=cast.ids["patient"]))
        page.wait_for_load_state("networkidle", timeout=SLOW)
        page.wait_for_selector("h1, .kiosk, main", timeout=SLOW)
        for look in LOOKS:
            page.emulate_media(color_scheme=look)
            wrong += faults(page, path, look)
        for tab in page.locator(".tab-line label").all()[1:]:
            tab.click()
            page.wait_for_load_state("networkidle", timeout=SLOW)
            wrong += faults(page, f"{path}, {tab.inner_text()}", "light")
    context.close()
    assert not wrong, "\n".join(wrong)
