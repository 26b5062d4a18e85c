"""Pauses of audible breathing, on constructed loudness curves."""

import numpy as np
import pytest

from somnia_engine.dsp.pauses import detect_pauses

FS = 10.0


def breaths(*, seconds: int, silent: tuple[tuple[float, float], ...] = (), rise: float = 2.0, seed: int = 0) -> np.ndarray:
    """Return a loudness with a breath every 4 s and nothing in the silent stretches."""
    times = np.arange(seconds * 10) / FS
    loud = rise * np.clip(np.sin(2 * np.pi * times / 4.0), 0.0, None)
    for first, end in silent:
        loud[(times >= first) & (times < end)] = 0.0
    return loud + 0.05 * np.random.default_rng(seed).normal(size=len(times))


def test_a_silence_between_breaths_is_a_pause_with_its_length() -> None:
    (pause,) = detect_pauses(breaths(seconds=300, silent=((120.0, 144.0),)), fs=FS)
    assert pause.onset_s == pytest.approx(118.0, abs=1.5)
    assert pause.duration_s == pytest.approx(26.0, abs=2.0)
    assert pause.ending_db > 6.0


def test_steady_breathing_has_no_pause() -> None:
    assert detect_pauses(breaths(seconds=600), fs=FS) == []


def test_a_silence_under_ten_seconds_or_over_ninety_is_no_pause() -> None:
    assert detect_pauses(breaths(seconds=600, silent=((120.0, 124.0), (300.0, 420.0))), fs=FS) == []


def test_where_breathing_cannot_be_heard_there_is_no_pause() -> None:
    assert detect_pauses(breaths(seconds=300, silent=((120.0, 144.0),), rise=0.1), fs=FS) == []
    assert detect_pauses(np.random.default_rng(1).normal(0, 0.1, 6000), fs=FS) == []


def test_pauses_move_with_the_sound() -> None:
    curve = breaths(seconds=400, silent=((200.0, 220.0),))
    (pause,) = detect_pauses(curve, fs=FS)
    (later,) = detect_pauses(np.concatenate((breaths(seconds=100, seed=2), curve)), fs=FS)
    assert later.onset_s - pause.onset_s == pytest.approx(100.0, abs=0.3)
