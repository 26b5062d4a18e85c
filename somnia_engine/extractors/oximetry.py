"""Blood oxygen: level, lowest value, desaturations."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.desaturations import Desaturation, clean_spo2, detect_desaturations
from somnia_engine.dsp.resampling import even_trace, median_interval_s
from somnia_engine.dsp.windows import epoch_mean, epoch_min
from somnia_engine.extractors._streams import Samples, quality_of, samples_of, trace_of
from somnia_engine.text import Text
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import Extraction, Extractor, NightInput, Placed
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.signals import Signal

SLOWEST_S = 5.0
"""Desaturations of 10 s need a value at least this often [s]; spot readings give a level, but no events and no ODI."""
HOLD_S = 10.0
SPOT_HOLD_S = 1.0
MOTION_HIGH = 10.0
"""An O2Ring's motion index stays under this in 98 to 99 % of the rows of two real nights."""
MOTION_CONFIDENCE = 0.5


class Oxygen(NamedTuple):
    """Usable samples, the trace of each second, and whether they come often enough to show falls of 10 s."""

    samples: Samples
    trace: Signal
    continuous: bool


def _motion(placed: Placed, night: NightInput) -> NDArray[np.bool_] | None:
    index = samples_of(placed, "motion_index", night=night)
    if index is None:
        return None
    with np.errstate(invalid="ignore"):
        return even_trace(index.times_s, index.values, fs=1.0, duration_s=night.n_epochs * EPOCH_S, hold_s=HOLD_S) >= MOTION_HIGH


def _confidence(fall: Desaturation, motion: NDArray[np.bool_] | None) -> float:
    """Return 1 for an undisturbed fall, down to a half for one spent moving: movement follows real pauses too, so none is dropped."""
    moved = float(motion[fall.onset : fall.nadir + 1].mean()) if motion is not None else 0.0
    return 1.0 - MOTION_CONFIDENCE * moved


def _events(trace: NDArray[np.float32], source: str, *, motion: NDArray[np.bool_] | None) -> EventTable:
    falls = detect_desaturations(trace)
    return EventTable.of(
        Event(EventKind.DS, float(f.onset), float(f.end - f.onset), _confidence(f, motion), source, f.depth_pct) for f in falls
    )


def oxygen_of(placed: Placed, night: NightInput) -> Oxygen | None:
    """Return the usable blood oxygen of a source; None when it has none."""
    raw = samples_of(placed, "spo2_pct", night=night)
    if raw is None:
        return None
    good = clean_spo2(raw.times_s, raw.values.astype(np.float32))
    if not good.any():
        return None
    samples = Samples(raw.times_s[good], raw.values[good], raw.epochs[good], raw.refused + int((~good).sum()))
    continuous = median_interval_s(samples.times_s) <= SLOWEST_S
    return Oxygen(samples, trace_of("spo2_pct", samples, night=night, hold_s=HOLD_S if continuous else SPOT_HOLD_S), continuous)


def _extract_one(placed: Placed, night: NightInput) -> Extraction | None:
    oxygen = oxygen_of(placed, night)
    if oxygen is None:
        return None
    samples, trace, continuous = oxygen
    mean = epoch_mean(samples.epochs, samples.values, n_epochs=night.n_epochs)
    columns = {"spo2_pct": mean, "spo2_min_pct": epoch_min(samples.epochs, samples.values, n_epochs=night.n_epochs)}
    events = _events(trace.samples, placed.source, motion=_motion(placed, night)) if continuous else EventTable.empty()
    quality = quality_of("spo2_pct", placed.source, samples=samples, column=mean)
    return Extraction(placed.source, "spo2_pct", columns, events, (trace,), (quality,))


def extract_oximetry(night: NightInput) -> tuple[Extraction, ...]:
    """Extract blood oxygen and its falls from every source that has it.

    Parameters
    ----------
    night : NightInput
        Channel `spo2_pct` [%] is read; `motion_index` of the same source lowers the confidence of falls during movement.

    Returns
    -------
    tuple of Extraction
        `spo2_pct`: mean of an epoch, `spo2_min_pct`: its lowest sample; DS events with their depth [%] in `value` where the source
        gives a value at least every 5 s (`somnia_engine.dsp.desaturations` has the rule).
        Values outside 50-100 % and sensor slips are left out.
    """
    found = (_extract_one(placed, night) for placed in night.placed)
    return tuple(extraction for extraction in found if extraction is not None)


EXTRACTOR = Extractor(
    key="oximetry",
    name=Text("Blood oxygen"),
    channels=("spo2_pct", "motion_index"),
    columns=("spo2_pct", "spo2_min_pct"),
    extract=extract_oximetry,
)
