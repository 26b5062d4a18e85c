"""Trains of scratchy bursts."""

import numpy as np
import pytest

from somnia_engine.dsp.grinding import Train, detect_trains

FS = 10.0
DB = np.log(10.0) / 20.0


def train(
    *, every_s: float, burst_s: float, count: int, height_db: float = 20.0, scratch_db: float = 8.0, lost: bool = False
) -> list[Train]:
    """Return what is found of bursts that begin after 20 s of two minutes."""
    high, low = np.full(1200, -6.0, dtype=np.float32), np.full(1200, -6.0, dtype=np.float32)
    for at in range(count):
        first = round((20.0 + at * every_s) * FS)
        part = slice(first, first + round(burst_s * FS))
        high[part] += height_db * DB
        low[part] += (height_db - scratch_db) * DB
    return detect_trains(high, low, allowed=np.full(1200, not lost), fs=FS)


@pytest.mark.parametrize("every_s", [0.6, 1.0, 1.5, 2.0])
def test_bursts_of_half_to_two_a_second_are_one_train_with_their_number_and_place(every_s: float) -> None:
    (found,) = train(every_s=every_s, burst_s=0.3, count=6)
    assert found.bursts == 6
    assert found.onset_s == pytest.approx(20.0)
    assert found.duration_s == pytest.approx(5 * every_s + 0.3, abs=0.11)
    assert found.height_db == pytest.approx(20.0, abs=0.5)


def test_breaths_ticks_dark_sounds_quiet_ones_and_two_bursts_are_no_train() -> None:
    assert train(every_s=4.0, burst_s=1.5, count=6) == []
    assert train(every_s=1.0, burst_s=0.1, count=6) == []
    assert train(every_s=1.0, burst_s=0.3, count=6, scratch_db=-5.0) == []
    assert train(every_s=1.0, burst_s=0.3, count=6, height_db=5.0) == []
    assert train(every_s=1.0, burst_s=0.3, count=2) == []


def test_a_burst_where_something_else_is_heard_does_not_count() -> None:
    assert train(every_s=1.0, burst_s=0.3, count=6, lost=True) == []


def test_the_gain_of_the_microphone_does_not_matter() -> None:
    rng = np.random.default_rng(4)
    high, low = (rng.normal(0.0, 1.0, 3000).astype(np.float32) for _ in range(2))
    allowed = np.ones(3000, dtype=np.bool_)
    plain, quiet = (detect_trains(high + gain, low + gain, allowed=allowed, fs=FS) for gain in (np.float32(0.0), np.float32(-4.0)))
    assert [t[:3] for t in plain] == [t[:3] for t in quiet]
