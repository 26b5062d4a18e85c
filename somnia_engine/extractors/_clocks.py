"""The clock of a sound beside that of a sensor on the body: how far they lie apart, by movement that one heard and the other felt."""

from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.clock_drift import clock_drift
from somnia_engine.dsp.resampling import even_trace, median_interval_s
from somnia_engine.hearing import Heard
from somnia_engine.hearing.classifier import load_sound_classifier
from somnia_engine.hearing.listener import ENVELOPE_HZ
from somnia_engine.types.features import NightInput, Placed
from somnia_engine.types.hypnogram import EPOCH_S

FELT = ("activity_count", "motion_index", "hr_bpm")
"""What feels movement, the surest first; the heart answers a movement within seconds."""
COARSEST_S = 30.0
LEAST_S = 6.0
"""Clocks nearer than this are left as they are: so near the estimate itself can err."""
LOUDEST_DB = 30.0
DB_PER_LOG = 20.0 / np.log(10.0)


class Shift(NamedTuple):
    """Seconds to add to a sound's time at the start and the end of the night, and whose clock it then has."""

    start_s: float = 0.0
    end_s: float = 0.0
    source: str = ""


_KNOWN: "WeakKeyDictionary[Placed, tuple[NightInput, Shift]]" = WeakKeyDictionary()


def shift_of(placed: Placed, night: NightInput, *, heard: Heard, first: int) -> Shift:
    """Return how a sound's clock lies to that of a sensor on the body; no shift when there is none or it cannot be told."""
    known = _KNOWN.get(placed)
    if known is None or known[0] is not night:
        known = (night, _shift(placed, night, heard, first))
        _KNOWN[placed] = known
    return known[1]


def _shift(placed: Placed, night: NightInput, heard: Heard, first: int) -> Shift:
    others = sorted((other for other in night.placed if other is not placed), key=lambda other: other.source)
    for channel in FELT:
        for other in others:
            felt = _felt(other, channel, night)
            found = None if felt is None else clock_drift(_rustle(heard, first, len(felt)), felt)
            if found is not None:
                far = max(abs(found.start_s), abs(found.end_s)) >= LEAST_S
                return Shift(found.start_s, found.end_s, other.source) if far else Shift()
    return Shift()


def _felt(placed: Placed, channel: str, night: NightInput) -> NDArray[np.float32] | None:
    series = placed.series(channel)
    if series is None or not median_interval_s(series.times_s) <= COARSEST_S:
        return None
    values = series.values.astype(np.float64)
    trace = even_trace(series.times_s, values, fs=1.0, duration_s=night.n_epochs * EPOCH_S, hold_s=COARSEST_S)
    if channel != "hr_bpm":
        return np.asarray(np.log1p(np.maximum(trace, 0.0)), dtype=np.float32)
    return np.asarray(np.abs(np.diff(trace, prepend=trace[:1])), dtype=np.float32)


def _rustle(heard: Heard, first: int, length: int) -> NDArray[np.float32]:
    """Return how far each second of the night stands above the floor, snores left out; NaN where nothing was recorded."""
    peak = heard.loudness.reshape(-1, ENVELOPE_HZ).max(axis=1) * DB_PER_LOG
    sounding = heard.power > 0.0
    height = np.clip(peak - np.median(peak[sounding]), 0.0, LOUDEST_DB) if sounding.any() else peak
    height[heard.of("snore") >= load_sound_classifier().thresholds["snore"]] = 0.0
    laid = np.full(length, np.nan, dtype=np.float32)
    at = first + np.arange(len(height))
    inside = (at >= 0) & (at < length) & sounding
    laid[at[inside]] = height[inside]
    return laid
