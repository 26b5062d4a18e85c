"""A ward's display in a real browser: its beds in turn, at night, and through the death of its server."""

import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from somnia_engine.synthetic import DEMOS, truth
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import NightAnalysis, SleepStatistics
from somnia_server import create_server
from somnia_server.access.kiosks import COOKIE
from somnia_server.settings import Settings
from somnia_server.store import clinic_notes, invitations, kiosks, recordings
from somnia_server.store.actors import Actor, Role
from somnia_server.store.house import now
from somnia_server.store.nights import Kept, save_night
from tests.journeys.conftest import PROJECT, environ_of, wait_for
from tests.server.conftest import make_account, make_night

pytestmark = pytest.mark.browser
PICTURE = PROJECT / "docs" / "screenshots" / "kiosk.png"
SOON = 30_000
"""A watchdog for what takes some seconds [ms]."""
LEGIBLE_PX = 44
"""At 4 m, 20 arc minutes are 23 mm: on a screen of 43 inches (0.49 mm a pixel of 1,920) the signs are 47 px with their ascent."""


@dataclass
class Ward:
    """A house of its own with a display, which the test may kill."""

    environ: dict[str, str]
    log: Path
    token: str = ""
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environ['SOMNIA_PORT']}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "somnia_server.cli", "run"]
            environ = {**os.environ, **self.environ}
            self.process = subprocess.Popen(command, cwd=PROJECT, env=environ, stdout=log, stderr=log, start_new_session=True)
        wait_for(self.url, self.process, self.log)

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)
        self.process = None


def slept(key: str, hours_ago: float) -> NightAnalysis:
    """Return a night with the stages of a demo night that ended some hours ago."""
    night, found = make_night(), np.asarray(truth(key)[-1].stages, np.int8)
    n = len(night.hypnogram.stages)
    stages = np.resize(found, n) if len(found) >= n else np.concatenate([found, np.full(n - len(found), Stage.W, np.int8)])
    sleeps = stages != Stage.W
    asleep, awake = float(sleeps.sum()) / 2, float((~sleeps[int(sleeps.argmax()) :]).sum()) / 2
    start = now() - timedelta(hours=hours_ago, seconds=30 * n)
    return replace(
        night,
        start=start,
        features=replace(night.features, start=start),
        hypnogram=Hypnogram(stages, tuple(Stage(one) for one in np.unique(stages)), "model 1"),
        statistics=SleepStatistics("model 1", tib_min=n / 2, tst_min=asleep, se_pct=200 * asleep / n, waso_min=awake),
    )


def hang(ward: Ward) -> None:
    """Let four patients of one doctor sleep: three last night, one last week."""
    with create_server(Settings.from_env(ward.environ)).app_context():
        doctor = make_account(Role.DOCTOR, email="ward@example.org")
        pairing = kiosks.start_pairing(doctor, "Ward 3")
        ward.token = kiosks.pair(pairing.code) or ""
        for place, hours_ago in enumerate((2.0, 3.0, 2.5, 170.0)):
            patient: Actor = make_account(email=f"{secrets.token_hex(4)}@example.org")
            assert invitations.share_with_address(patient, "ward@example.org")
            night = slept(DEMOS[place % len(DEMOS)].key, hours_ago)
            assert night.start is not None
            save_night(patient.id, night, kept=Kept(night.start.date(), patient.id))
            assert kiosks.add_bed(doctor, pairing.kiosk, patient=patient.id, alias=f"Bed {place + 11}")
            if place == 1:
                recordings.add_upload(patient, "tonight.csv", size=10)
        clinic_notes.write(make_account(Role.ADMIN), "Quiet hours from 22:00", last_day=now().date() + timedelta(days=2))


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    folder = tmp_path_factory.mktemp("ward")
    ward = Ward(environ_of(folder), folder / "log")
    hang(ward)
    ward.start()
    yield ward
    ward.kill()


@pytest.fixture
def display(browser: Browser, ward: Ward) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, base_url=ward.url, color_scheme="light")
    context.add_cookies([{"name": COOKIE, "value": ward.token, "url": ward.url}])
    yield context.new_page()
    context.close()


