"""Finds the beats in a pulse wave (PPG), and says where the wave could be read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Values = NDArray[np.float64]

BAND_HZ = (0.5, 8.0)
PEAK_S, BEAT_S, OFFSET = 0.111, 0.667, 0.02
"""Widths of the two moving averages [s], and the share of the mean energy that is added to the threshold. Elgendi 2013."""
REFRACTORY_S = 0.3
MEAN_S = 60.0
"""The mean energy is that of a minute, where Elgendi took a recording's: one movement must not hide a night. Our own."""
ALIKE, GROUP_S, SHAPE_S, LEAST_BEATS = 0.86, 10, 0.3, 4
"""Beats of 10 s correlate with their mean by at least this, else movement shaped them. Orphanidou 2015, doi 10.1109/JBHI.2014.2338351.
We compare 0.3 s on each side of the peak, so that an irregular rhythm is no noise, and ask for 4 beats (24 a minute)."""
LEAST_HZ = 16.0


@dataclass(frozen=True, slots=True, eq=False)
class FoundPulse:
    """Beats of a pulse wave.

    Parameters
    ----------
    times_s : ndarray, shape (n,), float64
        Systolic peaks, in seconds from the first sample, increasing, with parts of a sample.
    usable : ndarray, shape (n_seconds,), bool
        Seconds in which the wave was measured, is not flat, and has beats that look alike.
    """

    times_s: Values
    usable: NDArray[np.bool_]


def detect_pulse(samples: Samples, *, fs: float) -> FoundPulse:
    """Find the systolic peaks of a pulse wave.

    Two moving averages of the squared, band-passed wave, one as wide as a peak, one as a beat: where the first exceeds the second, a
    block as wide as a peak holds one. Elgendi 2013, doi 10.1371/journal.pone.0076585.

    Parameters
    ----------
    samples : ndarray, shape (n,), float32
        The wave in any unit, systole up; NaN where not measured.
    fs : float
        At least 16 Hz.

    Returns
    -------
    FoundPulse

    Raises
    ------
    ValueError
        `fs` is too low.
    """
    if fs < LEAST_HZ:
        raise ValueError(f"a pulse wave of {fs} Hz cannot be read; at least {LEAST_HZ} Hz are needed")
    usable = _usable(samples, fs=fs)
    if not usable.any():
        return FoundPulse(np.zeros(0), usable)
    wave = _band(samples, fs=fs)
    energy: Values = np.maximum(wave, 0.0) ** 2.0
    threshold = _moving(energy, BEAT_S * fs) + OFFSET * _moving(energy, MEAN_S * fs)
    high = np.zeros(len(wave) + 2, dtype=np.bool_)
    high[1:-1] = _moving(energy, PEAK_S * fs) > threshold
    edges = np.flatnonzero(high[1:] != high[:-1])
    first, past = edges[::2], edges[1::2]
    wide = past - first >= max(round(PEAK_S * fs), 1)
    peaks = _highest(wave, first[wide], past[wide])
    second = np.minimum((peaks / fs).astype(np.int64), len(usable) - 1)
    peaks = _apart(peaks[usable[second]], wave, least=REFRACTORY_S * fs)
    usable &= _alike(wave, peaks, n_seconds=len(usable), fs=fs)
    return FoundPulse((peaks + _part(wave, peaks)) / fs, usable)


def _alike(wave: Values, peaks: NDArray[np.int64], *, n_seconds: int, fs: float) -> NDArray[np.bool_]:
    """Return the seconds of those 10 s in which the beats look like their own mean, shape (n_seconds,)."""
    reach = round(SHAPE_S * fs)
    kept = peaks[(peaks >= reach) & (peaks < len(wave) - reach)]
    groups = -(-n_seconds // GROUP_S)
    group = np.minimum((kept / fs / GROUP_S).astype(np.int64), groups - 1)
    shapes = wave[kept[:, None] + np.arange(-reach, reach + 1)]
    shapes = shapes - shapes.mean(axis=1, keepdims=True)
    shapes = shapes / np.maximum(np.linalg.norm(shapes, axis=1, keepdims=True), 1e-12)
    template = np.zeros((groups, shapes.shape[1]))
    np.add.at(template, group, shapes)
    template = template / np.maximum(np.linalg.norm(template, axis=1, keepdims=True), 1e-12)
    count = np.bincount(group, minlength=groups)
    likeness = np.bincount(group, (shapes * template[group]).sum(axis=1), groups) / np.maximum(count, 1)
    good = (count >= LEAST_BEATS) & (likeness >= ALIKE)
    return np.asarray(np.repeat(good, GROUP_S)[:n_seconds])


def _usable(samples: Samples, *, fs: float) -> NDArray[np.bool_]:
    """Return the seconds in which every sample was measured and the wave moves."""
    seconds = max(int(len(samples) / fs), 0)
    edges = np.round(np.arange(seconds) * fs).astype(np.int64)
    if not seconds:
        return np.zeros(0, dtype=np.bool_)
    within = samples[: round(seconds * fs)]
    with np.errstate(invalid="ignore"):
        reach = np.maximum.reduceat(within, edges) - np.minimum.reduceat(within, edges)
    return np.asarray(np.isfinite(reach) & (reach > 0))


def _band(samples: Samples, *, fs: float) -> Values:
    from scipy.signal import butter, sosfiltfilt

    known = np.isfinite(samples)
    at = np.flatnonzero(known)
    whole = samples.astype(np.float64) if len(at) == len(samples) else np.interp(np.arange(len(samples)), at, samples[at])
    band = butter(2, BAND_HZ if fs > 2.2 * BAND_HZ[1] else (BAND_HZ[0], 0.45 * fs), btype="bandpass", fs=fs, output="sos")
    return np.asarray(sosfiltfilt(band, whole, padlen=min(len(whole) - 1, round(2 * fs))), dtype=np.float64)


def _moving(values: Values, width: float) -> Values:
    """Return the mean of `width` samples around each, of those that there are at the ends."""
    half = max(round(width) // 2, 0)
    total = np.concatenate(([0.0], np.cumsum(values)))
    index = np.arange(len(values))
    low, high = np.maximum(index - half, 0), np.minimum(index + half + 1, len(values))
    return np.asarray((total[high] - total[low]) / (high - low))


def _highest(wave: Values, first: NDArray[np.int64], past: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the wave is highest within each block [first, past)."""
    if not len(first):
        return np.zeros(0, dtype=np.int64)
    around = first[:, None] + np.arange(int((past - first).max()))
    inside = around < past[:, None]
    heights = np.where(inside, wave[np.minimum(around, len(wave) - 1)], -np.inf)
    return np.asarray(first + np.argmax(heights, axis=1))


def _apart(peaks: NDArray[np.int64], wave: Values, *, least: float) -> NDArray[np.int64]:
    """Leave out the lower of two peaks that are closer than the heart can beat."""
    while len(peaks) > 1 and (close := np.flatnonzero(np.diff(peaks) < least)).size:
        lower = np.where(wave[peaks[close]] < wave[peaks[close + 1]], close, close + 1)
        peaks = np.delete(peaks, np.unique(lower))
    return peaks


def _part(wave: Values, peaks: NDArray[np.int64]) -> Values:
    """Return the part of a sample between the highest sample and the top of the parabola through it and its neighbors."""
    left, top, right = (wave[np.clip(peaks + step, 0, len(wave) - 1)] for step in (-1, 0, 1))
    bend = left - 2.0 * top + right
    return np.asarray(np.clip(np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0), -0.5, 0.5))
