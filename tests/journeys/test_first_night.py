"""A visitor's first night, in a real browser: from files to an event; a refusal; a reload in between and a phone."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from models.pose.render import View, render
from tests.engine.videos import evenly, write_video
from tests.journeys.conftest import Visitors
from tests.journeys.files import write_foreign

pytestmark = pytest.mark.browser

SOON = 30_000
"""A watchdog for what takes a second or two [ms]."""
ANALYSIS = 180_000
"""A watchdog for a whole analysis [ms]."""
PLOT = "document.querySelector('#night-chart .js-plotly-plot')"
RANGE = f"{PLOT}._fullLayout.xaxis.range"
LANES = f"{PLOT}._fullLayout._subplots.yaxis.map(name => {PLOT}._fullLayout['yaxis' + name.slice(1)]._length)"
NAMES = f"JSON.stringify({PLOT}.data.map(lane => [lane.type, lane.name, lane.fill]))"


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
    expect(page.locator("#night-readout")).to_contain_text(":", timeout=SOON)  # the chart is drawn
    event_is_shown(page, rows.nth(20))
    keys_move_the_cursor_and_zoom_back(page)
    probabilities_take_the_place_of_stages(page)
    the_theme_button_changes_the_colors(page)


def event_is_shown(page: Page, row: Locator) -> None:
    """A click on an event puts the cursor and the readout on it and zooms to the minutes around it."""
    onset, time = float(row.get_attribute("data-onset") or "nan"), row.locator("td").first.inner_text()
    row.click()
    expect(page.locator("#night-chart")).to_have_attribute("data-cursor", str(round(onset)))
    expect(page.locator("#night-readout")).to_contain_text(time[:5])
    page.wait_for_function(f"() => {RANGE}[0] === {onset} - 300 && {RANGE}[1] === {onset} + 300")


def keys_move_the_cursor_and_zoom_back(page: Page) -> None:
    chart = page.locator("#night-chart")
    at = int(chart.get_attribute("data-cursor") or "")
    for key, moved in (("ArrowRight", 30), ("Shift+ArrowRight", 330), ("ArrowLeft", 300)):
        page.keyboard.press(key)
        expect(chart).to_have_attribute("data-cursor", re.compile(f"^({at + moved}|{at + moved - 1}|{at + moved + 1})$"))
    page.keyboard.press("Escape")
    page.wait_for_function(f"() => {RANGE}[0] === 0 && {RANGE}[1] > 7 * 3600 - 60")


def probabilities_take_the_place_of_stages(page: Page) -> None:
    before = page.evaluate(NAMES)
    page.get_by_role("radio", name="Probabilities").check()
    page.wait_for_function(f"before => {NAMES} !== before", arg=before)
    page.get_by_role("radio", name="Stages", exact=True).check()
    page.wait_for_function(f"before => {NAMES} === before", arg=before)


def the_theme_button_changes_the_colors(page: Page) -> None:
    root, text = page.locator("html"), "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(text)
    for theme in ("light", "dark"):
        page.locator("#shell-theme").click()
        expect(root).to_have_attribute("data-theme", theme)
    page.wait_for_function(f"light => {text} !== light", arg=light)


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
    night = page.url
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (night, "/", "/nights", "/upload"):
        page.goto(path)
        expect(page.locator("h1").first).to_be_visible(timeout=SOON)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.goto(night)
    page.wait_for_function(f"() => {PLOT}?._fullLayout?.xaxis._length > 250", timeout=SOON)
    lanes = page.evaluate(LANES)
    assert len(lanes) >= 4
    assert min(lanes) >= 24


def test_a_video_and_a_mat_without_a_clock_are_analyzed_once_their_start_is_said(page: Page, tmp_path: Path) -> None:
    times_s = evenly(90.0, 2.0)
    picture = render(View(0, heading_deg=180, seed=5))
    video = write_video(tmp_path / "camera.mkv", iter([picture] * len(times_s)), times_s, gop=2)
    mat = tmp_path / "mat.npy"
    np.save(mat, np.random.default_rng(0).integers(0, 200, (90, 64, 32)).astype(np.uint16))
    bring(page, video, mat)
    analyze = page.get_by_role("button", name="Analyze")
    expect(analyze).to_be_disabled()
    page.get_by_label("How the camera looks at the bed").select_option("above")
    page.get_by_label("Where the head lies on the mat").select_option("last")
    expect(page.locator("#upload-found select.is-valid")).to_have_count(2, timeout=SOON)
    page.get_by_label("When the recording began").fill("2025-11-14T23:00")
    expect(analyze).to_be_enabled(timeout=SOON)
    expect(page.get_by_label("How the camera looks at the bed")).to_have_value("above")
    analyze.click()
    page.wait_for_url(re.compile("/night/[0-9a-f]{32}$"), timeout=ANALYSIS)
    page.wait_for_function(f"() => {PLOT}?._fullLayout", timeout=SOON)
    expect(page.locator("#night-chart")).to_contain_text("on the back", timeout=SOON)


def test_counts_of_another_device_are_named_and_left_out(page: Page, tmp_path: Path) -> None:
    bring(page, write_foreign(tmp_path / "phone.csv"))
    found = page.locator("#upload-found")
    expect(found).to_contain_text("heart rate")
    expect(found.locator(".remark").first).to_contain_text("steps_count")


def test_files_may_be_dropped_and_the_night_of_one_visitor_is_nowhere_for_another(visitors: Visitors, night_files: list[Path]) -> None:
    page = visitors.new()
    page.goto("/upload")
    expect(page.locator("#upload-drop")).to_be_visible(timeout=SOON)
    drop(page, *night_files)
    expect(page.locator("#upload-found .found")).to_have_count(2, timeout=SOON)
    page.get_by_role("button", name="Analyze").click()
    page.wait_for_url(re.compile("/night/[0-9a-f]{32}$"), timeout=ANALYSIS)
    stranger = visitors.new()
    stranger.goto(page.url)
    expect(stranger.get_by_role("heading", name="There is nothing at this address")).to_be_visible(timeout=SOON)
    expect(stranger.locator("#night-chart")).to_have_count(0)
    stranger.goto("/nights")
    expect(stranger.get_by_text("No nights yet")).to_be_visible(timeout=SOON)


def drop(page: Page, *paths: Path) -> None:
    """Let files fall on the drop zone."""
    files = [[path.name, path.read_text(encoding="utf-8")] for path in paths]
    carried = page.evaluate_handle(
        "files => { const held = new DataTransfer();"
        " for (const [name, text] of files) held.items.add(new File([text], name, {type: 'text/csv'})); return held; }",
        files,
    )
    page.dispatch_event("#upload-drop", "drop", {"dataTransfer": carried})


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


def test_a_click_on_an_event_before_the_chart_is_drawn_is_not_lost(page: Page) -> None:
    page.goto("/upload?demo=apnea")
    expect(page.locator("#upload-found .found")).to_have_count(4, timeout=60_000)
    page.get_by_role("button", name="Analyze").click()
    page.wait_for_url(re.compile("/night/[0-9a-f]{32}$"), timeout=ANALYSIS)
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    page.route(re.compile("plotly"), hold)
    page.reload(wait_until="commit")
    row = page.locator(".event-row[data-onset]").nth(20)
    row.click(timeout=SOON)
    page.wait_for_timeout(500)
    assert late
    assert page.locator("#night-chart[data-cursor]").count() == 0
    page.unroute(re.compile("plotly"))  # lets go of what was held
    onset = round(float(row.get_attribute("data-onset") or "nan"))
    expect(page.locator("#night-chart")).to_have_attribute("data-cursor", str(onset), timeout=SOON)
