"""Each of the four people's pages on a phone and on a desk, in light and dark: nothing overflows, nothing complains.

With SOMNIA_SCREENSHOTS=1 what is seen is kept in docs/screenshots, as `<who>-<page>-<width>-<look>.png`.
"""

import os
from pathlib import Path
from typing import Literal

import pytest
from dash import Dash
from playwright.sync_api import Browser, Page

from somnia_server.access.kiosks import COOKIE as KIOSK_COOKIE
from somnia_server.access.sessions import COOKIE
from tests.cast import Cast, make_cast
from tests.components.made import night
from tests.journeys.test_axe import NOON, SLOW

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SIZES = {1440: 900, 390: 844}
LOOKS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
VISITS = {
    "patient": {"home": "/", "night": "/night/{night}", "trends": "/trends", "settings": "/settings", "sharing": "/sharing"},
    "doctor": {"worklist": "/worklist", "review": "/review/{night}", "patient": "/patient/{patient}"},
    "visitor": {"demo": "/demo", "accuracy": "/accuracy", "upload": "/upload"},
    "kiosk": {"kiosk": "/kiosk"},
    "admin": {"admin": "/admin"},
}


CUT_OFF = """() => [document.documentElement, ...document.querySelectorAll('.rows-table, .card-plain, .seen, main section')]
    .filter(part => part.scrollWidth > part.clientWidth + 1 && !part.closest('.table-scroll'))
    .map(part => `${part.tagName} ${part.className} holds ${part.scrollWidth} px in ${part.clientWidth}`)"""
"""Parts whose content is wider than they are: it is cut off, or the page must be pushed sideways."""


@pytest.fixture(scope="module")
def cast(dash: Dash) -> Cast:
    return make_cast(dash.server, night())


def settled(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle", timeout=SLOW)
    page.wait_for_selector("h1, .kiosk, main", timeout=SLOW)
    page.evaluate("document.fonts.ready")


@pytest.mark.parametrize(("who", "width"), [(who, width) for who in VISITS for width in SIZES if (who, width) != ("kiosk", 390)])
def test_a_page_fits_the_screen_and_nothing_complains(browser: Browser, cast: Cast, place: str, who: str, width: int) -> None:
    wrong: list[str] = []
    context = browser.new_context(base_url=place, viewport={"width": width, "height": SIZES[width]}, reduced_motion="reduce")
    if who != "visitor":
        name = KIOSK_COOKIE if who == "kiosk" else COOKIE
        cookie = cast.browsers[who].get_cookie(name)
        assert cookie is not None
        context.add_cookies([{"name": name, "value": cookie.value, "url": place}])
    page = context.new_page()
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    if who == "kiosk":
        page.clock.set_fixed_time(NOON)
    for name, path in VISITS[who].items():
        settled(page, path.format(night=cast.night_id, patient=cast.ids["patient"]))
        for look in LOOKS:
            page.emulate_media(color_scheme=look)
            wrong += [f"{path} on {width} px: {part}" for part in page.evaluate(CUT_OFF)]
            if os.environ.get("SOMNIA_SCREENSHOTS"):
                page.wait_for_timeout(600)  # charts take on the colors of the look
                page.screenshot(path=str(FOLDER / f"{who}-{name}-{width}-{look}.png"))
    context.close()
    assert not wrong, "\n".join(wrong)
