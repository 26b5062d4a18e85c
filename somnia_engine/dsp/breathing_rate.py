"""Breathing rate from the envelopes of a sound: the period at which all bands, and the balance between them, repeat."""

import numpy as np
from numpy.typing import NDArray

Envelopes = NDArray[np.float16] | NDArray[np.float32] | NDArray[np.float64]

SLOWEST_BPM, FASTEST_BPM = 5.0, 66.0
SMOOTH_S = 1.0
TREND_S = 8.0
SHORTEST_SHARE = 0.82
"""A shorter period is believed when its correlation reaches this share of the best: breathing in and breathing out sound
alike, so half of the period nearly repeats too. Chosen on the 21 people of RRuJO that are here."""


def breathing_rate(envelopes: Envelopes, fs: float) -> tuple[float, float]:
    """Return the breathing rate of a stretch of sound and how strongly it repeats.

    Parameters
    ----------
    envelopes : ndarray, shape (n, bands)
        Log magnitudes; at least three periods are needed, 60 s are good.
    fs : float
        Rate of the envelopes [Hz].

    Returns
    -------
    rate_bpm : float
        Breaths per minute; NaN when nothing repeats.
    quality : float
        Correlation at the period, up to 1.
    """
    curves = _detrended(np.asarray(envelopes, dtype=np.float64).T, fs)
    if curves is None:
        return float("nan"), 0.0
    longest = min(int(fs * 60.0 / SLOWEST_BPM) + 2, curves.shape[1] // 2)
    shortest = int(fs * 60.0 / FASTEST_BPM)
    if longest <= shortest + 2:
        return float("nan"), 0.0
    together = _correlation(curves, longest, shortest)
    balance = _correlation(curves - curves.mean(axis=0), longest, shortest)
    joint = together + balance
    middle = joint[1:-1]
    peaks = 1 + np.flatnonzero((middle > joint[:-2]) & (middle >= joint[2:]) & (middle > 0.0))
    peaks = peaks[peaks >= shortest]
    if not len(peaks):
        return float("nan"), 0.0
    best = joint[peaks].max()
    at = int(peaks[joint[peaks] >= SHORTEST_SHARE * best][0])
    return 60.0 * fs / (at + _vertex(joint[at - 1 : at + 2])), float(np.clip(together[at], 0.0, 1.0))


def _detrended(curves: NDArray[np.float64], fs: float) -> NDArray[np.float64] | None:
    """Return the bands smoothed over a second, without what changes over more than 8 s; None when the stretch is too short."""
    short, wide = _hann(SMOOTH_S, fs), _hann(TREND_S, fs)
    if curves.shape[1] <= len(wide):
        return None
    low, high = np.percentile(curves, (5.0, 98.0), axis=1)
    curves = np.clip(curves, low[:, None], high[:, None])
    smooth = np.stack([np.convolve(curve, short, "valid") for curve in curves])
    padded = np.pad(smooth, ((0, 0), (len(wide) // 2, len(wide) // 2)), mode="edge")
    slow = np.stack([np.convolve(curve, wide, "valid") for curve in padded])
    return np.asarray(smooth - slow, dtype=np.float64)


def _hann(seconds: float, fs: float) -> NDArray[np.float64]:
    taper = np.hanning(2 * round(seconds * fs / 2.0) + 1)
    return np.asarray(taper / taper.sum(), dtype=np.float64)


def _correlation(curves: NDArray[np.float64], longest: int, shortest: int) -> NDArray[np.float64]:
    """Return the autocorrelation at lags 0..longest, bands weighted by the square of their best correlation."""
    n = curves.shape[1]
    spectra = np.fft.rfft(curves - curves.mean(axis=1, keepdims=True), 2 * n, axis=1)
    raw = np.fft.irfft(np.abs(spectra) ** 2, axis=1)[:, : longest + 1] / (n - np.arange(longest + 1))
    scaled = raw / np.maximum(raw[:, :1], 1e-12)
    weights = np.maximum(scaled[:, shortest:].max(axis=1), 0.0) ** 2 + 1e-9
    return np.asarray((weights[:, None] * scaled).sum(axis=0) / weights.sum(), dtype=np.float64)


def _vertex(three: NDArray[np.float64]) -> float:
    """Return where the parabola through three points peaks, relative to the middle one."""
    bend = three[0] - 2.0 * three[1] + three[2]
    return 0.0 if bend == 0.0 else float(np.clip(0.5 * (three[0] - three[2]) / bend, -0.5, 0.5))
