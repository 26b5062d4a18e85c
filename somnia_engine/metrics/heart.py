"""Heart rate while asleep: mean, lowest, highest; slow and fast stretches."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.resampling import runs
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.hypnogram import SLEEP, Hypnogram
from somnia_engine.types.night import NAN, Lights
from somnia_engine.types.signals import Signal

SLOW_BPM, FAST_BPM = 40.0, 90.0
"""Bradycardia and sinus tachycardia asleep (AASM manual: Caples 2007, J Clin Sleep Med 3:147)."""
LEAST_S = 30


def asleep_mask(n: int, lights: Lights, *, hypnogram: Hypnogram | None) -> NDArray[np.bool_]:
    """Return which of `n` seconds are asleep; without stages, those between lights off and on."""
    seconds = np.arange(n)
    inside = (seconds >= lights.off_s) & (seconds < lights.on_s)
    if hypnogram is None:
        return inside
    asleep = np.isin(hypnogram.stages, list(SLEEP))
    epochs = np.minimum((seconds // hypnogram.epoch_s).astype(np.int64), len(asleep) - 1)
    return np.asarray(inside & asleep[epochs])


def heart_measures(heart: Signal | None, asleep: NDArray[np.bool_]) -> dict[str, float]:
    """Return mean, lowest and highest heart rate [1/min] of a 1-Hz trace within `asleep`, shape (n,); NaN where there is none."""
    values = heart.samples[asleep] if heart is not None else np.zeros(0, dtype=np.float32)
    values = values[np.isfinite(values)]
    if not len(values):
        return dict.fromkeys(("hr_mean_bpm", "hr_min_bpm", "hr_max_bpm"), NAN)
    return {"hr_mean_bpm": float(values.mean(dtype=np.float64)), "hr_min_bpm": float(values.min()), "hr_max_bpm": float(values.max())}


def detect_slow_and_fast(heart: Signal, asleep: NDArray[np.bool_], *, source: str) -> EventTable:
    """Find heart rate below 40/min for 30 s or more, and above 90/min for more than 30 s, while asleep.

    Parameters
    ----------
    heart : Signal
        Heart rate [1/min] at 1 Hz.
    asleep : ndarray, shape (n,), bool

    Returns
    -------
    EventTable
        BR and TA with the lowest or highest rate in `value`.
    """
    samples = np.where(asleep, heart.samples, np.nan)
    with np.errstate(invalid="ignore"):
        slow = [(a, b, EventKind.BR) for a, b in runs(samples < SLOW_BPM) if b - a >= LEAST_S]
        fast = [(a, b, EventKind.TA) for a, b in runs(samples > FAST_BPM) if b - a > LEAST_S]
    return EventTable.of(
        Event(kind, float(a), float(b - a), NAN, source, float(samples[a:b].min() if kind is EventKind.BR else samples[a:b].max()))
        for a, b, kind in slow + fast
    )
