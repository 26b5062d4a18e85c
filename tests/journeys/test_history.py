"""A history in a real browser: the made-up nights, a number over time, two nights beside each other, before and after a day."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SOON = 30_000
"""A watchdog for what takes a second or two [ms]."""


def test_a_demo_history_is_followed_over_time_and_two_of_its_nights_are_compared(page: Page) -> None:
    page.goto("/trends")
    page.get_by_role("button", name="Show a demo history of 60 nights").click()
    expect(page.locator("#trends-chart .point").first).to_be_visible(timeout=SOON)
    page.get_by_text("Efficiency", exact=True).first.click()
    expect(page.locator("#trends-body h2").first).to_have_text("Efficiency", timeout=SOON)
    page.get_by_role("link", name="Compare nights").click()
    table = page.locator("#compare-body tbody tr")
    expect(table.filter(has_text="Asleep").first).to_be_visible(timeout=SOON)
    expect(page.locator("#compare-chart .trace").first).to_be_visible(timeout=SOON)
    before = page.locator("#compare-body thead").inner_text()
    page.locator("#compare-first").select_option(index=10)
    expect(page.locator("#compare-body thead")).not_to_have_text(before, timeout=SOON)
    page.locator("#compare-second").select_option(page.locator("#compare-first").input_value())
    expect(page.locator("#compare-body")).to_have_text("Choose two different nights.", timeout=SOON)
    around = page.locator("#compare-around")
    expect(around.locator("tbody tr")).not_to_have_count(0, timeout=SOON)
    page.locator("#compare-day").fill("2001-01-01")
    expect(around).to_have_text(re.compile("^0 nights in the 42 days before, 0 from that day on"), timeout=SOON)
    a_night_leads_to_its_comparison(page)


def a_night_leads_to_its_comparison(page: Page) -> None:
    """From a night's own page, beside the newest other one; and it fits a phone."""
    page.goto("/nights")
    page.locator("a.night-row").nth(3).click()
    page.get_by_role("link", name="Compare with another night").click()
    expect(page.locator("#compare-chart .trace").first).to_be_visible(timeout=SOON)
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")  # the chart follows its card
