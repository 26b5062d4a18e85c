"""Beats of a source: from intervals, else from its ECG."""

import numpy as np
import pytest

from somnia_engine.extractors._beats import beats_of
from somnia_engine.extractors.cardiac import extract_cardiac
from somnia_engine.types.signals import Signal
from tests.engine.ecg import beat_times, draw
from tests.engine.make import night_of, recording

TIMES = beat_times(640)
ECG = draw(TIMES, fs=256.0, length_s=600.0)


def test_an_ecg_gives_the_heart_rate_of_its_beats() -> None:
    night = night_of(recording(signals=(Signal("ecg_mv", ECG, 256.0, "mV"),), duration_s=600.0), n_epochs=20)
    beats = beats_of(night.placed[0], night)
    assert beats is not None
    assert beats.origin == "ecg_mv"
    assert beats.usable_frac is not None
    assert (beats.usable_frac == 1.0).all()
    found = next(e for e in extract_cardiac(night) if "rr_ms" in e.columns)
    truth = [1000 * np.diff(TIMES)[(TIMES[1:] >= 30 * i) & (TIMES[1:] < 30 * i + 30)].mean() for i in range(20)]
    assert found.columns["rr_ms"] == pytest.approx(truth, abs=12)


def test_no_interval_reaches_over_what_cannot_be_read() -> None:
    broken = ECG.copy()
    broken[200 * 256 : 300 * 256] = np.nan
    night = night_of(recording(signals=(Signal("ecg_mv", broken, 256.0, "mV"),), duration_s=600.0), n_epochs=20)
    beats = beats_of(night.placed[0], night)
    assert beats is not None
    assert beats.rr.rr_ms.max() < 1500
    assert not ((beats.rr.times_s > 204) & (beats.rr.times_s < 298)).any()
    assert beats.usable_frac is not None
    assert beats.usable_frac[8] == 0.0


def test_a_pulse_wave_gives_the_heart_rate_of_its_beats() -> None:
    t = np.arange(600 * 64) / 64.0
    wave = np.exp(-0.5 * ((t[:, None] - TIMES[None, :]) / 0.09) ** 2).sum(axis=1).astype(np.float32)
    night = night_of(recording(signals=(Signal("ppg", wave, 64.0, ""),), duration_s=600.0), n_epochs=20)
    beats = beats_of(night.placed[0], night)
    assert beats is not None
    assert beats.origin == "ppg"
    assert beats.amplitude_mv is None
    found = next(e for e in extract_cardiac(night) if "rr_ms" in e.columns)
    truth = [1000 * np.diff(TIMES)[(TIMES[1:] >= 30 * i) & (TIMES[1:] < 30 * i + 30)].mean() for i in range(20)]
    assert found.columns["rr_ms"][1:19] == pytest.approx(truth[1:19], abs=12)
