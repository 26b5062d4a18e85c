"""Breathing rate from sound: constructed breaths at every rate, noise without one, and recordings at known rates."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from somnia_engine.dsp.breathing_rate import breathing_rate
from somnia_engine.dsp.spectra import band_spectrogram
from somnia_engine.hearing.listener import BAND_EDGES

FS = 10.0


def envelopes(sound: np.ndarray) -> np.ndarray:
    frames = band_spectrogram(np.pad(sound, (0, 400)).astype(np.float32))
    count = len(frames) // 10
    bands = np.add.reduceat(frames[: count * 10], BAND_EDGES[:-1], axis=1).reshape(count, 10, -1).mean(axis=1)
    return np.log(bands + 1e-6).astype(np.float16)


def breathing(rate_bpm: float, *, seed: int, snr_db: float = 10.0) -> np.ndarray:
    """Return a minute of breaths, in and out of unequal length and color, the rate wandering by some percent."""
    rng = np.random.default_rng(seed)
    times = np.arange(60 * 16000) / 16000
    wander = np.interp(times, np.arange(0, 62, 2), rng.normal(size=31))
    phase = np.cumsum(rate_bpm / 60.0 * np.exp(0.04 * wander)) / 16000 % 1.0
    inward = np.clip(np.sin(np.pi * phase / 0.4), 0.0, None) * (phase < 0.4)
    outward = np.clip(np.sin(np.pi * (phase - 0.4) / 0.45), 0.0, None) * ((phase >= 0.4) & (phase < 0.85))
    bright = rng.normal(size=len(times))
    dark = np.convolve(rng.normal(size=len(times)), np.ones(12) / 12**0.5, "same")
    sound = inward * bright + 0.8 * outward * dark
    return 0.05 * (sound + 10 ** (-snr_db / 20) * sound.std() * rng.normal(size=len(times)))


@pytest.mark.parametrize("rate_bpm", [6, 8.5, 11, 14, 17.5, 21, 26, 31, 38, 45, 52, 60])
def test_any_rate_from_six_to_sixty_is_found(rate_bpm: float) -> None:
    found, quality = breathing_rate(envelopes(breathing(rate_bpm, seed=round(rate_bpm * 10))), FS)
    assert found == pytest.approx(rate_bpm, rel=0.06)
    assert quality > 0.6


def test_every_whole_rate_is_found_and_none_snaps_to_a_neighbor() -> None:
    rates = np.arange(6, 61)
    found = np.array([breathing_rate(envelopes(breathing(float(rate), seed=1000 + rate)), FS)[0] for rate in rates])
    assert np.abs(found / rates - 1.0).max() <= 0.08
    assert np.median(np.abs(found / rates - 1.0)) <= 0.02
    assert len(np.unique(found.round(1))) == len(rates)


def test_noise_has_no_clear_rate() -> None:
    rng = np.random.default_rng(5)
    qualities = [breathing_rate(envelopes(0.05 * rng.normal(size=60 * 16000)), FS)[1] for _ in range(30)]
    assert max(qualities) < 0.3


def test_the_gain_does_not_matter() -> None:
    sound = breathing(13.0, seed=3)
    assert breathing_rate(envelopes(0.03 * sound), FS)[0] == pytest.approx(breathing_rate(envelopes(sound), FS)[0], rel=0.01)


def test_a_stretch_that_is_too_short_has_no_rate() -> None:
    rate, quality = breathing_rate(np.zeros((60, 8)), FS)
    assert np.isnan(rate)
    assert quality == 0.0


def test_known_rates_of_real_breathing_are_found(reference: Path) -> None:
    soxr = pytest.importorskip("soxr")
    folder = reference / "audio" / "rrujo_resp"
    with (folder / "meta.csv").open() as table:
        rows = [row for row in csv.DictReader(table) if (folder / row["file"]).is_file()]
    if not rows:
        pytest.skip(f"no recordings in {folder}")
    errors = []
    for row in rows:
        sound, fs = soundfile.read(folder / row["file"], dtype="float32")
        found, _ = breathing_rate(envelopes(soxr.resample(sound, fs, 16000)), FS)
        errors.append(abs(found - float(row["rr_bpm"])))
    assert np.isfinite(errors).mean() >= 0.95
    assert np.mean(errors) <= 1.0
    assert np.mean(np.array(errors) <= 2.0) >= 0.92
