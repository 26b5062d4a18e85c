"""Beats of drawn electrocardiograms: where they are, how exact, and where nothing can be read."""

import numpy as np
import pytest

from models.agreement import matched
from models.rules.evaluate import WITHIN_S
from somnia_engine.dsp.beats import detect_beats
from tests.engine.ecg import beat_times, draw, f1

FS = 256.0
TIMES = beat_times(310)
ECG = draw(TIMES, fs=FS, length_s=290.0)


def inside(times: np.ndarray, last_s: float = 289.0) -> np.ndarray:
    return times[times < last_s]


def test_every_beat_is_found_within_a_few_milliseconds() -> None:
    found = detect_beats([ECG], fs=FS)
    assert f1(matched(inside(TIMES), inside(found.times_s), within=WITHIN_S)) == 1.0
    assert np.abs(inside(found.times_s) - inside(TIMES)).max() < 0.004
    assert found.usable.all()
    assert len(found.usable) == 290


@pytest.mark.parametrize("fs", [100.0, 128.0, 200.0, 500.0, 1000.0])
def test_the_sampling_rate_does_not_matter(fs: float) -> None:
    found = detect_beats([draw(TIMES, fs=fs, length_s=290.0)], fs=fs)
    assert np.abs(inside(found.times_s) - inside(TIMES)).max() < 0.01


@pytest.mark.parametrize("scale", [-1.0, 0.3, 8.0])
def test_neither_scale_nor_side_matters(scale: float) -> None:
    found, plain = detect_beats([(scale * ECG).astype(np.float32)], fs=FS), detect_beats([ECG], fs=FS)
    np.testing.assert_allclose(found.times_s, plain.times_s, atol=0.002)
    np.testing.assert_allclose(found.amplitude_mv, abs(scale) * plain.amplitude_mv, rtol=1e-3)


def test_a_later_start_moves_the_beats_only() -> None:
    found, cut = detect_beats([ECG], fs=FS), detect_beats([ECG[2560:]], fs=FS)
    assert inside(found.times_s[found.times_s > 13.0]) == pytest.approx(inside(cut.times_s[cut.times_s > 3.0] + 10.0), abs=0.002)


def test_the_height_of_the_r_wave_follows_the_breath() -> None:
    sizes = 1.0 + 0.2 * np.sin(2 * np.pi * 0.25 * TIMES)
    found = detect_beats([draw(TIMES, fs=FS, length_s=290.0, sizes=sizes, wander_mv=0.0)], fs=FS)
    n = min(len(found.times_s), len(sizes))
    assert np.corrcoef(found.amplitude_mv[:n], sizes[:n])[0, 1] > 0.95


def test_a_tall_t_wave_is_no_beat() -> None:
    tall = ECG + draw(TIMES + 0.27, fs=FS, length_s=290.0, noise_mv=0.0, wander_mv=0.0, sizes=np.zeros(310))
    t = np.arange(len(ECG)) / FS
    for at in TIMES:
        tall = tall + (0.9 * np.exp(-0.5 * ((t - at - 0.27) / 0.045) ** 2)).astype(np.float32)
    assert f1(matched(inside(TIMES), inside(detect_beats([tall], fs=FS).times_s), within=WITHIN_S)) == 1.0


def test_a_second_lead_helps_where_the_first_fell_off() -> None:
    first, second = ECG.copy(), draw(TIMES, fs=FS, length_s=290.0, noise_mv=0.1)
    first[100 * 256 : 200 * 256] = 0.0
    found = detect_beats([first, second], fs=FS)
    assert f1(matched(inside(TIMES), inside(found.times_s), within=WITHIN_S)) > 0.995
    assert found.usable.all()


@pytest.mark.parametrize("what", ["flat", "missing", "noise", "clipped"])
def test_what_cannot_be_read_is_told(what: str) -> None:
    broken = ECG.copy()
    part = slice(100 * 256, 200 * 256)
    noise = np.random.default_rng(3).standard_normal(100 * 256).astype(np.float32)
    spoiled = {"flat": np.float32(0.2), "missing": np.float32(np.nan), "noise": noise, "clipped": 5.0 * np.sign(noise)}
    broken[part] = spoiled[what]
    found = detect_beats([broken], fs=FS)
    assert not found.usable[105:195].any()
    assert found.usable[:95].all()
    assert found.usable[206:].all()
    clean = (found.times_s < 95) | (found.times_s > 206)
    truth = inside(TIMES)[(inside(TIMES) < 95) | (inside(TIMES) > 206)]
    assert f1(matched(truth, inside(found.times_s[clean]), within=WITHIN_S)) > 0.99


def test_noise_alone_gives_no_usable_second() -> None:
    noise = np.random.default_rng(5).standard_normal(60 * 256).astype(np.float32)
    assert not detect_beats([noise], fs=FS).usable.any()


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(10), np.full(6000, np.nan), np.zeros(6000)])
def test_nothing_in_nothing_out(samples: np.ndarray) -> None:
    found = detect_beats([samples.astype(np.float32)], fs=FS)
    assert not len(found.times_s)
    assert not found.usable.any()
