"""Power and spread of intervals: constructed tachograms whose values are known."""

import time

import numpy as np
import pytest

from somnia_engine.dsp.rr import clean_rr
from somnia_engine.dsp.variability import five_minutes

N_EPOCHS = 40


def tachogram(waves: dict[float, float], *, seconds: float = 1200.0, mean_ms: float = 900.0) -> tuple[np.ndarray, np.ndarray]:
    """Return interval ends [s] and intervals [ms] that swing by `waves`: amplitude [ms] by frequency [Hz]."""
    ends, at = [], 0.0
    while at < seconds:
        at += mean_ms / 1000.0
        at_ms = mean_ms + sum(a * np.sin(2 * np.pi * f * at) for f, a in waves.items())
        at += (at_ms - mean_ms) / 1000.0
        ends.append((at, at_ms))
    rows = np.array(ends)
    return rows[:, 0], rows[:, 1]


def inner(column: np.ndarray) -> np.ndarray:
    return column[6:34]


@pytest.mark.parametrize(("hz", "band", "other"), [(0.1, "lf_ms2", "hf_ms2"), (0.25, "hf_ms2", "lf_ms2")])
def test_a_wave_of_amplitude_a_has_the_power_half_a_squared(hz: float, band: str, other: str) -> None:
    found = five_minutes(clean_rr(*tachogram({hz: 30.0})), n_epochs=N_EPOCHS)
    np.testing.assert_allclose(inner(found[band]), 450.0, rtol=0.06)
    assert inner(found[other]).max() < 15.0
    np.testing.assert_allclose(inner(found["sdnn_ms"]), 30.0 / np.sqrt(2), rtol=0.03)


def test_two_waves_give_their_ratio() -> None:
    found = five_minutes(clean_rr(*tachogram({0.1: 40.0, 0.25: 20.0})), n_epochs=N_EPOCHS)
    np.testing.assert_allclose(inner(found["lf_ms2"]) / inner(found["hf_ms2"]), 4.0, rtol=0.1)


def test_waves_slower_than_the_bands_do_not_count() -> None:
    found = five_minutes(clean_rr(*tachogram({0.015: 40.0})), n_epochs=N_EPOCHS)
    assert inner(found["lf_ms2"]).max() < 25.0
    assert inner(found["hf_ms2"]).max() < 5.0


def test_the_night_may_begin_at_any_time() -> None:
    times, rr = tachogram({0.1: 30.0, 0.25: 30.0})
    first = five_minutes(clean_rr(times, rr), n_epochs=N_EPOCHS)
    later = five_minutes(clean_rr(times + 300.0, rr), n_epochs=N_EPOCHS + 10)
    for name, column in first.items():
        np.testing.assert_allclose(later[name][16:34], column[6:24], rtol=0.02)


def test_an_ectopic_beat_hardly_changes_the_power() -> None:
    times, rr = tachogram({0.25: 20.0})
    rr[500] -= 300.0
    times[500] -= 0.3
    rr[501] += 300.0
    found = five_minutes(clean_rr(times, rr), n_epochs=N_EPOCHS)
    np.testing.assert_allclose(inner(found["hf_ms2"]), 200.0, rtol=0.1)
    assert inner(found["lf_ms2"]).max() < 15.0


def test_where_a_minute_of_five_or_more_is_missing_nothing_is_told() -> None:
    times, rr = tachogram({0.25: 20.0})
    kept = (times < 500) | (times > 590)
    found = five_minutes(clean_rr(times[kept], rr[kept]), n_epochs=N_EPOCHS)
    for column in found.values():
        assert np.isnan(column[15:20]).all()
        assert np.isfinite(column[6:10]).all()
        assert np.isfinite(column[27:33]).all()


def test_no_beats_and_no_epochs_give_nothing() -> None:
    empty = clean_rr(np.zeros(0), np.zeros(0))
    assert five_minutes(empty, n_epochs=10) == {}


def test_a_night_costs_well_under_a_second() -> None:
    rr = clean_rr(*tachogram({0.1: 30.0, 0.25: 30.0}, seconds=9 * 3600.0))
    five_minutes(rr, n_epochs=1080)
    begin = time.perf_counter()
    five_minutes(rr, n_epochs=1080)
    assert time.perf_counter() - begin < 1.0
