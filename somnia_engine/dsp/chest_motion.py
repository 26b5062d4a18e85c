"""Breathing seen: the part of a minute of pictures that moves together, in and out, and how often it does."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FS = 10.0
"""Rate that pictures are brought to [Hz]."""
CELL = 10
"""Side of the cells whose shift is measured [px]."""
LEAST_SLOPE = 400.0
"""Added to a cell's squared slopes: a cell without a pattern shows no shift."""
BAND_HZ = (0.09, 1.1)
"""Motion kept: 6 to 60 breaths a minute with a margin."""
SLOWEST_BPM, FASTEST_BPM = 6.0, 60.0
LEAST_S, LEAST_PERIODS = 9.0, 3.0
"""A rhythm must fit three times into a stretch to be told; slower motion in a short stretch is drift."""
DRIFT = 2
"""Degree of the curve of time that is taken off each point: light that changes slowly."""
COMPONENTS = 3
LEAST_SHARE = 0.15
"""A component with less of the motion than this share of the strongest is not asked."""
SHORTER = 0.85
"""A shorter period is believed when it repeats nearly as well as the best: every multiple of a period repeats too."""
PAUSE_S, SMOOTH_S, STILL = 10.0, 3.0, 0.3
"""A pause: for 10 s or more the motion's size, over 3 s, stays under this share of its median."""
PAUSE_QUALITY = 0.6
TAPER_S = 2.0
STARVED, AROUND, STARVED_QUALITY, IN_TIME = 3.0, 4, 0.9, 0.05
"""Rendered videos: encoders that keep the camera's noise change 1.2 times as much at a key frame or up to four pictures before it
(where pictures borrow from the next key frame), starved ones 6 times and more."""


class Breathing(NamedTuple):
    """What a stretch shows: breaths per minute (NaN when nothing repeats), how well it repeats up to 1, and pauses (onset, length) [s]."""

    rate_bpm: float
    quality: float
    pauses: tuple[tuple[float, float], ...]


NOTHING = Breathing(float("nan"), 0.0, ())


def watch_breathing(pictures: NDArray[np.uint8], times_s: NDArray[np.float64], *, anew: NDArray[np.bool_] | None = None) -> Breathing:
    """Find breathing in a stretch of pictures without larger movement.

    Parameters
    ----------
    pictures : ndarray, shape (n, height, width), uint8
        Gray pictures of one minute or less, at 8 a second or more.
    times_s : ndarray, shape (n,), float64
        Their times [s], increasing; they need not be even.
    anew : ndarray, shape (n,), bool, or None
        Pictures at which the encoder began anew (key frames).

    Returns
    -------
    Breathing
        The strongest common motions between 0.09 and 1.1 Hz are found as principal components of all points; the one that repeats best
        tells the rate. Pauses are told only where the rest of the stretch repeats clearly. A starved encoder shows motion at its key
        frames alone, which looks like breath: then only a rhythm is told that is very clear and does not keep time with them.
    """
    if len(times_s) < 2 or times_s[-1] - times_s[0] < LEAST_S:
        return NOTHING
    points = _motions(pictures, times_s)
    curves, powers = _components(points)
    if not len(powers) or powers[0] <= 0.0:
        return NOTHING
    asked = [curve for curve, power in zip(curves, powers, strict=True) if power >= LEAST_SHARE * powers[0]]
    rate, quality, curve = max(((*_period(curve), curve) for curve in asked), key=lambda found: found[1])
    if anew is not None and _starved(pictures, anew) and (quality < STARVED_QUALITY or _in_time(60.0 / rate, times_s[anew])):
        return NOTHING
    pauses = _pauses(curve) if quality >= PAUSE_QUALITY else ()
    return Breathing(rate, quality, tuple((float(times_s[0]) + onset, length) for onset, length in pauses))