def at(page: Page, hour: int, second: int = 0) -> None:
    """Let the display's clock say an hour of its own day."""
    page.clock.set_fixed_time(now().astimezone().replace(hour=hour, minute=0, second=second, microsecond=0))


def test_three_beds_a_view_in_turn_readable_from_afar(display: Page) -> None:
    at(display, 12)
    display.goto("/kiosk")
    seen = display.locator(".bed:visible")
    expect(seen).to_have_count(3, timeout=SOON)
    for place, alias in enumerate(("Bed 11", "Bed 12", "Bed 13")):
        expect(seen.nth(place)).to_contain_text(alias)
        expect(seen.nth(place)).to_contain_text("of 100")
        expect(seen.nth(place)).to_contain_text("h ago")
        expect(seen.nth(place).locator("img")).to_be_visible()
    expect(display.locator(".kiosk-notes")).to_have_text("Quiet hours from 22:00")
    expect(seen.nth(1).locator(".bed-live")).to_contain_text(re.compile(r"^Data arriving since \d\d:\d\d$"))
    for part in ("h2", ".bed-numbers", ".bed-points", ".bed-live", ".kiosk-notes p"):
        size = display.locator(part).first.evaluate("part => parseFloat(getComputedStyle(part).fontSize)")
        assert size >= LEGIBLE_PX, part
    assert display.evaluate("document.documentElement.scrollHeight <= innerHeight && document.documentElement.scrollWidth <= innerWidth")
    if os.environ.get("SOMNIA_SCREENSHOTS"):
        display.wait_for_timeout(300)  # the fonts
        display.screenshot(path=str(PICTURE))
    at(display, 12, 12)
    expect(seen).to_have_count(1, timeout=SOON)
    expect(seen).to_contain_text("Bed 14")
    expect(seen).to_contain_text("Unavailable: no data of the last night.")
    expect(seen.locator("img")).to_have_count(0)


def test_it_dims_at_night_until_somebody_touches_it_and_leads_nowhere(display: Page) -> None:
    at(display, 3)
    display.goto("/kiosk")
    expect(display.locator(".kiosk-night")).to_have_count(1, timeout=SOON)
    assert display.locator(".kiosk").evaluate("screen => getComputedStyle(screen).opacity") == "0.35"
    assert display.locator("a:visible, button:visible, input:visible, form:visible, select:visible, summary:visible").count() == 0
    display.mouse.click(200, 200)
    expect(display.locator(".kiosk-night")).to_have_count(0, timeout=SOON)
    assert display.url.endswith("/kiosk")


def test_it_says_that_its_server_is_gone_and_comes_back_by_itself(display: Page, ward: Ward) -> None:
    display.goto("/kiosk")
    expect(display.locator(".bed:visible").first).to_be_visible(timeout=SOON)
    ward.kill()
    expect(display.locator(".kiosk-away")).to_be_visible(timeout=SOON)
    expect(display.locator(".kiosk-away")).to_contain_text("No connection since")
    expect(display.locator(".bed-when:visible")).to_have_count(0, timeout=SOON)
    display.evaluate("document.body.dataset.before = 'the server died'")
    ward.start()
    expect(display.locator("body[data-before]")).to_have_count(0, timeout=SOON)
    expect(display.locator(".bed:visible").first).to_be_visible(timeout=SOON)
    expect(display.locator(".kiosk-away")).to_be_hidden()
    display.context.set_offline(True)
    expect(display.locator(".kiosk-away")).to_be_visible(timeout=SOON)
    display.clock.set_fixed_time(now() + timedelta(hours=40))
    expect(display.locator(".bed img:visible")).to_have_count(0, timeout=SOON)
    display.context.set_offline(False)
    expect(display.locator(".kiosk-away")).to_be_hidden(timeout=SOON)


def test_a_display_that_is_taken_down_shows_no_bed_any_more(display: Page, ward: Ward) -> None:
    display.goto("/kiosk")
    expect(display.locator(".bed:visible").first).to_be_visible(timeout=SOON)
    with create_server(Settings.from_env(ward.environ)).app_context():
        actor = kiosks.kiosk_actor(ward.token)
        assert actor is not None
        assert kiosks.revoke_kiosk(make_account(Role.ADMIN), actor.id)
    expect(display.locator(".bed")).to_have_count(0, timeout=SOON)
