"""Finds falls of blood oxygen in an even trace, and tells measured from disturbed samples."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.resampling import runs

Trace = NDArray[np.float32]

LOWEST_PCT, HIGHEST_PCT = 50.0, 100.0
"""A finger oximeter is not specified below this; what readers let through outside it is a sentinel or a drop-out."""
STEEPEST_PCT_PER_S = 4.0
"""Steeper steps are taken for sensor slips; our own bound, well above the falls of the steepest scored apneas."""
SLIP_S = 60
"""A steep fall followed by a steep rise within this time [s] is one slip, and all of it is left out."""
BASELINE_S = 120
"""The level before an event is the 90th percentile of this much preceding signal [s]."""
PEAK_S = 90
"""The highest sample of this much preceding signal [s] caps the level: nadirs lie within it."""
SHORTEST_S, LONGEST_S = 10, 120
"""Bounds of an event from onset to recovery [s]."""
RECOVERY_FRAC = 2.0 / 3.0
RECOVERED_PCT = 1.0
ONSET_PCT = 0.5
"""The onset is the last sample within this of the level [%]."""


class Desaturation(NamedTuple):
    """One fall: indices into the 1-Hz trace, and its depth below the level before it [%]."""

    onset: int
    nadir: int
    end: int
    depth_pct: float


def clean_spo2(times_s: NDArray[np.float64], values: Trace) -> NDArray[np.bool_]:
    """Return which samples of an oximeter are blood oxygen: in bounds and outside of slips.

    Parameters
    ----------
    times_s, values : ndarray, shape (n,)
        Samples [s], [%].

    Returns
    -------
    ndarray, shape (n,), bool
    """
    good = (values >= LOWEST_PCT) & (values <= HIGHEST_PCT)
    at = np.flatnonzero(good)
    if len(at) < 2:
        return good
    step = np.diff(values[at]) / np.maximum(np.diff(times_s[at]), 0.25)
    falls, rises = np.flatnonzero(step < -STEEPEST_PCT_PER_S), np.flatnonzero(step > STEEPEST_PCT_PER_S)
    for fall in falls.tolist():
        good[at[fall + 1]] = False
        later = rises[np.searchsorted(rises, fall) :]
        if len(later) and times_s[at[later[0]]] - times_s[at[fall]] <= SLIP_S:
            good[at[fall + 1 : later[0] + 1]] = False
    good[at[rises + 1]] &= np.isin(rises + 1, falls, invert=True)
    return good


def smooth_three(trace: Trace) -> Trace:
    """Return the running median of three samples; a sample beside a gap stays as it is."""
    if len(trace) < 3:
        return trace
    middle = np.median(np.lib.stride_tricks.sliding_window_view(trace, 3), axis=1)
    out = trace.copy()
    out[1:-1] = np.where(np.isfinite(middle), middle, trace[1:-1])
    return out


def level_before(trace: Trace) -> Trace:
    """Return the level before each sample: the 90th percentile of the preceding BASELINE_S of a 1-Hz trace.

    The windows step by 5 s; NaN where less than a quarter of the window was measured.
    """
    padded = np.concatenate((np.full(BASELINE_S, np.nan, dtype=np.float32), trace))
    windows = np.lib.stride_tricks.sliding_window_view(padded, BASELINE_S)[: len(trace) : 5]
    ordered = np.sort(windows, axis=1)
    count = np.isfinite(windows).sum(axis=1)
    rank = np.maximum(np.ceil(0.9 * count).astype(np.int64) - 1, 0)
    level = np.where(count >= BASELINE_S // 4, ordered[np.arange(len(ordered)), rank], np.nan)
    return np.repeat(level, 5)[: len(trace)].astype(np.float32)


def detect_desaturations(trace: Trace, drop_pct: float = 3.0) -> list[Desaturation]:
    """Find falls of at least `drop_pct` below the level before them, with a recovery.

    Parameters
    ----------
    trace : ndarray, shape (n,), float32
        SpO2 [%] at 1 Hz; NaN where not measured.
    drop_pct : float
        Least depth [%].

    Returns
    -------
    list of Desaturation
        In order of time, not overlapping. The level is the lower of the 90th percentile of the preceding 120 s and of the
        highest sample since the last event (at most 90 s back). An event ends when two thirds of the fall, or all but 1 %, are
        won back; it lasts 10 to 120 s, and a gap ends it.
        The 3 % drop follows the AASM manual (Berry 2012, doi 10.5664/jcsm.2172).
    """
    smooth, found, free = smooth_three(trace), [], 0
    level = level_before(smooth)
    with np.errstate(invalid="ignore"):
        candidates = np.flatnonzero(level - smooth >= drop_pct)
    for at in candidates.tolist():
        if at < free:
            continue
        event = _event_at(smooth, level[at], at=at, since=max(free, at - PEAK_S), drop_pct=drop_pct)
        if event is None:
            continue
        free = event.end
        if event.end - event.onset >= SHORTEST_S:
            found.append(event)
    return found


def _event_at(trace: Trace, level: np.float32, *, at: int, since: int, drop_pct: float) -> Desaturation | None:
    """Follow the fall that crosses the threshold at `at`; None when it is not deep enough, has a gap, or never recovers."""
    before = trace[since:at]
    if not np.isfinite(before).any():
        return None
    reference = min(float(level), float(np.nanmax(before)))
    if reference - float(trace[at]) < drop_pct:
        return None
    onset = since + int(np.flatnonzero(before >= reference - ONSET_PCT)[-1])
    tail = trace[at : onset + LONGEST_S + 1]
    gap = np.flatnonzero(~np.isfinite(tail))
    tail = tail[: gap[0]] if len(gap) else tail
    lowest = np.minimum.accumulate(tail)
    back = np.minimum(lowest + RECOVERY_FRAC * (reference - lowest), reference - RECOVERED_PCT)
    recovered = np.flatnonzero(tail >= np.maximum(back, lowest + 1.0))
    if not len(recovered) or np.isnan(trace[onset:at]).any():
        return None
    nadir = int(np.argmin(tail[: recovered[0] + 1]))
    return Desaturation(onset, at + nadir, at + int(recovered[0]), reference - float(tail[nadir]))


def held_minimum(trace: Trace, held_samples: int = 3) -> float:
    """Return the lowest level that `held_samples` neighboring samples all stay at or below; NaN when there is none."""
    lowest = [
        float(np.lib.stride_tricks.sliding_window_view(trace[a:b], held_samples).max(axis=1).min())
        for a, b in runs(np.isfinite(trace))
        if b - a >= held_samples
    ]
    return min(lowest, default=float("nan"))
