"""A visitor's first night, in a real browser: from files to an event; a refusal; a reload in between and a phone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SOON = 30_000
"""A watchdog for what takes a second or two [ms]."""
ANALYSIS = 180_000
"""A watchdog for a whole analysis [ms]."""


def bring(page: Page, *paths: Path) -> None:
    """Choose files on the upload page, as a person does, and wait until each was looked into."""
    page.goto("/upload")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files([str(path) for path in paths])
    expect(page.locator("#upload-found .file .file-name")).to_have_count(len(paths), timeout=SOON)
    expect(page.locator("#upload-found .pulse")).to_have_count(0, timeout=SOON)


def test_uploaded_files_become_a_night_and_a_click_on_an_event_moves_the_cursor(page: Page, night_files: list[Path]) -> None:
    bring(page, *night_files)
    found = page.locator("#upload-found")
    expect(found).to_contain_text("O2Ring")
    expect(found).to_contain_text("heart rate, movement")
    expect(found).to_contain_text("Night of Fri 14 Nov 2025, 23:00 – 05:59")
    page.get_by_role("button", name="Analyze").click()
    expect(page.locator(".job, .night").first).to_be_visible(timeout=SOON)  # a short night may be ready at the first look
    page.wait_for_url(re.compile("/night/[0-9a-f]{32}$"), timeout=ANALYSIS)
    rows = page.locator(".event-row[data-onset]")
    expect(rows.first).to_be_visible(timeout=SOON)
    assert rows.count() >= 25
    readout = page.locator("#night-readout")
    before = readout.inner_text()
    rows.nth(20).click()
    expect(readout).not_to_have_text(before)


def test_a_file_of_an_unknown_kind_is_refused_with_its_reason(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "letter.csv"
    path.write_bytes(b"%PDF-1.7 a letter to the doctor\n")
    bring(page, path)
    expect(page.locator("#upload-found")).to_contain_text("letter.csv looks like a PDF document")
    expect(page.locator("#upload-found")).to_contain_text("I can read")
    expect(page.get_by_role("button", name="Analyze")).to_be_disabled()
    page.get_by_role("button", name="Remove this file").click()
    expect(page.locator("#upload-found .file")).to_have_count(0, timeout=SOON)


def test_a_reload_in_mid_analysis_finds_the_job_again_and_the_night_fits_a_phone(page: Page) -> None:
    page.goto("/upload?demo=apnea")
    expect(page.locator("#upload-found .found")).to_have_count(4, timeout=60_000)
    page.get_by_role("button", name="Analyze").click()
    expect(page.locator(".job-running, .job-queued").first).to_be_visible(timeout=SOON)
    page.goto("/upload")
    expect(page.locator(".job").first).to_be_visible(timeout=SOON)
    page.wait_for_url(re.compile("/night/[0-9a-f]{32}$"), timeout=ANALYSIS)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (page.url, "/", "/nights", "/upload"):
        page.goto(path)
        expect(page.locator("h1").first).to_be_visible(timeout=SOON)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_language_is_chosen_by_keyboard_and_stays(page: Page) -> None:
    page.goto("/upload")
    page.get_by_role("button", name="Deutsch").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Dateien auswählen")).to_be_visible(timeout=SOON)
    page.goto("/nights")
    expect(page.get_by_role("heading", name="Nächte").first).to_be_visible(timeout=SOON)
    expect(page.get_by_role("button", name="Deutsch")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Nights").first).to_be_visible(timeout=SOON)
