"""Lights off and on in a real browser: said anew on the night's page, told beside the recorded ones, and taken back."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_demo import ANALYZED_S, SOON

pytestmark = pytest.mark.browser


def test_lights_are_said_anew_and_taken_back(page: Page, address: str) -> None:
    until = time.monotonic() + ANALYZED_S
    while page.request.get(f"{address}/api/v1/demo-analysis?demo=apnea").status != 200:
        assert time.monotonic() < until, "the demo night was not analyzed"
        page.wait_for_timeout(1000)
    page.goto("/demo?night=apnea")
    page.wait_for_url(re.compile("/night/[0-9a-f]{32}$"), timeout=SOON)
    page.locator(".tab-line label").filter(has_text="Lights off").click()
    form = page.locator("#lights-body")
    expect(form).to_contain_text("As recorded", timeout=SOON)
    recorded = page.get_by_role("textbox", name="Lights off").input_value()
    say(page, "01:00")
    expect(form.get_by_role("columnheader")).to_have_text(["as recorded", "by your times"], timeout=SOON)
    expect(form).to_contain_text("off 01:00, on ", timeout=SOON)
    expect(form).to_contain_text(": you, ")
    say(page, "12:34")
    expect(form).to_contain_text("“12:34” is no time of this night", timeout=SOON)
    expect(page.get_by_role("textbox", name="Lights off")).to_have_value("01:00")
    form.get_by_role("button", name="Undo the last change").click()
    expect(form.get_by_role("columnheader")).to_have_text(["as recorded"], timeout=SOON)
    expect(page.get_by_role("textbox", name="Lights off")).to_have_value(recorded)


def say(page: Page, time: str) -> None:
    """Say that lights went off at a time."""
    page.get_by_role("textbox", name="Lights off").fill(time)
    page.locator("#lights-body").get_by_role("button", name="Save").click()
