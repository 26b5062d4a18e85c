"""Staging a night: which classes which inputs allow, what stays unscored, and that the answer is a property of the night."""

from pathlib import Path

import numpy as np
import pytest

from models.sleep_stages.scores import confusion, kappa
from somnia_engine.staging import SLEEP_WAKE, STAGES, stage_night
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import Hypnogram, Stage
from tests.engine.staging.nights import changed, composed, real


def staged(features: NightFeatures) -> Hypnogram:
    hypnogram = stage_night(features)
    assert hypnogram is not None
    return hypnogram


def test_heart_rate_and_movement_give_wake_light_deep_and_rem() -> None:
    hypnogram = staged(composed())
    assert hypnogram.classes == STAGES == (Stage.W, Stage.L, Stage.N3, Stage.R)
    assert hypnogram.scorer.startswith("somnia-lstm ")
    assert hypnogram.scorer.endswith("(heart rate and movement)")
    assert hypnogram.stages.dtype == np.int8
    assert hypnogram.probabilities is not None
    assert hypnogram.probabilities.shape == (900, 4)


def test_heart_rate_alone_gives_the_same_classes_and_says_so() -> None:
    hypnogram = staged(changed(composed(), activity_count=None))
    assert hypnogram.classes == STAGES
    assert hypnogram.scorer.endswith("(heart rate)")


def test_movement_alone_gives_sleep_and_wake_only_and_says_so() -> None:
    hypnogram = staged(changed(composed(), hr_bpm=None, hr_sd_bpm=None))
    assert hypnogram.classes == SLEEP_WAKE == (Stage.W, Stage.S)
    assert set(hypnogram.stages.tolist()) <= {Stage.W, Stage.S}
    assert hypnogram.probabilities is not None
    assert hypnogram.probabilities.shape == (900, 2)
    assert hypnogram.scorer.endswith("(movement)")


def test_neither_gives_no_hypnogram() -> None:
    assert stage_night(NightFeatures(None, 900, {})) is None
    assert stage_night(NightFeatures(None, 900, {"spo2_pct": np.full(900, 96.0, dtype=np.float32)})) is None
    assert stage_night(NightFeatures(None, 0, {})) is None


def test_spread_without_heart_rate_is_not_enough() -> None:
    assert stage_night(changed(composed(), hr_bpm=None, activity_count=None)) is None


@pytest.mark.parametrize(("share", "classes"), [(0.6, STAGES), (0.4, SLEEP_WAKE)])
def test_heart_rate_on_less_than_half_of_the_night_falls_back_to_movement(share: float, classes: tuple[Stage, ...]) -> None:
    night = composed()
    rate = night["hr_bpm"].copy()
    rate[int(share * len(rate)) :] = np.nan
    assert staged(changed(night, hr_bpm=rate)).classes == classes


def test_little_heart_rate_and_no_movement_give_no_hypnogram() -> None:
    night = composed()
    rate = night["hr_bpm"].copy()
    rate[100:] = np.nan
    assert stage_night(changed(night, hr_bpm=rate, activity_count=None)) is None


def test_epochs_with_nothing_measured_are_unscored() -> None:
    night = composed()
    columns = {name: night[name].copy() for name in night.columns}
    for column in columns.values():
        column[200:260] = np.nan
    columns["hr_bpm"][500:510] = np.nan
    hypnogram = staged(changed(night, **columns))
    unscored = hypnogram.stages == Stage.UNSCORED
    assert np.flatnonzero(unscored).tolist() == list(range(200, 260))
    assert hypnogram.probabilities is not None
    assert np.isnan(hypnogram.probabilities[unscored]).all()
    assert np.isfinite(hypnogram.probabilities[~unscored]).all()


@pytest.mark.parametrize("gone", [(), ("activity_count",), ("hr_bpm", "hr_sd_bpm"), ("hr_sd_bpm",)])
def test_probabilities_of_a_scored_epoch_sum_to_one(gone: tuple[str, ...]) -> None:
    probabilities = staged(changed(composed(), **dict.fromkeys(gone))).probabilities
    assert probabilities is not None
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    assert (probabilities >= 0.0).all()


@pytest.mark.parametrize("n", [1, 2, 5, 19, 60, 3000])
def test_any_length_is_staged(n: int) -> None:
    assert len(staged(composed(n)).stages) == n


def test_values_that_are_not_numbers_never_reach_the_answer() -> None:
    night = composed()
    rate, counts = night["hr_bpm"].copy(), night["activity_count"].copy()
    rate[::3], rate[1], counts[::4], counts[2] = np.nan, np.inf, np.nan, -np.inf
    probabilities = staged(changed(night, hr_bpm=rate, activity_count=counts)).probabilities
    assert probabilities is not None
    assert np.isfinite(probabilities[1:3]).any()
    assert not np.isinf(probabilities).any()


def test_the_same_night_twice_has_the_same_answer_whatever_came_between() -> None:
    night, other = composed(seed=1), composed(640, seed=2)
    before = staged(night)
    staged(other)
    staged(changed(other, hr_bpm=None, hr_sd_bpm=None))
    after = staged(night)
    np.testing.assert_array_equal(after.stages, before.stages)
    np.testing.assert_array_equal(after.probabilities, before.probabilities)


def test_columns_that_staging_does_not_read_change_nothing() -> None:
    night = composed()
    richer = changed(night, spo2_pct=np.full(night.n_epochs, 91.0), sound_level_db=np.full(night.n_epochs, -30.0))
    np.testing.assert_array_equal(staged(richer).probabilities, staged(night).probabilities)


def test_the_order_of_the_columns_changes_nothing() -> None:
    night = composed()
    turned = NightFeatures(None, night.n_epochs, dict(reversed(night.columns.items())))
    np.testing.assert_array_equal(staged(turned).stages, staged(night).stages)


@pytest.mark.parametrize("shift", [-5.0, 5.0])
def test_a_person_with_a_faster_heart_has_the_same_stages(reference: Path, shift: float) -> None:
    night = real(reference).features()
    shifted = changed(night, hr_bpm=night["hr_bpm"] + shift)
    assert (staged(shifted).stages != staged(night).stages).mean() < 0.05


def test_the_resolution_of_a_packet_changes_few_epochs(reference: Path) -> None:
    night = real(reference).features()
    steps = {"hr_bpm": 0.25, "hr_sd_bpm": 0.05, "activity_count": 1.0}
    coarse = changed(night, **{name: np.round(night[name] / step) * step for name, step in steps.items()})
    assert (staged(coarse).stages != staged(night).stages).mean() < 0.05


# The weights were trained on these people: the floors below tell whether the parts are joined rightly, not how good the model is.
# How good it is stands in the model's card, measured on people left out.
@pytest.mark.parametrize(("mode", "floor"), [("full", 0.5), ("heart", 0.45)])
def test_wiring_a_recorded_night_agrees_with_its_scoring(reference: Path, mode: str, floor: float) -> None:
    night = real(reference)
    hypnogram = staged(night.features(mode))
    index = {int(stage): i for i, stage in enumerate(STAGES)}
    answer = np.array([index[int(stage)] for stage in np.where(hypnogram.stages < 0, Stage.L, hypnogram.stages)])
    assert kappa(confusion(night.labels, answer, classes=4)) > floor


def test_wiring_movement_alone_finds_much_of_the_wake_of_a_recorded_night(reference: Path) -> None:
    night = real(reference)
    wake = staged(night.features("motion")).stages == Stage.W
    truth = np.where(night.labels < 0, -1, (night.labels > 0).astype(np.int64))
    assert kappa(confusion(truth, (~wake).astype(np.int64), classes=2)) > 0.4
