"""Sleep statistics by hand-made nights, and the property that the length of an epoch does not matter."""

import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from somnia_engine.metrics import architecture as m
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import Lights

PSG = (Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R)
WATCH = (Stage.W, Stage.L, Stage.N3, Stage.R)


def night(letters: str, classes: tuple[Stage, ...] = PSG, epoch_s: float = 30.0) -> Hypnogram:
    code = {"W": Stage.W, "1": Stage.N1, "2": Stage.N2, "3": Stage.N3, "R": Stage.R, "L": Stage.L, "S": Stage.S, "?": Stage.UNSCORED}
    return Hypnogram(np.array([code[c] for c in letters], dtype=np.int8), classes, "by hand", epoch_s=epoch_s)


def whole(hypnogram: Hypnogram) -> Lights:
    return Lights(0.0, len(hypnogram.stages) * hypnogram.epoch_s)


TYPICAL = night("W" * 20 + "1" * 4 + "2" * 40 + "W" * 2 + "3" * 30 + "R" * 20 + "1" * 2 + "W" * 10)


def test_time_in_bed_runs_from_lights_off_to_lights_on() -> None:
    assert m.tib_min(TYPICAL, Lights(60.0, 3660.0)) == 60.0


def test_sleep_onset_latency_counts_from_lights_off() -> None:
    assert m.sol_min(TYPICAL, whole(TYPICAL)) == 10.0
    assert m.sol_min(TYPICAL, Lights(300.0, 3840.0)) == 5.0


def test_total_sleep_time_is_every_epoch_of_sleep() -> None:
    assert m.tst_min(TYPICAL, whole(TYPICAL)) == (4 + 40 + 30 + 20 + 2) / 2


def test_waso_counts_wake_until_lights_on_and_spt_wake_until_the_last_sleep() -> None:
    assert m.waso_min(TYPICAL, whole(TYPICAL)) == 6.0
    assert m.spt_wake_min(TYPICAL, whole(TYPICAL)) == 1.0


def test_efficiencies_divide_by_bed_and_by_sleep_period() -> None:
    assert m.se_pct(TYPICAL, whole(TYPICAL)) == pytest.approx(100 * 48 / 64)
    assert m.sme_pct(TYPICAL, whole(TYPICAL)) == pytest.approx(100 * 48 / 49)


def test_rem_latency_counts_from_sleep_onset() -> None:
    assert m.rem_latency_min(TYPICAL, whole(TYPICAL)) == (4 + 40 + 2 + 30) / 2


def test_persistent_sleep_needs_ten_unbroken_minutes() -> None:
    broken = night("W" * 4 + "2" * 19 + "W" + "2" * 20 + "W" * 3)
    assert m.sol_min(broken, whole(broken)) == 2.0
    assert m.lps_min(broken, whole(broken)) == 12.0
    assert math.isnan(m.lps_min(night("W2" * 30), Lights(0.0, 1800.0)))


def test_awakenings_are_bouts_between_first_and_last_sleep() -> None:
    assert m.awakenings(TYPICAL, whole(TYPICAL)) == 1


def test_fragmentation_counts_changes_to_wake_and_to_n1() -> None:
    assert m.sfi_per_h(TYPICAL, whole(TYPICAL)) == pytest.approx(3 / 0.8)


def test_a_watch_has_light_but_no_n1_or_n2() -> None:
    watch = night("W" * 4 + "L" * 40 + "3" * 10 + "R" * 10, WATCH)
    numbers = m.sleep_statistics(watch, whole(watch))
    assert (numbers.light_min, numbers.n3_min, numbers.rem_min) == (20.0, 5.0, 5.0)
    assert math.isnan(numbers.n1_min)
    assert math.isnan(numbers.n2_pct)
    assert numbers.light_pct + numbers.n3_pct + numbers.rem_pct == pytest.approx(100.0)


