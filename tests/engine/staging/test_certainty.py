"""How sure a night's stages are: never surer without a sensor, less sure where breathing is disturbed, and between which ends."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.sleep_stages.data import read_nights
from somnia_engine.metrics.architecture import sleep_statistics
from somnia_engine.staging import intervals_of, stage_night
from somnia_engine.staging.certainty import MINUTES, eased, sleep_wake_confidence
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import Lights
from tests.engine.staging.nights import changed, composed


def staged(features: NightFeatures) -> Hypnogram:
    hypnogram = stage_night(features)
    assert hypnogram is not None
    return hypnogram


def ends(features: NightFeatures) -> dict[str, tuple[float, float]]:
    hypnogram, lights = staged(features), Lights(0.0, features.n_epochs * EPOCH_S)
    return intervals_of(hypnogram, features, statistics=sleep_statistics(hypnogram, lights), lights=lights)


def disturbed(share: float) -> NightFeatures:
    night = composed()
    return changed(night, p_breathing_event=np.full(night.n_epochs, share))


def rows(k: int, *, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(k, 0.5), 40).astype(np.float32)


@given(st.sampled_from([2, 4]), st.integers(0, 1000), st.floats(1.0, 8.0), st.floats(1.0, 8.0))
def test_eased_probabilities_sum_to_one_keep_their_order_and_are_never_surer(k: int, seed: int, sleep_wake: float, sleep: float) -> None:
    before = rows(k, seed=seed)
    after = eased(before, sleep_wake=sleep_wake, sleep=sleep)
    np.testing.assert_allclose(after.sum(axis=1), 1.0, atol=1e-5)
    assert (np.abs(after[:, 0] - 0.5) <= np.abs(before[:, 0] - 0.5) + 1e-5).all()
    assert ((after[:, 0] - 0.5) * (before[:, 0] - 0.5) >= -1e-6).all()
    np.testing.assert_array_equal(after[:, 1:].argmax(axis=1), before[:, 1:].argmax(axis=1))


def test_no_night_of_the_24_is_surer_without_heart_rate_or_without_movement(reference: Path) -> None:
    for night in read_nights(reference):
        full = sleep_wake_confidence(staged(night.features()))
        for mode in ("heart", "motion"):
            assert sleep_wake_confidence(staged(night.features(mode))) <= full, (night.person, mode)


def test_the_more_disturbed_the_breathing_the_less_sure_and_the_wider() -> None:
    nights = [disturbed(share) for share in (0.0, 0.1, 0.3, 0.6, 1.0)]
    sure = [sleep_wake_confidence(staged(night)) for night in nights]
    assert sure == sorted(sure, reverse=True)
    assert sure[0] - sure[-1] > 0.1
    widths = [high - low for low, high in (ends(night)["tst_min"] for night in nights)]
    assert widths == sorted(widths)


def test_disturbed_breathing_changes_no_stage() -> None:
    np.testing.assert_array_equal(staged(disturbed(0.8)).stages, staged(composed()).stages)


@pytest.mark.parametrize("gone", [(), ("activity_count",), ("hr_bpm", "hr_sd_bpm")])
def test_every_interval_holds_what_is_shown_and_what_is_possible(gone: tuple[str, ...]) -> None:
    features = changed(composed(), **dict.fromkeys(gone))
    lights = Lights(0.0, features.n_epochs * EPOCH_S)
    shown = sleep_statistics(staged(features), lights)
    found = ends(features)
    assert {"tst_min", "wake_min", "se_pct"} <= set(found) <= {field.name for field in fields(shown)}
    assert ("rem_min" in found) == ("hr_bpm" not in gone)
    for name, (low, high) in found.items():
        assert 0.0 <= low <= getattr(shown, name) <= high <= (100.0 if name == "se_pct" else shown.tib_min), name


def test_only_the_time_in_bed_counts() -> None:
    features = composed()
    hypnogram, lights = staged(features), Lights(3600.0, 4 * 3600.0)
    found = intervals_of(hypnogram, features, statistics=sleep_statistics(hypnogram, lights), lights=lights)
    assert all(found[name][1] <= 180.0 for name in MINUTES)


def test_stages_without_probabilities_and_nights_without_stages_have_no_interval() -> None:
    features, lights = composed(), Lights(0.0, 900 * EPOCH_S)
    device = Hypnogram(np.full(900, Stage.L, dtype=np.int8), (Stage.W, Stage.L, Stage.N3, Stage.R), "watch")
    assert intervals_of(device, features, statistics=sleep_statistics(device, lights), lights=lights) == {}
    assert intervals_of(None, features, statistics=sleep_statistics(device, lights), lights=lights) == {}
    assert np.isnan(sleep_wake_confidence(device))
