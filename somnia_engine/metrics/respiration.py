"""Numbers of breathing that blood oxygen tells: one function each, over the time between lights off and lights on."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.desaturations import held_minimum, smooth_three
from somnia_engine.dsp.resampling import runs
from somnia_engine.types.events import EventKind, EventTable
from somnia_engine.types.night import NAN, Lights
from somnia_engine.types.signals import Signal

CONTINUOUS_S = 10
"""Valid signal counts in stretches of at least this long [s]: a spot reading is none."""
HELD_S = 3
"""The nadir is held for at least this long [s]."""


def in_bed(trace: Signal, lights: Lights) -> NDArray[np.float32]:
    """Return the samples between lights off and on, shape (m,)."""
    times_s = trace.times_s
    return trace.samples[(times_s >= lights.off_s) & (times_s < lights.on_s)]


def continuous(spo2: Signal, lights: Lights) -> NDArray[np.float32]:
    """Return the SpO2 [%] of a 1-Hz trace in bed; NaN outside of stretches of at least 10 s."""
    samples = in_bed(spo2, lights).copy()
    for first, past in runs(np.isfinite(samples)):
        if (past - first) / spo2.fs < CONTINUOUS_S:
            samples[first:past] = np.nan
    return samples


def spo2_valid_min(spo2: Signal, lights: Lights) -> float:
    """Return the minutes of continuous SpO2 in bed."""
    return float(np.isfinite(continuous(spo2, lights)).sum()) / spo2.fs / 60.0


def odi_per_h(events: EventTable, valid_min: float, *, drop_pct: float, lights: Lights) -> float:
    """Return the desaturations of at least `drop_pct` in bed per hour of valid signal; NaN without valid signal.

    The drop follows the AASM manual (Berry 2012, doi 10.5664/jcsm.2172).
    """
    if not valid_min > 0:
        return NAN
    deep = sum(e.kind is EventKind.DS and e.value >= drop_pct and lights.off_s <= e.onset_s < lights.on_s for e in events)
    return 60.0 * deep / valid_min


def below_min(spo2: Signal, lights: Lights, *, limit_pct: float) -> float:
    """Return the minutes of continuous SpO2 below a limit [%]; NaN without valid signal."""
    samples = continuous(spo2, lights)
    return float((samples < limit_pct).sum()) / spo2.fs / 60.0 if np.isfinite(samples).any() else NAN


def below_pct(spo2: Signal, lights: Lights, *, limit_pct: float) -> float:
    """Return the share of the valid time below a limit [%]; NaN without valid signal."""
    valid = spo2_valid_min(spo2, lights)
    return 100.0 * below_min(spo2, lights, limit_pct=limit_pct) / valid if valid > 0 else NAN


def spo2_mean_pct(spo2: Signal, lights: Lights) -> float:
    """Return the mean SpO2 in bed [%], spot readings included; NaN when there is none."""
    samples = in_bed(spo2, lights)
    samples = samples[np.isfinite(samples)]
    return float(samples.mean(dtype=np.float64)) if len(samples) else NAN


def nadir_pct(spo2: Signal, lights: Lights, *, moving: NDArray[np.bool_] | None = None) -> float:
    """Return the lowest SpO2 [%] held for at least 3 s and free of motion; NaN when there is none.

    Parameters
    ----------
    spo2 : Signal
        At 1 Hz.
    moving : ndarray of bool, same shape as `spo2.samples`, or None
        Where the finger moved.
    """
    still = (
        spo2
        if moving is None
        else Signal(spo2.channel, np.where(moving, np.nan, spo2.samples).astype(np.float32), spo2.fs, spo2.unit, spo2.onset_s)
    )
    return held_minimum(continuous(still, lights), int(HELD_S * spo2.fs))


def desaturation_burden(spo2: Signal, lights: Lights, *, events: EventTable) -> float:
    """Return the area of the desaturations in bed below their own level, per hour of valid signal [%min/h]; NaN without signal.

    The area is that of the hypoxic burden (Azarbarzin 2019, doi 10.1093/eurheartj/ehy624), but of the desaturations from onset to
    recovery and not of scored apneas, and per hour of valid signal and not of sleep: so it has a name of its own.
    """
    valid = spo2_valid_min(spo2, lights)
    if not valid > 0:
        return NAN
    smooth, area = smooth_three(spo2.samples), 0.0
    for event in events:
        if event.kind is EventKind.DS and lights.off_s <= event.onset_s < lights.on_s:
            first = round((event.onset_s - spo2.onset_s) * spo2.fs)
            part = smooth[first : first + round(event.duration_s * spo2.fs) + 1]
            part = part[np.isfinite(part)]
            if len(part):
                area += float(np.maximum(part.min() + event.value - part, 0.0).sum(dtype=np.float64)) / spo2.fs / 60.0
    return 60.0 * area / valid


NAMES = (
    "odi3_per_h",
    "odi4_per_h",
    "t90_pct",
    "t90_min",
    "t88_pct",
    "t88_min",
    "spo2_mean_pct",
    "spo2_min_pct",
    "desaturation_burden",
)


def oxygen_measures(
    spo2: Signal | None, motion: Signal | None, *, events: EventTable, lights: Lights, motion_high: float
) -> dict[str, float]:
    """Return every oxygen number of a night under its name; NaN where not measured."""
    if spo2 is None:
        return dict.fromkeys(NAMES, NAN) | {"spo2_valid_min": 0.0}
    valid = spo2_valid_min(spo2, lights)
    with np.errstate(invalid="ignore"):
        moving = motion.samples >= motion_high if motion is not None and motion.samples.shape == spo2.samples.shape else None
    return {
        "odi3_per_h": odi_per_h(events, valid, drop_pct=3.0, lights=lights),
        "odi4_per_h": odi_per_h(events, valid, drop_pct=4.0, lights=lights),
        "t90_pct": below_pct(spo2, lights, limit_pct=90.0),
        "t90_min": below_min(spo2, lights, limit_pct=90.0),
        "t88_pct": below_pct(spo2, lights, limit_pct=88.0),
        "t88_min": below_min(spo2, lights, limit_pct=88.0),
        "spo2_mean_pct": spo2_mean_pct(spo2, lights),
        "spo2_min_pct": nadir_pct(spo2, lights, moving=moving),
        "desaturation_burden": desaturation_burden(spo2, lights, events=events),
        "spo2_valid_min": valid,
    }