def test_sleep_without_stages_has_no_stage_minutes() -> None:
    asleep = night("W" * 4 + "S" * 60, (Stage.W, Stage.S))
    numbers = m.sleep_statistics(asleep, whole(asleep))
    assert numbers.tst_min == 30.0
    assert all(math.isnan(x) for x in (numbers.light_min, numbers.n3_min, numbers.rem_min, numbers.rem_latency_min))


def test_a_night_awake_has_no_onset_and_no_sleep() -> None:
    awake = night("W" * 100)
    numbers = m.sleep_statistics(awake, whole(awake))
    assert numbers.tst_min == 0.0
    assert numbers.se_pct == 0.0
    unsaid = (numbers.sol_min, numbers.lps_min, numbers.spt_min, numbers.waso_min, numbers.sme_pct, numbers.awakenings, numbers.sfi_per_h)
    assert all(math.isnan(x) for x in unsaid)


def test_a_night_without_a_scored_epoch_has_no_sleep_time() -> None:
    blank = night("?" * 100)
    numbers = m.sleep_statistics(blank, whole(blank))
    assert math.isnan(numbers.tst_min)
    assert math.isnan(numbers.wake_min)
    assert numbers.unscored_min == 50.0


def test_a_night_with_much_unscored_time_does_not_guess_wake() -> None:
    gap = night("W" * 10 + "2" * 60 + "?" * 60 + "2" * 10)
    numbers = m.sleep_statistics(gap, whole(gap))
    assert numbers.unscored_min == 30.0
    assert numbers.tst_min == 35.0
    assert all(math.isnan(x) for x in (numbers.waso_min, numbers.spt_wake_min, numbers.se_pct, numbers.sme_pct))


def test_time_in_bed_beyond_the_hypnogram_is_unscored() -> None:
    short = night("2" * 120)
    assert m.unscored_min(short, Lights(0.0, 7200.0)) == 60.0


def test_epochs_outside_of_the_lights_do_not_count() -> None:
    nap = night("2" * 20 + "W" * 20 + "2" * 40 + "W" * 4)
    numbers = m.sleep_statistics(nap, Lights(600.0, 2520.0))
    assert numbers.sol_min == 10.0
    assert numbers.tst_min == 20.0


@given(
    stages=st.lists(st.sampled_from("W123R?"), min_size=2, max_size=120),
    length=st.sampled_from([15, 10, 5, 1]),
    trim=st.tuples(st.integers(0, 5), st.integers(0, 5)),
)
@settings(max_examples=150, deadline=None)
def test_the_same_night_at_another_epoch_length_has_the_same_statistics(stages: list[str], length: int, trim: tuple[int, int]) -> None:
    coarse = night("".join(stages))
    fine = Hypnogram(np.repeat(coarse.stages, 30 // length), PSG, "by hand", epoch_s=float(length))
    off, on = trim[0] * 7.0, len(stages) * 30.0 - trim[1] * 4.0
    lights = Lights(min(off, on - 20.0), on)
    expected, got = asdict(m.sleep_statistics(coarse, lights)), asdict(m.sleep_statistics(fine, lights))
    for name, value in expected.items():
        assert got[name] == (value if isinstance(value, str) else pytest.approx(value, nan_ok=True)), name


@given(stages=st.lists(st.sampled_from("W123R"), min_size=2, max_size=200))
@settings(max_examples=100, deadline=None)
def test_the_parts_of_a_night_add_up(stages: list[str]) -> None:
    scored = night("".join(stages))
    n = m.sleep_statistics(scored, whole(scored))
    assert n.wake_min + n.tst_min == pytest.approx(n.tib_min)
    assert n.light_min + n.n3_min + n.rem_min == pytest.approx(n.tst_min)
    if n.tst_min > 0:
        assert n.sol_min + n.tst_min + n.waso_min == pytest.approx(n.tib_min)
        assert n.spt_wake_min <= n.waso_min + 1e-9
