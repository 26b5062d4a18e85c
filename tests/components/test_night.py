import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from plotly.utils import PlotlyJSONEncoder

from components.figures.night import night_figure
from components.night import NightView, night_view, summary_sentence
from somnia_engine.text import Text
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.night import NightAnalysis, SleepStatistics
from tests.components.figures.test_wearable_lanes import worn
from tests.components.made import EPOCHS, START, events, night

NAMES = {"apnea": Text("Sleep apnea and snoring"), "insomnia": Text("Insomnia")}


def page(analysis: NightAnalysis, **changes: Any) -> str:
    view = NightView(analysis, date(2025, 11, 14), "/night/before", None, None, False, NAMES)
    return json.dumps(night_view(replace(view, **changes)), cls=PlotlyJSONEncoder, ensure_ascii=False)


def bare() -> NightAnalysis:
    return night(
        features=NightFeatures(START, EPOCHS, {}), hypnogram=None, device_hypnogram=None, statistics=SleepStatistics(),
        device_statistics=None, traces=(), events=events(0), measures={}, findings=(), quality=(),
    )  # fmt: skip


def test_the_header_says_the_day_the_span_and_the_zone() -> None:
    said = page(night())
    for part in ("Fri 14 Nov 2025", "23:00 – 07:00", "Europe/Berlin", "heart 100 %", "/night/before"):
        assert part in said


def test_a_night_whose_start_nobody_knows_counts_hours_and_says_so() -> None:
    said = page(night(start=None, zone=None))
    assert "+0:00 – +8:00" in said
    assert "time zone unknown" in said


def test_a_demo_and_a_night_that_expires_say_so() -> None:
    said = page(night(), demo=True, expires_at=datetime(2025, 12, 1, 9, 30, tzinfo=UTC))
    assert "demo" in said
    assert "01 Dec 09:30" in said


@pytest.mark.parametrize("missing", ["blood oxygen", "sound", "heart rate", "movement counts"])
def test_a_missing_stream_is_one_line_with_its_reason_and_a_link(missing: str) -> None:
    said = page(bare())
    assert f"No {missing}" in said
    assert said.count("/upload") == 4


def test_nothing_is_said_to_be_missing_where_all_was_measured() -> None:
    assert "lane-missing" not in page(night())


def test_the_night_is_summed_up_in_one_sentence_for_who_cannot_see_the_chart() -> None:
    sentence = summary_sentence(night())
    assert sentence == "You slept 6 h 30 of 8 h 00 in bed; it took 15 min to fall asleep, and you were awake for 1 h 05 after that."
    assert page(night()).count(sentence) == 2


def test_a_night_without_anything_still_has_its_page() -> None:
    assert "no sleep stages" in page(bare())
    assert night_figure(bare())["data"] == []


def test_the_page_carries_no_style_of_its_own() -> None:
    assert '"style"' not in page(night()).replace('"style": null', "")


def test_a_page_with_every_lane_and_300_desaturations_weighs_at_most_100_kb() -> None:
    sent = json.loads(page(worn()))
    assert len(json.dumps(sent, separators=(",", ":")).encode()) <= 100_000  # as Dash writes it