def _motions(pictures: NDArray[np.uint8], times_s: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return how the pattern of each cell shifts along x and along y, shape (n, 2 cells), in units of its noise, at an even rate.

    A small shift changes each point by its slope times the shift (Horn and Schunck 1981, doi 10.1016/0004-3702(81)90024-2), so the
    changes are projected on the slopes of the mean picture. What an encoder does every few seconds does not follow the slopes.
    """
    mean = pictures.mean(axis=0, dtype=np.float32)
    down, along = np.gradient(mean)
    rows, columns = (length // CELL for length in mean.shape)
    slopes = np.stack((down, along))[:, : rows * CELL, : columns * CELL]
    norms = np.sqrt(_cells(slopes**2, rows, columns).reshape(2, -1) + LEAST_SLOPE)
    shifts = np.empty((len(pictures), 2, rows * columns), dtype=np.float32)
    for k, picture in enumerate(pictures):
        change = (picture - mean)[: rows * CELL, : columns * CELL]
        shifts[k] = _cells(slopes * (change - change.mean()), rows, columns).reshape(2, -1) / norms
    return _even(shifts.reshape(len(pictures), -1), times_s)


def _cells(values: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    return np.asarray(values.reshape(2, rows, CELL, columns, CELL).sum(axis=(2, 4)))


def _even(series: NDArray[np.float32], times_s: NDArray[np.float64]) -> NDArray[np.float32]:
    even = np.arange(times_s[0], times_s[-1], 1.0 / FS)
    after = np.clip(np.searchsorted(times_s, even, side="right"), 1, len(times_s) - 1)
    share = ((even - times_s[after - 1]) / (times_s[after] - times_s[after - 1])).astype(np.float32)[:, None]
    points = series[after - 1] * (1.0 - share) + series[after] * share
    return np.asarray(points - points.mean(axis=0), dtype=np.float32)


def _starved(pictures: NDArray[np.uint8], anew: NDArray[np.bool_]) -> bool:
    """Tell whether pictures change around key frames and hardly between them."""
    changes = np.array([np.abs(b.astype(np.int16) - a).mean() for a, b in pairwise(pictures)])
    keys = np.flatnonzero(anew[1:])
    around = (keys[:, None] + np.arange(-AROUND, 2)).clip(0, len(changes) - 1)
    return bool(len(keys)) and float(np.median(changes[around], axis=0).max()) > STARVED * float(np.median(changes))


def _in_time(period_s: float, keys_s: NDArray[np.float64]) -> bool:
    """Tell whether a period is a small multiple of the time between key frames, or a small part of it."""
    every_s = float(np.median(np.diff(keys_s))) if len(keys_s) > 1 else float("nan")
    ratio = max(period_s / every_s, every_s / period_s)
    return bool(abs(ratio - round(ratio)) <= IN_TIME * ratio) if np.isfinite(ratio) else False


def _components(points: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the strongest common motions within the band, shape (components, n), and their powers."""
    n = len(points)
    powers_of_time, _ = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, n), DRIFT + 1).astype(np.float32))
    still = points - powers_of_time @ (powers_of_time.T @ points)
    spectrum = np.fft.rfft(still * _taper(n)[:, None], axis=0)
    hz = np.fft.rfftfreq(n, 1.0 / FS)
    kept = (hz >= max(BAND_HZ[0], LEAST_PERIODS * FS / n)) & (hz <= BAND_HZ[1])
    band = spectrum[kept]
    stacked = np.concatenate((band.real, band.imag)).astype(np.float32)
    powers, vectors = np.linalg.eigh((stacked @ stacked.T).astype(np.float64))
    order = np.argsort(powers)[::-1][:COMPONENTS]
    whole = np.zeros((len(order), len(hz)), dtype=np.complex128)
    half = int(kept.sum())
    whole[:, kept] = (vectors[:half, order] + 1j * vectors[half:, order]).T
    return np.fft.irfft(whole, n, axis=1), powers[order]


def _taper(n: int) -> NDArray[np.float32]:
    """Return a window that is flat but for its ends, so that a drift does not leak into the band."""
    edge = max(1, min(round(TAPER_S * FS), n // 4))
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    return np.asarray(np.concatenate((rise, np.ones(n - 2 * edge), rise[::-1])), dtype=np.float32)


def _period(curve: NDArray[np.float64]) -> tuple[float, float]:
    """Return rate [1/min] and the correlation of the curve with itself a period later."""
    n = len(curve)
    edge = round(TAPER_S * FS)
    inner = curve[edge : n - edge] if n > 6 * edge else curve
    power = np.fft.irfft(np.abs(np.fft.rfft(inner - inner.mean(), 2 * len(inner))) ** 2)
    longest = min(int(FS * 60.0 / SLOWEST_BPM) + 1, round(n / LEAST_PERIODS))
    shortest = int(FS * 60.0 / FASTEST_BPM)
    lags = np.arange(longest + 1)
    energy = np.concatenate(([0.0], np.cumsum((inner - inner.mean()) ** 2)))
    size = np.sqrt((energy[len(inner) - lags]) * (energy[-1] - energy[lags]))
    repeats = power[: longest + 1] / np.maximum(size, 1e-12)
    middle = repeats[1:-1]
    peaks = 1 + np.flatnonzero((middle > repeats[:-2]) & (middle >= repeats[2:]) & (middle > 0.0))
    peaks = peaks[peaks >= shortest]
    if not len(peaks):
        return float("nan"), 0.0
    at = int(peaks[repeats[peaks] >= SHORTER * repeats[peaks].max()][0])
    bend = repeats[at - 1] - 2.0 * repeats[at] + repeats[at + 1]
    vertex = 0.0 if bend == 0.0 else float(np.clip(0.5 * (repeats[at - 1] - repeats[at + 1]) / bend, -0.5, 0.5))
    return 60.0 * FS / (at + vertex), float(np.clip(repeats[at], 0.0, 1.0))


def _pauses(curve: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """Return stretches in which the motion all but stops, with motion before and after."""
    width = round(SMOOTH_S * FS)
    size = np.sqrt(np.convolve(curve**2, np.ones(width) / width, "same"))
    still = size < STILL * float(np.median(size))
    edges = np.flatnonzero(np.diff(np.concatenate(([False], still, [False])).astype(np.int8)))
    edge = round(TAPER_S * FS)
    found = []
    for begin, end in edges.reshape(-1, 2).tolist():
        if begin > edge and end < len(curve) - edge and (end - begin) / FS >= PAUSE_S - SMOOTH_S:
            found.append((begin / FS - SMOOTH_S / 2.0, (end - begin) / FS + SMOOTH_S))
    return tuple(found)
