"""The grid of a night and the time in bed."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from somnia_engine.errors import SomniaError
from somnia_engine.placing import AnalysisOptions, lights_of, place
from somnia_engine.types.features import NightFeatures
from tests.engine.make import START, heart, recording, stages

HOUR = timedelta(hours=1)


def test_the_grid_starts_at_the_earliest_sample_and_ends_with_the_last() -> None:
    early = recording({"hr_bpm": (np.array([60.0, 600.0]), np.array([60.0, 60.0]))})
    late = recording({"spo2_pct": (np.array([0.0, 1800.0]), np.array([96.0, 96.0]))}, start=START + timedelta(minutes=10))
    placed = place([late, early], AnalysisOptions())
    assert placed.input.start == START + timedelta(minutes=1)
    assert placed.input.n_epochs == (600 - 60 + 1800) // 30 + 1
    assert [p.offset_s for p in placed.input.placed] == [540.0, -60.0]


def test_a_given_start_goes_before_everything() -> None:
    night = recording({"hr_bpm": heart(3600)}, lights_off_s=600.0)
    assert place([night], AnalysisOptions(start=START + timedelta(minutes=5))).input.start == START + timedelta(minutes=5)


def test_without_a_start_the_grid_begins_at_lights_off_and_ends_at_lights_on() -> None:
    night = recording({"hr_bpm": heart(7200)}, lights_off_s=600.0, lights_on_s=6600.0)
    placed = place([night], AnalysisOptions())
    assert placed.input.start == START + timedelta(minutes=10)
    assert placed.input.n_epochs == 200
    assert (placed.off_s, placed.on_s) == (0.0, 6000.0)


def test_what_the_person_says_of_lights_goes_before_a_mark() -> None:
    night = recording({"hr_bpm": heart(7200)}, lights_off_s=600.0)
    placed = place([night], AnalysisOptions(lights_off=START + timedelta(minutes=20), lights_on=START + HOUR))
    assert placed.input.start == START + timedelta(minutes=20)
    assert placed.on_s == 2400.0


def test_a_file_without_a_clock_begins_at_the_given_start() -> None:
    counted = recording({"hr_bpm": heart(600)}, start=None, name="counted")
    clocked = recording({"spo2_pct": heart(600, 1.0, 95.0)}, start=START + timedelta(minutes=5))
    placed = place([counted, clocked], AnalysisOptions(start=START))
    assert [p.offset_s for p in placed.input.placed] == [0.0, 300.0]


def test_a_file_without_a_clock_beside_one_with_a_clock_needs_a_start() -> None:
    with pytest.raises(SomniaError, match=r"counted counts from an unknown moment.*--start"):
        place([recording({"hr_bpm": heart(600)}, start=None, name="counted"), recording({"hr_bpm": heart(600)})], AnalysisOptions())


def test_files_without_a_clock_make_a_night_without_a_clock() -> None:
    placed = place([recording({"hr_bpm": heart(600)}, start=None)], AnalysisOptions())
    assert placed.input.start is None
    assert placed.input.n_epochs == 20


def test_lights_need_a_clock() -> None:
    with pytest.raises(SomniaError, match="--start"):
        place([recording({"hr_bpm": heart(600)}, start=None)], AnalysisOptions(lights_off=START))


def test_a_night_over_a_clock_change_has_its_true_length() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    off, on = datetime(2025, 10, 25, 22, 30, tzinfo=berlin), datetime(2025, 10, 26, 7, 0, tzinfo=berlin)
    night = recording({"hr_bpm": heart(3600)}, start=off, zone="Europe/Berlin")
    placed = place([night], AnalysisOptions(lights_off=off, lights_on=on))
    assert placed.input.n_epochs == 9.5 * 120
    assert placed.input.start is not None
    assert placed.input.start.isoformat() == "2025-10-25T22:30:00+02:00"


def test_files_in_different_offsets_are_laid_on_one_clock() -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    here = recording({"hr_bpm": heart(600)}, start=START)
    there = recording({"spo2_pct": heart(600, 1.0, 95.0)}, start=START.astimezone(india))
    assert [p.offset_s for p in place([here, there], AnalysisOptions()).input.placed] == [0.0, 0.0]


@pytest.mark.parametrize("length_h", [24.1, 300])
def test_more_than_a_day_is_refused_with_what_to_do(length_h: float) -> None:
    long = recording({"hr_bpm": (np.array([0.0, length_h * 3600.0]), np.array([60.0, 60.0]))})
    with pytest.raises(SomniaError, match=r"at most 24 h.*--night"):
        place([long], AnalysisOptions())


def test_nothing_to_place_is_refused() -> None:
    with pytest.raises(SomniaError, match="at least one file"):
        place([], AnalysisOptions())
    with pytest.raises(SomniaError, match="no measurement"):
        place([recording()], AnalysisOptions())


def test_lights_on_before_the_start_is_refused() -> None:
    with pytest.raises(SomniaError, match="after the start"):
        place([recording({"hr_bpm": heart(600)})], AnalysisOptions(start=START, lights_on=START - HOUR))


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(SomniaError, match="not a time zone"):
        place([recording({"hr_bpm": heart(600)})], AnalysisOptions(zone="Mars/Base"))


def test_the_zone_is_the_said_one_else_that_of_most_files() -> None:
    files = [recording({"hr_bpm": heart(600)}, zone=zone) for zone in ("Asia/Tokyo", "Europe/Berlin", "Europe/Berlin", None)]
    assert place(files, AnalysisOptions()).input.zone == "Europe/Berlin"
    assert place(files, AnalysisOptions(zone="UTC")).input.zone == "UTC"


def test_unmarked_lights_are_the_bounds_of_the_person_not_of_the_room() -> None:
    night = recording({"hr_bpm": heart(3600), "room_temp_c": (np.array([0.0, 7200.0]), np.array([20.0, 20.0]))})
    placed = place([night], AnalysisOptions())
    column = np.full(placed.input.n_epochs, np.nan, dtype=np.float32)
    column[4:100] = 60.0
    lights = lights_of(placed, NightFeatures(START, len(column), {"hr_bpm": column}), device=None)
    assert (lights.off_s, lights.on_s) == (120.0, 3000.0)
    assert not lights.off_marked
    assert not lights.on_marked


def test_a_marked_light_is_labeled_as_marked() -> None:
    placed = place([recording({"hr_bpm": heart(3600)}, lights_off_s=60.0, stages=stages("W" * 100))], AnalysisOptions())
    lights = lights_of(placed, NightFeatures(START, placed.input.n_epochs, {}), device=None)
    assert lights.off_marked
    assert not lights.on_marked
    assert UTC is START.tzinfo
