"""The one spectrogram of a sound: 25-ms frames every 10 ms, their magnitudes and 64 mel bands, in batches that fit the cache."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]

FS_HZ = 16000
FRAME, HOP, N_FFT = 400, 160, 512
N_MELS = 64
LOW_BINS = ((1, 3), (3, 5))
"""Bins of two bands under the mel bands, 31-63 and 94-125 Hz: a stethoscope's breathing lies there."""
N_BANDS = N_MELS + len(LOW_BINS)
LOWEST_HZ, HIGHEST_HZ = 125.0, 7500.0
PATCH_FRAMES = 96
"""Frames of one window of the sound classifier; with `PATCH_SAMPLES` the patch of YAMNet (Apache-2.0), its teacher."""
PATCH_SAMPLES = 15600
_BATCH = 512
"""Frames transformed at a time: 0.5 MB of spectra stay in the second-level cache."""


@cache
def window() -> Sound:
    """Return the periodic Hann window, shape (FRAME,)."""
    return np.asarray(0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(FRAME) / FRAME), dtype=np.float32)


@cache
def mel_filters() -> Sound:
    """Return triangular mel filters, shape (N_FFT // 2 + 1, N_MELS): HTK scale, peaks of 1, as librosa.filters.mel defines them."""
    hz = np.linspace(0.0, FS_HZ / 2, N_FFT // 2 + 1)
    edges = _hz(np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), N_MELS + 2))
    rising = (hz[:, None] - edges[None, :-2]) / np.diff(edges)[None, :-1]
    falling = (edges[None, 2:] - hz[:, None]) / np.diff(edges)[None, 1:]
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), dtype=np.float32)


@cache
def band_filters() -> Sound:
    """Return the mel filters and, behind them, the two low bands, shape (N_FFT // 2 + 1, N_BANDS)."""
    low = np.zeros((N_FFT // 2 + 1, len(LOW_BINS)), dtype=np.float32)
    for column, (first, end) in enumerate(LOW_BINS):
        low[first:end, column] = 1.0
    return np.concatenate((mel_filters(), low), axis=1)


def _mel(hz: float) -> float:
    return float(2595.0 * np.log10(1.0 + hz / 700.0))


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0), dtype=np.float64)


def n_frames(n_samples: int) -> int:
    """Return how many whole frames a sound of `n_samples` holds."""
    return max(0, (n_samples - FRAME) // HOP + 1)


def band_spectrogram(samples: Sound) -> Sound:
    """Return the bands of a sound's magnitude spectra.

    Parameters
    ----------
    samples : ndarray, shape (n,), float32
        At 16 kHz.

    Returns
    -------
    ndarray, shape (n_frames(n), N_BANDS), float32
        The mel bands, then the low ones. Frames are not padded: frame k begins at sample k * HOP.
    """
    from scipy.fft import rfft

    count = n_frames(len(samples))
    bands = np.empty((count, N_BANDS), dtype=np.float32)
    if not count:
        return bands
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    filters, shape = band_filters(), window()
    padded = np.zeros((_BATCH, N_FFT), dtype=np.float32)
    for at in range(0, count, _BATCH):
        part = frames[at : at + _BATCH]
        np.multiply(part, shape, out=padded[: len(part), :FRAME])
        magnitudes = np.abs(rfft(padded[: len(part)], axis=1))
        np.matmul(magnitudes, filters, out=bands[at : at + _BATCH])
    return bands
