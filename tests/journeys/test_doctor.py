"""A doctor at work: from the worklist to a signed night with three stages corrected, by keys alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visitors
from tests.journeys.test_sharing import WAIT_MS, bring_a_night, log_in, make_doctor, register, share_by_code

pytestmark = pytest.mark.browser
MOST_PRESSES = 12
"""Key presses and clicks besides the corrections themselves."""


class Hands:
    """Presses keys and counts them."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.presses = 0

    def press(self, key: str) -> None:
        self._page.keyboard.press(key)
        self.presses += 1

    def correct(self, key: str) -> None:
        """Press what is a correction itself."""
        self._page.keyboard.press(key)


def test_from_the_worklist_to_a_signed_night_in_few_presses(visitors: Visitors, instance: dict[str, str], night_files: list[Path]) -> None:
    make_doctor(instance, "sen@example.org")
    patient, doctor = visitors.new(), visitors.new()
    register(patient, "lena@example.org", "Lena Example")
    night = bring_a_night(patient, night_files).rpartition("/")[2]
    code = share_by_code(patient)
    log_in(doctor, "sen@example.org")
    doctor.goto("/patients")
    doctor.get_by_label("Invitation code").fill(code)
    doctor.get_by_role("button", name="Use the code").click()
    expect(doctor.get_by_role("link", name="Lena Example")).to_be_visible(timeout=WAIT_MS)

    doctor.goto("/worklist")
    expect(doctor.get_by_text("Lena Example")).to_be_visible(timeout=WAIT_MS)
    hands = Hands(doctor)
    hands.press("Enter")
    doctor.wait_for_url(re.compile(f"/review/{night}"), timeout=WAIT_MS)
    expect(doctor.locator("html[data-review=ready]")).to_have_count(1, timeout=WAIT_MS)
    for stage in ("w", "r", "3"):
        hands.press("n")
        hands.correct(stage)
    expect(doctor.locator("#review-status")).to_contain_text("Kept at", timeout=WAIT_MS)
    hands.press("Control+Enter")
    expect(doctor.get_by_text("Signed. The patient is told.")).to_be_visible(timeout=WAIT_MS)
    assert hands.presses <= MOST_PRESSES
    expect(doctor.get_by_text(re.compile("Version 1, signed by"))).to_be_visible()

    doctor.reload()
    expect(doctor.locator("html[data-review=ready]")).to_have_count(1, timeout=WAIT_MS)
    expect(doctor.locator(".review-kappa").first).not_to_contain_text("1.00", timeout=WAIT_MS)
    doctor.goto("/worklist")
    expect(doctor.locator(".mark-word", has_text="signed").first).to_be_visible(timeout=WAIT_MS)
    visitors.faults = [fault for fault in visitors.faults if "404" not in fault]


def test_undo_gives_back_what_a_key_took(visitors: Visitors, instance: dict[str, str], night_files: list[Path]) -> None:
    page = visitors.new()
    log_in(page, "sen@example.org")
    page.goto("/worklist")
    page.get_by_text("Lena Example").click()
    expect(page.locator(".drawer")).to_contain_text("Lena Example", timeout=WAIT_MS)
    page.get_by_role("link", name="Review").click()
    expect(page.locator("html[data-review=ready]")).to_have_count(1, timeout=WAIT_MS)
    kappa = page.locator(".review-kappa").first
    before = kappa.inner_text()
    page.keyboard.press("Home")
    for _ in range(40):
        page.keyboard.press("r")
    expect(kappa).not_to_have_text(before, timeout=WAIT_MS)
    for _ in range(40):
        page.keyboard.press("z")
    expect(kappa).to_have_text(before, timeout=WAIT_MS)
    page.keyboard.press("e")
    expect(page.locator(".event-chosen")).to_have_count(1)
    page.keyboard.press("Delete")
    expect(page.locator(".event-chosen")).to_have_count(0)


def test_a_doctor_brings_a_night_that_becomes_the_patients_own(
    visitors: Visitors, instance: dict[str, str], night_files: list[Path]
) -> None:
    patient, doctor = visitors.new(), visitors.new()
    register(patient, "omar@example.org", "Omar Example")
    patient.goto("/sharing")
    patient.get_by_label("The doctor may upload nights for me").check()
    patient.get_by_role("button", name="Make a code").click()
    code = patient.locator(".code-said")
    expect(code).to_be_visible(timeout=WAIT_MS)
    log_in(doctor, "sen@example.org")
    doctor.goto("/patients")
    doctor.get_by_label("Invitation code").fill(code.inner_text())
    doctor.get_by_role("button", name="Use the code").click()
    expect(doctor.get_by_role("link", name="Omar Example")).to_be_visible(timeout=WAIT_MS)

    doctor.goto("/worklist")
    doctor.get_by_text("Omar Example").click()
    doctor.locator(".worklist-side").get_by_role("link", name="Upload").click()
    expect(doctor.get_by_role("heading", name="Upload for Omar Example")).to_be_visible(timeout=WAIT_MS)
    doctor.set_input_files("input[type=file]", [str(path) for path in night_files])
    expect(doctor.get_by_text(night_files[0].name)).to_be_visible(timeout=WAIT_MS)
    expect(doctor.get_by_text(night_files[1].name)).to_be_visible(timeout=WAIT_MS)
    doctor.get_by_role("button", name="Analyze").click()
    night = doctor.get_by_role("link", name="See your night")
    expect(night).to_be_visible(timeout=120_000)
    address = str(night.get_attribute("href"))
    patient.goto(address)
    expect(patient.locator("#night-chart")).to_be_visible(timeout=WAIT_MS)
