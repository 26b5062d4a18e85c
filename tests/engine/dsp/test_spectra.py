"""The one spectrogram: librosa's filters, frames where they are said to be."""

import numpy as np
import pytest

from somnia_engine.dsp import spectra


def test_the_mel_filters_are_those_of_librosa() -> None:
    librosa = pytest.importorskip("librosa")
    theirs = librosa.filters.mel(sr=16000, n_fft=512, n_mels=64, fmin=125.0, fmax=7500.0, htk=True, norm=None).T
    np.testing.assert_allclose(spectra.mel_filters(), theirs, atol=1e-6)


def test_the_bands_are_those_of_librosas_spectrogram() -> None:
    librosa = pytest.importorskip("librosa")
    sound = np.random.default_rng(1).normal(0.0, 0.1, 16000).astype(np.float32)
    # librosa puts the 400-sample window into the middle of its 512 samples, so its frames begin 56 samples earlier
    padded = np.pad(sound, (56, 56))
    theirs = np.abs(librosa.stft(padded, n_fft=512, hop_length=160, win_length=400, center=False)).T @ spectra.mel_filters()
    ours = spectra.band_spectrogram(sound)[:, : spectra.N_MELS]
    assert len(ours) == spectra.n_frames(len(sound)) == 98
    np.testing.assert_allclose(ours, theirs[:98], rtol=1e-4, atol=1e-5)


def test_a_low_tone_falls_into_the_low_band() -> None:
    sound = np.sin(2 * np.pi * 50.0 * np.arange(16000) / 16000).astype(np.float32)
    bands = spectra.band_spectrogram(sound).mean(axis=0)
    assert bands.argmax() == spectra.N_MELS


def test_a_sound_shorter_than_a_frame_has_no_frames() -> None:
    assert spectra.band_spectrogram(np.zeros(399, dtype=np.float32)).shape == (0, spectra.N_BANDS)
