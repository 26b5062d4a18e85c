"""Two people, two browsers: a patient opens a night to a doctor and closes it again."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PROJECT, Visitors

pytestmark = pytest.mark.browser
PASSWORD = "several quiet words 7"
WAIT_MS = 20_000


def make_doctor(instance: dict[str, str], email: str) -> None:
    run = [sys.executable, "-m", "somnia_server.cli", "create-doctor", "--email", email]
    subprocess.run(run, cwd=PROJECT, env={**os.environ, **instance, "SOMNIA_DOCTOR_PASSWORD": PASSWORD}, check=True, timeout=120)


def register(page: Page, email: str, name: str) -> None:
    page.goto("/register")
    for field, value in (
        ("name", name),
        ("email", email),
        ("birth_date", "1980-05-04"),
        ("password", PASSWORD),
        ("password_confirm", PASSWORD),
    ):
        page.locator(f"form [name={field}]").fill(value)
    for field in ("terms", "privacy"):
        page.locator(f"form [name={field}]").check()
    page.locator("form [type=submit]").click()
    expect(page.get_by_text("See what happened in your night")).to_be_visible(timeout=WAIT_MS)


def log_in(page: Page, email: str) -> None:
    page.goto("/login")
    page.locator("form [name=email]").fill(email)
    page.locator("form [name=password]").fill(PASSWORD)
    page.locator("form [type=submit]").first.click()
    expect(page.locator(".account-menu")).to_be_visible(timeout=WAIT_MS)


def bring_a_night(page: Page, files: list[Path]) -> str:
    """Upload and analyze a night; return the address of its page."""
    page.goto("/upload")
    expect(page.locator("#upload-drop")).to_be_visible(timeout=WAIT_MS)
    page.set_input_files("input[type=file]", [str(path) for path in files])
    analyze = page.locator("#upload-analyse")
    expect(analyze).to_be_enabled(timeout=60_000)
    analyze.click()
    page.wait_for_url(re.compile("/night/"), timeout=120_000)
    return page.url


def share_by_code(page: Page) -> str:
    page.goto("/sharing")
    page.get_by_role("button", name="Make a code").click()
    code = page.locator(".code-said")
    expect(code).to_be_visible(timeout=WAIT_MS)
    return code.inner_text()


def test_a_doctor_sees_a_night_for_as_long_as_the_patient_wants(
    visitors: Visitors, instance: dict[str, str], night_files: list[Path]
) -> None:
    make_doctor(instance, "rao@example.org")
    patient, doctor = visitors.new(), visitors.new()
    register(patient, "maria@example.org", "Maria Example")
    night = bring_a_night(patient, night_files)
    code = share_by_code(patient)

    log_in(doctor, "rao@example.org")
    doctor.goto(night)
    expect(doctor.get_by_text("There is nothing at this address")).to_be_visible(timeout=WAIT_MS)
    doctor.goto("/patients")
    doctor.get_by_label("Invitation code").fill(code)
    doctor.get_by_role("button", name="Use the code").click()
    doctor.get_by_role("link", name="Maria Example").click()
    expect(doctor.get_by_role("heading", name="Maria Example")).to_be_visible(timeout=WAIT_MS)
    doctor.goto(night)
    expect(doctor.locator("#night-chart")).to_be_visible(timeout=WAIT_MS)

    patient.goto("/activity")
    expect(patient.get_by_text("looked at a night").first).to_be_visible(timeout=WAIT_MS)
    patient.goto("/sharing")
    patient.get_by_role("button", name="End", exact=True).click()
    expect(patient.get_by_text("ended").first).to_be_visible(timeout=WAIT_MS)
    expect(doctor.get_by_text("This is no longer shared with you")).to_be_visible(timeout=5000)
    expect(doctor.locator("#night-chart")).to_have_count(0)
    doctor.goto(night)
    expect(doctor.get_by_text("There is nothing at this address")).to_be_visible(timeout=WAIT_MS)
    visitors.faults = [fault for fault in visitors.faults if "404" not in fault]  # what the dark page was answered
