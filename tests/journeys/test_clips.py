"""A person has the loudest moments of a night kept, and plays one."""

import re
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import expect

from tests.engine.test_clips import snores
from tests.journeys.conftest import Visitors
from tests.journeys.test_first_night import ANALYSIS, SOON, bring
from tests.journeys.test_sharing import register

pytestmark = pytest.mark.browser


def test_a_person_switches_clips_on_and_plays_one(visitors: Visitors, tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "phone.flac", "w", samplerate=16000, channels=1) as night:
        night.date = "2025-11-14T23:00:00+01:00"
        night.write(snores(6))
    page = visitors.new()
    register(page, "mara@example.org", "Mara Example")
    page.goto("/settings")
    page.get_by_text("Keep the loudest moments").click()
    page.locator(".card-plain", has=page.get_by_role("heading", name="Settings")).get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible(timeout=SOON)
    bring(page, tmp_path / "phone.flac")
    page.get_by_role("button", name="Analyze").click()
    page.wait_for_url(re.compile("/night/[0-9a-f]{32}$"), timeout=ANALYSIS)
    page.goto(page.url + "?tab=clips")
    clips = page.locator(".clip")
    expect(clips.first).to_be_visible(timeout=SOON)
    assert 5 <= clips.count() <= 20
    page.wait_for_function("() => [...document.querySelectorAll('.clip img')].slice(0, 2).every(one => one.naturalWidth > 100)")
    sound = clips.first.locator("audio")
    sound.evaluate("one => one.play()")
    page.wait_for_function("() => document.querySelector('.clip audio').currentTime > 0.2", timeout=SOON)
    assert 9.5 < float(sound.evaluate("one => one.duration")) < 10.5
