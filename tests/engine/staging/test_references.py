"""The published rules of actigraphy: their own arithmetic, their window, and what they say of what was not measured."""

import math

import numpy as np
import pytest

from somnia_engine.staging.arm_angle import stage_arm_angle
from somnia_engine.staging.cole_kripke import stage_cole_kripke
from somnia_engine.staging.references import reference_hypnograms, reference_statistics
from somnia_engine.staging.sadeh import stage_sadeh
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import Stage
from somnia_engine.types.night import Lights


def night(name: str, values: np.ndarray) -> NightFeatures:
    return NightFeatures(None, len(values), {name: np.asarray(values, dtype=np.float32)})


def counted(minutes: list[float]) -> NightFeatures:
    """Return a night whose minutes have these counts."""
    return night("activity_count", np.repeat(np.array(minutes) / 4.0, 2))


def minutes_of(features: NightFeatures, rule=stage_cole_kripke) -> list[int]:
    return rule(features).stages[::2].tolist()


@pytest.mark.parametrize(
    ("counts", "asleep"), [(30 / 0.230 - 0.5, True), (30 / 0.230 + 0.5, False)], ids=["just under D = 1", "just over D = 1"]
)
def test_cole_kripke_weighs_the_minute_itself_with_0_230(counts: float, asleep: bool) -> None:
    assert minutes_of(counted([0.0] * 9 + [counts] + [0.0] * 9))[9] == (Stage.S if asleep else Stage.W)


def test_cole_kripke_looks_four_minutes_back_and_two_ahead() -> None:
    told = minutes_of(counted([0.0] * 9 + [100_000 / 30] + [0.0] * 9))
    assert [at - 9 for at, stage in enumerate(told) if stage == Stage.W] == [-2, -1, 0, 1, 2, 3, 4]


def test_cole_kripke_of_steady_movement_turns_at_the_sum_of_its_weights() -> None:
    limit = 1.0 / (0.001 * 665) * 30
    assert minutes_of(counted([limit * 0.99] * 30))[15] == Stage.S
    assert minutes_of(counted([limit * 1.01] * 30))[15] == Stage.W


@pytest.mark.parametrize("counts", [0.0, 10.0, 35.0, 49.0, 50.0, 75.0, 99.0, 100.0, 150.0])
def test_sadeh_of_steady_movement_is_its_formula(counts: float) -> None:
    between = 11 if 50 <= counts < 100 else 0
    score = 7.601 - 0.065 * counts - 1.08 * between - 0.703 * math.log(counts + 1)
    assert minutes_of(counted([counts] * 31), stage_sadeh)[15] == (Stage.S if score >= 0 else Stage.W)


def test_sadeh_takes_the_spread_of_the_minute_and_the_five_before_it() -> None:
    quiet, burst = [0.0] * 20, 300.0
    told = minutes_of(counted([*quiet, burst, *quiet]), stage_sadeh)
    mean, spread = 300 / 11, np.std([0, 0, 0, 0, 0, 300], ddof=1)
    assert 7.601 - 0.065 * mean - 0.056 * spread < 0 < 7.601 - 0.065 * mean
    assert [at - 20 for at, stage in enumerate(told) if stage == Stage.W] == [0, 1, 2, 3, 4, 5]


def test_the_arm_must_rest_for_five_minutes_within_five_degrees() -> None:
    angles = np.concatenate((np.zeros(10), np.full(9, 20.0), np.full(30, 40.0)))
    told = stage_arm_angle(night("arm_angle_deg", angles)).stages
    assert (told[:10] == Stage.S).all()
    assert (told[10:19] == Stage.W).all()
    assert (told[19:] == Stage.S).all()


def test_a_slow_drift_below_five_degrees_a_step_is_no_turn() -> None:
    assert (stage_arm_angle(night("arm_angle_deg", np.linspace(-80, 80, 60))).stages == Stage.S).all()


@pytest.mark.parametrize(
    ("rule", "name"), [(stage_cole_kripke, "activity_count"), (stage_sadeh, "activity_count"), (stage_arm_angle, "arm_angle_deg")]
)
def test_what_was_not_measured_is_unscored_and_a_night_without_it_has_no_answer(rule, name: str) -> None:
    values = np.zeros(121, dtype=np.float32)
    values[40:61] = np.nan
    told = rule(night(name, values))
    assert np.array_equal(told.stages == Stage.UNSCORED, np.isnan(values))
    assert set(told.stages.tolist()) == {Stage.S, Stage.UNSCORED}
    assert rule(night(name, np.full(121, np.nan))) is None


def test_each_column_answers_alone_and_names_its_publication() -> None:
    still = np.zeros(120, dtype=np.float32)
    both = NightFeatures(None, 120, {"activity_count": still, "arm_angle_deg": still})
    assert [h.scorer for h in reference_hypnograms(both)] == ["Cole-Kripke 1992", "Sadeh 1994", "van Hees 2015"]
    assert [h.scorer for h in reference_hypnograms(night("arm_angle_deg", still))] == ["van Hees 2015"]
    assert reference_hypnograms(night("hr_bpm", still + 60)) == ()


def test_the_numbers_lie_between_the_same_lights_as_ours() -> None:
    moving = np.zeros(120, dtype=np.float32)
    moving[:40] = 400.0
    for numbers in reference_statistics(night("activity_count", moving), Lights(600.0, 3600.0)):
        assert numbers.tib_min == 50.0
        assert numbers.sol_min == pytest.approx(12.0, abs=3.0)
        assert numbers.tst_min + numbers.sol_min + numbers.waso_min == pytest.approx(50.0)
