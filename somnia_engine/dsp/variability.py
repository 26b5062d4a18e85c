"""Waves and spread of the intervals between beats over five minutes around each 30-s epoch."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.rr import CleanRR
from somnia_engine.dsp.windows import Column
from somnia_engine.types.hypnogram import EPOCH_S

Values = NDArray[np.float64]

WINDOW_S = 300.0
LF_HZ, HF_HZ = (0.04, 0.15), (0.15, 0.40)
"""Length of a short-term recording and its bands. Task Force 1996, doi 10.1161/01.CIR.93.5.1043, table 2 and "Duration"."""
FS = 4.0
"""Rate [Hz] at which intervals are drawn anew: the spline loses under 1 % of a wave of 0.25 Hz at 60 beats a minute."""
LEAST_NORMAL = 0.8
"""Share of the five minutes that normal intervals must fill. Our own."""


def five_minutes(rr: CleanRR, *, n_epochs: int) -> dict[str, Column]:
    """Return power and spread of the normal intervals in the five minutes around each epoch.

    Definitions of the Task Force 1996 (doi 10.1161/01.CIR.93.5.1043): total power of the low (0.04-0.15 Hz) and the high
    (0.15-0.4 Hz) band, and the standard deviation, over 5 min. Intervals are drawn anew at 4 Hz by a cubic spline through normal ones,
    the line is taken off, and a Hann window is laid over the five minutes; a wave of amplitude A ms has the power A^2 / 2.

    Parameters
    ----------
    rr : CleanRR
        In night time.
    n_epochs : int

    Returns
    -------
    mapping of str to ndarray, shape (n_epochs,), float32
        `lf_ms2`, `hf_ms2` [ms^2] and `sdnn_ms` [ms]. NaN where normal intervals fill less than 80 % of the five minutes.
    """
    normal = rr.normal
    if normal.sum() < 20 or not n_epochs:
        return {}
    times, intervals = rr.times_s[normal], rr.rr_ms[normal]
    distinct = np.concatenate(([True], np.diff(times) > 0))
    times, intervals = times[distinct], intervals[distinct]
    tachogram, filled = _even(times, intervals, length_s=n_epochs * EPOCH_S)
    starts = (np.arange(n_epochs) * EPOCH_S + (EPOCH_S - WINDOW_S) / 2 + WINDOW_S) * FS
    rows = starts.astype(np.int64)
    covered = np.concatenate(([0], np.cumsum(np.pad(filled, round(WINDOW_S * FS)))))
    share = (covered[rows + round(WINDOW_S * FS)] - covered[rows]) / (WINDOW_S * FS)
    kept = np.flatnonzero(share >= LEAST_NORMAL)
    low, high = _powers(tachogram, rows[kept])
    spread = _spread(times, intervals, first_s=rows[kept] / FS - WINDOW_S)
    found = {"lf_ms2": low, "hf_ms2": high, "sdnn_ms": spread}
    return {name: _column(values, kept, n_epochs=n_epochs) for name, values in found.items()}


def _column(values: Values, kept: NDArray[np.int64], *, n_epochs: int) -> Column:
    column = np.full(n_epochs, np.nan, dtype=np.float32)
    column[kept] = values
    return column


def _even(times: Values, intervals: Values, *, length_s: float) -> tuple[Values, NDArray[np.bool_]]:
    """Return the tachogram at 4 Hz, one window wider at each end, and where within the night a normal interval lies."""
    from scipy.interpolate import CubicSpline

    grid = np.arange(-WINDOW_S, length_s + WINDOW_S, 1.0 / FS)
    held = np.clip(grid, times[0], times[-1])
    drawn = np.clip(CubicSpline(times, intervals)(held), intervals.min(), intervals.max())
    bridged = np.interp(held, times, intervals)
    inside = np.arange(0.0, length_s, 1.0 / FS)
    after = np.minimum(np.searchsorted(times, inside), len(times) - 1)
    filled = (inside > times[after] - intervals[after] / 1000.0) & (inside <= times[after])
    near = np.pad(filled, round(WINDOW_S * FS))
    return np.where(near, drawn, bridged), filled


def _powers(tachogram: Values, rows: NDArray[np.int64]) -> tuple[Values, Values]:
    """Return the power in both bands [ms^2] of the windows that begin at `rows`, in blocks of 256 windows."""
    n = round(WINDOW_S * FS)
    windows = np.lib.stride_tricks.sliding_window_view(tachogram, n)
    hann = np.hanning(n + 1)[:-1]
    line = np.arange(n) - (n - 1) / 2
    hz = np.fft.rfftfreq(n, 1.0 / FS)
    bands = [(hz >= low) & (hz < high) for low, high in (LF_HZ, HF_HZ)]
    powers = np.zeros((2, len(rows)))
    for at in range(0, len(rows), 256):
        block = windows[rows[at : at + 256]]
        block = block - block.mean(axis=1, keepdims=True)
        block = block - (block @ line / (line @ line))[:, None] * line
        density = 2.0 * np.abs(np.fft.rfft(block * hann, axis=1)) ** 2 / (n * (hann @ hann))
        for band, mask in enumerate(bands):
            powers[band, at : at + 256] = density[:, mask].sum(axis=1)
    return powers[0], powers[1]


def _spread(times: Values, intervals: Values, *, first_s: Values) -> Values:
    """Return the standard deviation (ddof 1) of the intervals that end within five minutes from each of `first_s`."""
    a, b = np.searchsorted(times, first_s), np.searchsorted(times, first_s + WINDOW_S)
    centered = intervals - intervals.mean()
    total, square = (np.concatenate(([0.0], np.cumsum(values))) for values in (centered, centered**2))
    n = np.maximum(b - a, 2)
    variance = (square[b] - square[a] - (total[b] - total[a]) ** 2 / n) / (n - 1)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))
