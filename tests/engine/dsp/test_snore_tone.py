"""Pitch and formants of snores: librosa's definitions, and snores made from a known source and a known filter."""

import numpy as np
import pytest
from scipy.signal import lfilter

from somnia_engine.dsp import snore_tone, spectra
from somnia_engine.dsp.snore_tone import formants, linear_prediction, pitch, tone

FS = 16000


def snore(pitch_hz: float, formants_hz: tuple[float, ...], *, seconds: float = 1.0, seed: int = 1) -> np.ndarray:
    """Return a train of pulses, a little uneven, through resonances 80 Hz wide; the source-filter picture of a voiced snore."""
    rng = np.random.default_rng(seed)
    phase = np.cumsum(pitch_hz / FS * np.exp(0.01 * np.interp(np.arange(seconds * FS), np.arange(0, seconds * FS + 800, 800),
                                                              rng.normal(size=int(seconds * 20) + 1))))  # fmt: skip
    sound = np.diff(np.floor(phase), prepend=0.0) + 0.002 * rng.normal(size=len(phase))
    sound = lfilter([1.0], [1.0, -0.95], sound)
    for hz in formants_hz:
        radius = np.exp(-np.pi * 80.0 / FS)
        sound = lfilter([1.0], [1.0, -2.0 * radius * np.cos(2.0 * np.pi * hz / FS), radius**2], sound)
    return np.asarray(0.1 * sound / np.abs(sound).max(), dtype=np.float32)


def in_frames(sound: np.ndarray) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(sound.astype(np.float64), 1600)[::800]


@pytest.mark.parametrize("kind", ["snore", "noise", "chirp"])
def test_the_pitch_is_that_of_librosa(kind: str) -> None:
    librosa = pytest.importorskip("librosa")
    sound = {
        "snore": snore(85.0, (500.0, 1500.0), seconds=2.0),
        "noise": np.random.default_rng(2).normal(0.0, 0.1, 2 * FS),
        "chirp": librosa.chirp(fmin=50.0, fmax=350.0, sr=FS, duration=2.0),
    }[kind].astype(np.float64)
    theirs = librosa.yin(
        sound, fmin=snore_tone.LOWEST_HZ, fmax=snore_tone.HIGHEST_HZ, sr=FS, frame_length=1600, hop_length=800, center=False
    )
    np.testing.assert_allclose(pitch(in_frames(sound), FS)[0], theirs, rtol=1e-6)


def test_the_prediction_filter_is_that_of_librosa() -> None:
    librosa = pytest.importorskip("librosa")
    frames = in_frames(snore(85.0, (500.0, 1500.0)))
    theirs = np.stack([librosa.lpc(frame, order=10) for frame in frames])
    np.testing.assert_allclose(linear_prediction(frames, 10), theirs, rtol=1e-3, atol=1e-3)


def test_the_cepstrum_of_our_bands_is_librosas_mfcc() -> None:
    librosa = pytest.importorskip("librosa")
    sound = snore(85.0, (500.0, 1500.0), seconds=2.0)
    # librosa puts the 400-sample window into the middle of its 512 samples, so its frames begin 56 samples earlier
    options = {"n_fft": 512, "win_length": 400, "hop_length": 160, "center": False, "n_mels": 64, "fmin": 125.0, "fmax": 7500.0,
               "htk": True, "norm": None, "power": 1.0}  # fmt: skip
    theirs = librosa.feature.mfcc(S=librosa.power_to_db(librosa.feature.melspectrogram(y=np.pad(sound, 56), sr=FS, **options)), n_mfcc=20)
    bands = spectra.band_spectrogram(sound)[:, : spectra.N_MELS]
    ours = librosa.feature.mfcc(S=librosa.power_to_db(bands.T), n_mfcc=20)
    np.testing.assert_allclose(ours, theirs[:, : ours.shape[1]], rtol=1e-3, atol=0.01)


@pytest.mark.parametrize("pitch_hz", [45.0, 70.0, 110.0, 180.0, 260.0])
def test_a_snores_known_pitch_is_found(pitch_hz: float) -> None:
    assert tone(snore(pitch_hz, (450.0, 1400.0)), FS)[0] == pytest.approx(pitch_hz, rel=0.03)


@pytest.mark.parametrize("known", [(350.0, 1100.0), (500.0, 1500.0), (650.0, 1250.0), (450.0, 2200.0)])
@pytest.mark.parametrize("pitch_hz", [60.0, 90.0])
def test_a_snores_known_formants_are_found(pitch_hz: float, known: tuple[float, float]) -> None:
    np.testing.assert_allclose(tone(snore(pitch_hz, (*known, 2800.0)), FS)[1:], known, rtol=0.1)


def test_a_hiss_has_no_pitch_and_silence_has_nothing() -> None:
    rng = np.random.default_rng(0)
    assert np.isnan(tone(rng.normal(0.0, 0.1, FS).astype(np.float32), FS)[0])
    assert np.isnan(tone(np.zeros(FS, dtype=np.float32), FS)).all()


def test_the_gain_changes_neither_pitch_nor_formants() -> None:
    sound = snore(80.0, (500.0, 1500.0))
    np.testing.assert_allclose(tone(sound * np.float32(0.01), FS), tone(sound, FS), rtol=1e-3)


def test_no_frames_have_no_formants() -> None:
    assert formants(np.zeros((0, 800)), 8000.0).shape == (0, 2)
