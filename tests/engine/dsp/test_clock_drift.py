"""Two clocks: constructed drift is found, clocks that agree stay, strangers tell nothing."""

import numpy as np
import pytest

from somnia_engine.dsp.clock_drift import clock_drift

HOURS = 8


def night(
    seed: int, *, start_s: float = 0.0, end_s: float = 0.0, hours: float = HOURS, stranger: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return what a phone heard and a watch counted (every 15 s) of the same movements, the watch's clock drifting against the phone's."""
    rng = np.random.default_rng(seed)
    n = int(hours * 3600)
    at = np.sort(rng.uniform(0.0, n, round(12 * hours)))
    length, size = rng.uniform(2.0, 25.0, len(at)), rng.lognormal(0.0, 0.7, len(at))
    heard = np.abs(rng.normal(size=n)) * 1.5
    for first, seconds, strength in zip(at, length, size, strict=True):
        if rng.random() < 0.8:  # some movements make no sound, and some sounds are no movement
            heard[int(first) : int(first + seconds)] += 12.0 * strength
    for first in rng.uniform(0.0, n, 40):
        heard[int(first) : int(first) + 5] += 20.0
    if stranger:
        at = np.sort(rng.uniform(0.0, n, len(at)))
    felt = np.zeros(n)
    for first, seconds, strength in zip(at, length, size, strict=True):
        moved = first + start_s + (end_s - start_s) * first / n
        felt[max(0, int(moved)) : max(0, int(moved + seconds))] += 40.0 * strength
    counts = np.repeat(felt[: n // 15 * 15].reshape(-1, 15).sum(axis=1), 15)
    return heard.astype(np.float32), np.log1p(counts).astype(np.float32)


@pytest.mark.parametrize(("start_s", "end_s"), [(0.0, 120.0), (0.0, -120.0), (30.0, 30.0), (-45.0, 20.0), (0.0, 0.0), (90.0, 200.0)])
def test_drift_is_found_within_a_few_seconds(start_s: float, end_s: float) -> None:
    errors = []
    for seed in range(4):
        found = clock_drift(*night(seed, start_s=start_s, end_s=end_s))
        assert found is not None
        errors += [found.start_s - start_s, found.end_s - end_s]
    assert np.abs(errors).max() <= 12.0
    assert np.abs(errors).mean() <= 6.0


def test_strangers_and_short_nights_tell_nothing() -> None:
    assert [clock_drift(*night(seed, stranger=True)) for seed in range(20)] == [None] * 20
    assert clock_drift(*night(1, hours=1.5)) is None


def test_a_stretch_that_was_not_measured_does_no_harm() -> None:
    heard, felt = night(3, end_s=120.0)
    felt[9000:11000] = np.nan
    found = clock_drift(heard, felt)
    assert found is not None
    assert found.end_s == pytest.approx(120.0, abs=12.0)


def test_nothing_measured_tells_nothing() -> None:
    empty = np.full(HOURS * 3600, np.nan, dtype=np.float32)
    assert clock_drift(empty, empty) is None
    assert clock_drift(np.zeros(30000, dtype=np.float32), np.ones(30000, dtype=np.float32)) is None
