"""The lanes of a wearable night: heart rate variability, disturbed breathing, an irregular pulse, and what was measured when."""

import json
from typing import Any

import numpy as np
import pytest

from components.figures.measured import quality_lane
from components.figures.night import night_figure, night_lanes
from components.figures.strokes import Lane
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.night import NightAnalysis
from tests.components.figures.test_night_figure import named, unpacked
from tests.components.made import EPOCHS, events, night


def worn(**columns: np.ndarray) -> NightAnalysis:
    """Return the night with columns of a beat-to-beat sensor, two episodes of an irregular pulse; `columns` replace its own."""
    made, rng = night(), np.random.default_rng(4)
    own = {
        "rmssd_ms": rng.normal(40, 9, EPOCHS).astype(np.float32),
        "p_breathing_event": np.linspace(0, 1, EPOCHS).astype(np.float32),
        "p_irregular_rhythm": np.full(EPOCHS, 0.02, np.float32),
    }
    episodes = [Event(EventKind.IR, onset, 600.0, 0.97, "belt") for onset in (6000.0, 15000.0)]
    features = NightFeatures(made.features.start, EPOCHS, {**made.features.columns, **own, **columns}, made.features.sources)
    return night(features=features, events=EventTable.of([*events(300), *episodes]))


def lane(made: NightAnalysis, key: str) -> Lane:
    return next(found for found in night_lanes(made) if found.key == key)


def test_the_lanes_of_breath_and_heart_stand_together() -> None:
    keys = [found.key for found in night_lanes(worn())]
    assert keys[2:7] == ["spo2_pct", "p_breathing_event", "hr_bpm", "rmssd_ms", "p_irregular_rhythm"]


def test_a_night_with_every_lane_and_300_desaturations_weighs_at_most_100_kb() -> None:
    assert len(json.dumps(night_figure(worn())).encode()) <= 100_000


@pytest.mark.parametrize("key", ["rmssd_ms", "p_breathing_event", "p_irregular_rhythm"])
def test_a_column_that_was_not_estimated_has_no_lane(key: str) -> None:
    keys = [found.key for found in night_lanes(worn(**{key: np.full(EPOCHS, np.nan, np.float32)}))]
    assert key not in keys


@pytest.mark.parametrize("key", ["rmssd_ms", "p_breathing_event", "p_irregular_rhythm"])
def test_a_gap_is_drawn_as_a_gap_and_hatched(key: str) -> None:
    values = np.full(EPOCHS, 0.5, np.float32)
    values[100:140] = np.nan
    hatch, drawn = lane(worn(**{key: values}), key).traces[:2]
    assert (unpacked(hatch["x"]).min(), unpacked(hatch["x"]).max()) == (3000, 4200)
    assert hatch["fillpattern"]["shape"] == "/"
    assert np.isnan(unpacked(drawn["y"])[100:140]).all()
    assert np.isfinite(unpacked(drawn["y"])).sum() == EPOCHS - 40
    assert drawn["connectgaps"] is False


def test_a_likelihood_stands_on_its_epoch_from_0_to_100_percent() -> None:
    made = worn()
    drawn = lane(made, "p_breathing_event").traces[-1]
    assert (drawn["x0"], drawn["dx"]) == (0, 30)
    np.testing.assert_allclose(unpacked(drawn["y"]), 100 * made.features["p_breathing_event"], atol=0.51)


def test_breath_and_rhythm_differ_by_pattern_and_by_color() -> None:
    made = worn()
    dress = [lane(made, key).traces[-1 if key == "p_breathing_event" else 0] for key in ("p_breathing_event", "p_irregular_rhythm")]
    assert len({trace["fillpattern"]["shape"] for trace in dress}) == 2
    assert len({trace["line"]["color"] for trace in dress}) == 2


def test_each_episode_of_an_irregular_pulse_is_a_bar_as_long_as_it_lasted() -> None:
    bars = unpacked(named(night_figure(worn()), "Irregular pulse")["x"]).reshape(-1, 3)
    assert bars[:, :2].tolist() == [[6000, 6600], [15000, 15600]]


def rows(found: Lane) -> dict[str, Any]:
    return dict(zip(found.axis["ticktext"], found.axis["tickvals"], strict=True))


def test_the_quality_lane_has_a_row_for_each_stream_that_was_measured() -> None:
    found = quality_lane(worn())
    assert found is not None
    assert list(rows(found)) == ["oxygen", "breath", "heart", "beats", "rhythm", "sound", "movement", "room"]


def test_what_was_refused_within_a_stream_is_hatched_and_what_was_never_recorded_is_empty() -> None:
    values = np.full(EPOCHS, 96, np.float32)
    values[:50] = values[200:260] = np.nan
    found = quality_lane(worn(spo2_pct=values))
    assert found is not None
    solid, refused = found.traces[:2]
    assert unpacked(solid["x"]).reshape(-1, 3)[:, :2].tolist() == [[1500, 6000], [7800, EPOCHS * 30]]
    assert (unpacked(refused["x"]).min(), unpacked(refused["x"]).max()) == (6000, 7800)
    assert refused["fillpattern"]["shape"] == "/"


def test_a_watch_that_writes_once_a_minute_is_measured_without_holes() -> None:
    values = np.full(EPOCHS, np.nan, np.float32)
    values[::2] = 60
    found = quality_lane(worn(hr_bpm=values))
    assert found is not None
    heart = next(trace for trace in found.traces if trace["name"] == "heart")
    assert len(unpacked(heart["x"])) == 3
    assert not [trace for trace in found.traces if trace["name"] == "Not usable"]


def test_a_night_without_any_stream_has_no_quality_lane() -> None:
    assert quality_lane(night(features=NightFeatures(None, EPOCHS, {}))) is None


def test_a_window_that_is_looked_at_closely_shows_more_and_the_rest_of_the_night_stays() -> None:
    made = night()
    whole, near = (named(night_figure(made, window=window), "Heart rate, per minute") for window in (None, (6000.0, 7200.0)))

    def inside(trace: dict[str, Any]) -> int:
        x = unpacked(trace["x"])
        return int(((x >= 6000) & (x < 7200)).sum())

    assert inside(near) > 5 * inside(whole)
    assert unpacked(near["x"]).min() == unpacked(whole["x"]).min()
    assert unpacked(near["x"]).max() == unpacked(whole["x"]).max()


@pytest.mark.parametrize("window", [(-1e9, 1e9), (0.0, 1.0), (1e9, 2e9)])
def test_any_window_can_be_drawn(window: tuple[float, float]) -> None:
    assert len(json.dumps(night_figure(night(), window=window), allow_nan=False)) <= 130_000


def test_the_lanes_are_named_for_the_page_with_their_axes_and_heights() -> None:
    figure = night_figure(worn())
    found = figure["layout"]["meta"]["lanes"]
    assert [one["key"] for one in found] == [one.key for one in night_lanes(worn())]
    assert {f"yaxis{one['axis'][1:]}" for one in found} <= set(figure["layout"])
    assert [a for a in figure["layout"]["annotations"] if a["text"] == found[0]["title"]] == []
    titled = night_figure(worn(), theme="light")
    assert len([a for a in titled["layout"]["annotations"] if a["text"] in {one["title"] for one in found}]) == len(found)
