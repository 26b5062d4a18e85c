"""A visitor who only wants to look, in a real browser: a demo night at once, what its page says, what is promised of own files."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SOON = 30_000
"""A watchdog for what takes a second or two [ms]."""
ANALYZED_S = 240.0
"""A watchdog for the demo nights, which are analyzed once beside the server."""


def wait_for_demos(page: Page, address: str) -> None:
    until = time.monotonic() + ANALYZED_S
    while page.request.get(f"{address}/api/v1/demo-analysis?demo=insomnia").status != 200:
        assert time.monotonic() < until, "the demo nights were not analyzed"
        page.wait_for_timeout(1000)


def test_a_demo_night_opens_at_once_and_says_what_it_is(page: Page, address: str) -> None:
    wait_for_demos(page, address)
    page.goto("/")
    page.get_by_role("link", name="Try it without an account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Try it without an account", timeout=SOON)
    expect(page.locator("main")).to_contain_text("Deleted by itself 60 min after it was analyzed.")
    page.get_by_text("A night with breathing pauses").click()
    page.wait_for_url(re.compile("/night/[0-9a-f]{32}$"), timeout=SOON)
    expect(page.locator(".chip-demo")).to_have_text("demo", timeout=SOON)
    expect(page.locator(".night-header")).to_contain_text("kept until")
    expect(page.locator(".event-row[data-onset]").first).to_be_visible(timeout=SOON)
    page.goto("/nights")
    expect(page.locator("a.night-row")).to_have_count(1, timeout=SOON)


def test_two_weeks_of_demo_nights_come_together_and_their_last_is_judged(page: Page, address: str) -> None:
    wait_for_demos(page, address)
    page.goto("/demo?night=insomnia")
    page.wait_for_url(re.compile("/night/[0-9a-f]{32}$"), timeout=SOON)
    finding = page.locator(".finding").filter(has_text=re.compile("insomnia", re.IGNORECASE))
    expect(finding).to_contain_text(re.compile("signs"), timeout=SOON)
    page.goto("/nights")
    expect(page.locator("a.night-row")).to_have_count(14, timeout=SOON)
