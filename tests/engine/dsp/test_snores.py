"""Single snores, on constructed loudness curves."""

import numpy as np
import pytest

from somnia_engine.dsp.snores import detect_snores

FS = 10.0


def night(*, onsets: tuple[float, ...], seconds: int = 200) -> tuple[np.ndarray, np.ndarray]:
    times = np.arange(seconds * 10) / FS
    loud = 0.05 * np.random.default_rng(0).normal(size=len(times))
    p = np.full(seconds, 0.01, dtype=np.float32)
    for onset in onsets:
        inside = (times >= onset) & (times < onset + 1.2)
        loud[inside] += 2.0
        p[int(onset) : int(onset + 1.2) + 1] = 0.9
    return loud, p


def test_each_snore_has_its_onset_duration_and_height() -> None:
    loud, p = night(onsets=(50.3, 54.4, 58.5))
    snores = detect_snores(loud, p, fs=FS, threshold=0.5)
    assert [round(s.onset_s, 1) for s in snores] == [50.3, 54.4, 58.5]
    assert all(s.duration_s == pytest.approx(1.2, abs=0.15) for s in snores)
    assert all(s.peak_db == pytest.approx(2.0 * 8.686, abs=2.0) for s in snores)


def test_loud_sounds_that_are_not_snores_are_left_out() -> None:
    loud, p = night(onsets=(50.3, 54.4))
    assert detect_snores(loud, np.minimum(p, 0.2), fs=FS, threshold=0.5) == []


def test_snoring_that_does_not_rise_above_the_room_is_left_out() -> None:
    loud, p = night(onsets=(50.3,))
    assert detect_snores(0.05 * loud, p, fs=FS, threshold=0.5) == []


def test_snores_do_not_overlap() -> None:
    loud, p = night(onsets=tuple(50.0 + 2.0 * k for k in range(30)))
    snores = detect_snores(loud, p, fs=FS, threshold=0.5)
    ends = [s.onset_s + s.duration_s for s in snores]
    assert all(later.onset_s >= end for end, later in zip(ends, snores[1:], strict=False))
    assert len(snores) == 30
