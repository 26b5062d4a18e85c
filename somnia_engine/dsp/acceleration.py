"""Raw acceleration to movement: te Lindert counts, ENMO, arm angle and non-wear, on the seconds of a night."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.resampling import runs

Axis = NDArray[np.float32]
FS = 50
"""Every axis is brought to this rate [Hz]: te Lindert counts are defined at it (te Lindert 2013, doi 10.5665/sleep.2648)."""
SLOWEST_HZ = 22.5
"""Below this the 3 to 11 Hz of the counts are not in the samples; 25 Hz is the slowest rate promised."""
BAND_HZ, ORDER = (3.0, 11.0), 5
BINS, TOP_G = 128, 5.0
QUIET, SCALE, COUNT_S = 18.0, 3.07, 15
"""count = max(0, (sum over 15 s - 18) * 3.07) (te Lindert 2013)."""
ANGLE_S = 5
"""Arm angles are taken from medians of 5 s (van Hees 2015, doi 10.1371/journal.pone.0142533)."""
WINDOW_S, STEP_S = 3600, 900
STILL_SD_G, STILL_RANGE_G, STILL_AXES = 0.013, 0.050, 2
"""Not worn: on two of three axes the SD stays below 13 mg and the range below 50 mg for an hour (van Hees 2013, GGIR)."""
LEAST_GAIN, MOST_GAIN = 0.8, 1.25
"""A still sensor whose vector is further from 1 g than this is not taken for one gain error; nothing is corrected then."""
WHOLE = 0.9
"""A second counts when this share of its samples is there."""


def at_fifty_hz(samples: Axis, fs: float, *, onset_s: float, duration_s: float) -> Axis:
    """Return an even axis at 50 Hz from time 0 to `duration_s`.

    Parameters
    ----------
    samples : ndarray, shape (n,), float32
        Acceleration [g]; NaN where not measured.
    fs : float
        Sampling rate [Hz].
    onset_s : float
        Night time of the first sample [s].

    Returns
    -------
    ndarray, shape (duration_s * 50,), float32
        NaN outside of the recording and in its gaps. Anti-aliased by a polyphase filter within each unbroken stretch.
    """
    from scipy.signal import resample_poly

    out = np.full(round(duration_s * FS), np.nan, dtype=np.float32)
    ratio = Fraction(FS / fs).limit_denominator(1000)
    for first, past in runs(np.isfinite(samples)):
        part = samples[first:past].astype(np.float64)
        if ratio != 1:
            part = resample_poly(part, ratio.numerator, ratio.denominator, padtype="line") if len(part) > 1 else part
        at = round((onset_s + first / fs) * FS)
        low, high = max(at, 0), min(at + len(part), len(out))
        if high > low:
            out[low:high] = part[low - at : high - at]
    return out


def te_lindert_counts(z: Axis) -> NDArray[np.float32]:
    """Return the activity counts of each 15 s.

    Parameters
    ----------
    z : ndarray, shape (n,), float32
        Acceleration at 50 Hz on the axis across the watch's face [g]; NaN where not measured.

    Returns
    -------
    ndarray, shape (n // 750,), float32
        Band pass 3 to 11 Hz (Butterworth, order 5, both ways), absolute value in 128 bins of 0 to 5 g numbered from 1, highest bin of
        each second, summed over 15 s; count = max(0, (sum - 18) * 3.07) (te Lindert 2013, doi 10.5665/sleep.2648).
        NaN where a second is missing.
    """
    from scipy.signal import butter, sosfiltfilt

    sos = butter(ORDER, BAND_HZ, btype="bandpass", fs=FS, output="sos")
    bins = np.full(len(z), np.nan)
    for first, past in runs(np.isfinite(z)):
        if past - first >= FS:
            moved = np.abs(sosfiltfilt(sos, z[first:past].astype(np.float64)))
            bins[first:past] = np.digitize(moved, np.linspace(0.0, TOP_G, BINS + 1))
    peaks = _by(bins, FS)
    whole = np.isfinite(peaks).mean(axis=1) >= WHOLE
    seconds = np.where(whole, np.nan_to_num(peaks).max(axis=1), np.nan)
    return np.asarray(np.maximum((_by(seconds, COUNT_S).sum(axis=1) - QUIET) * SCALE, 0.0), dtype=np.float32)


def gain_of(axes: NDArray[np.float32]) -> float:
    """Return the length of gravity where the sensor lies still [g], shape (3, n) at 50 Hz; 1 where that cannot be told.

    One gain for three axes, after the still-window idea of van Hees 2014 (doi 10.1152/japplphysiol.00421.2014), without its offsets.
    """
    blocks = np.stack([_by(axis, 10 * FS) for axis in axes])
    still = (blocks.std(axis=2) < STILL_SD_G).all(axis=0)
    if not still.any():
        return 1.0
    gain = float(np.median(np.linalg.norm(blocks[:, still].mean(axis=2), axis=0)))
    return gain if LEAST_GAIN <= gain <= MOST_GAIN else 1.0


def enmo_mg(axes: NDArray[np.float32], *, window_s: int = 30) -> NDArray[np.float32]:
    """Return the mean of max(vector - 1 g, 0) of each window [mg] (ENMO, van Hees 2013, doi 10.1371/journal.pone.0061691).

    `axes` has shape (3, n) at 50 Hz [g], calibrated; NaN where less than 90 % of a window was measured.
    """
    over = np.maximum(np.linalg.norm(axes.astype(np.float64), axis=0) - 1.0, 0.0)
    return _mean_of(_by(over, window_s * FS)) * np.float32(1000.0)


def arm_angles_deg(axes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the angle of the arm to the horizontal plane of each 5 s [deg], shape (n // 250,).

    atan(z / sqrt(x^2 + y^2)) of the medians of x, y, z within 5 s (van Hees 2015, doi 10.1371/journal.pone.0142533; there the
    median rolls, here it steps).
    """
    x, y, z = (np.median(_by(axis, ANGLE_S * FS), axis=1) for axis in axes)
    return np.asarray(np.degrees(np.arctan2(z, np.hypot(x, y))), dtype=np.float32)


def worn(axes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return for each second whether the sensor was worn: 1, 0, or NaN where that cannot be told, shape (n // 50,).

    Parameters
    ----------
    axes : ndarray, shape (3, n), float32
        At 50 Hz [g].

    Returns
    -------
    ndarray of float32
        Each 15 min is judged by the hour around it: not worn when on at least two axes the SD is below 13 mg and the range below 50 mg
        (van Hees 2013, doi 10.1371/journal.pone.0061691, with GGIR's limits). NaN without a measured half hour around it.
    """
    n = axes.shape[1] // FS
    out = np.full(n, np.nan, dtype=np.float32)
    for start in range(0, n, STEP_S):
        low = max(0, start + STEP_S // 2 - WINDOW_S // 2) * FS
        part = axes[:, low : (start + STEP_S // 2 + WINDOW_S // 2) * FS]
        part = part[:, np.isfinite(part).all(axis=0)]
        if part.shape[1] < WINDOW_S // 2 * FS:
            continue
        still = (part.std(axis=1, dtype=np.float64) < STILL_SD_G) & (np.ptp(part, axis=1) < STILL_RANGE_G)
        out[start : start + STEP_S] = 0.0 if still.sum() >= STILL_AXES else 1.0
    return np.where(np.isfinite(_by(axes[0], FS)).any(axis=1), out, np.nan).astype(np.float32)


def _by(values: NDArray[np.float32] | NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return values as rows of `size`; what is left over at the end is cut."""
    return values[: len(values) // size * size].reshape(-1, size).astype(np.float64)


def _mean_of(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    seen = np.isfinite(rows)
    mean = np.where(seen, rows, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return np.where(seen.mean(axis=1) >= WHOLE, mean, np.nan).astype(np.float32)
