"""Heart rate and its spread, from averaged heart rate or from the intervals between beats."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.windows import epoch_mean, epoch_sd
from somnia_engine.extractors._streams import Samples, bounded, quality_of, samples_of, trace_of
from somnia_engine.text import Text
from somnia_engine.types.features import Extraction, Extractor, NightInput, Placed

HOLD_S = 15.0
"""A watch writes heart rate about every 5 s; a longer silence than this is a gap in the chart."""
BEATS_AROUND = 5
ECTOPIC_FRAC = 0.3
"""An interval that differs more than this from the median of its 11 neighbors is a missed or an extra beat.

Task Force 1996, doi 10.1161/01.CIR.93.5.1043, asks for normal-to-normal intervals; the bound is our own."""


def steady_beats(rr_ms: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which intervals [ms] are close to the median of their neighbors, shape (n,)."""
    if len(rr_ms) < 2 * BEATS_AROUND + 1:
        return np.ones(len(rr_ms), dtype=np.bool_)
    padded = np.pad(rr_ms, BEATS_AROUND, mode="edge")
    local = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * BEATS_AROUND + 1), axis=1)
    return np.asarray(np.abs(rr_ms / local - 1.0) <= ECTOPIC_FRAC)


def _from_beats(placed: Placed, night: NightInput) -> Extraction | None:
    beats = samples_of(placed, "rr_ms", night=night)
    if beats is None:
        return None
    keep = steady_beats(beats.values)
    beats = Samples(beats.times_s[keep], beats.values[keep], beats.epochs[keep], beats.refused + int((~keep).sum()))
    interval = epoch_mean(beats.epochs, beats.values, n_epochs=night.n_epochs)
    rates = Samples(beats.times_s, 60000.0 / beats.values, beats.epochs, beats.refused)
    columns = {
        "rr_ms": interval,
        "hr_bpm": bounded("hr_bpm", 60000.0 / interval),
        "hr_sd_bpm": bounded("hr_sd_bpm", epoch_sd(rates.epochs, rates.values, n_epochs=night.n_epochs)),
    }
    return Extraction(
        placed.source,
        "hr_bpm",
        columns,
        traces=(trace_of("hr_bpm", rates, night=night, hold_s=HOLD_S),),
        quality=(quality_of("rr_ms", placed.source, samples=beats, column=interval),),
    )


def _from_rate(placed: Placed, night: NightInput) -> Extraction | None:
    rates = samples_of(placed, "hr_bpm", night=night)
    if rates is None:
        return None
    mean = epoch_mean(rates.epochs, rates.values, n_epochs=night.n_epochs)
    columns = {"hr_bpm": mean, "hr_sd_bpm": bounded("hr_sd_bpm", epoch_sd(rates.epochs, rates.values, n_epochs=night.n_epochs))}
    quality = quality_of("hr_bpm", placed.source, samples=rates, column=mean)
    return Extraction(placed.source, "hr_bpm", columns, traces=(trace_of("hr_bpm", rates, night=night, hold_s=HOLD_S),), quality=(quality,))


def _variability(placed: Placed, night: NightInput) -> Extraction | None:
    readings = samples_of(placed, "sdnn_ms", night=night)
    if readings is None:
        return None
    column = epoch_mean(readings.epochs, readings.values, n_epochs=night.n_epochs)
    return Extraction(
        placed.source, "sdnn_ms", {"sdnn_ms": column}, quality=(quality_of("sdnn_ms", placed.source, samples=readings, column=column),)
    )


def extract_cardiac(night: NightInput) -> tuple[Extraction, ...]:
    """Extract heart rate from every source that has it.

    Parameters
    ----------
    night : NightInput
        Channels `hr_bpm` [1/min], `rr_ms` [ms, stamped at the end of the interval] and `sdnn_ms` [ms] are read.

    Returns
    -------
    tuple of Extraction
        `hr_bpm`: mean of the samples in an epoch, or 60000 / mean interval; `hr_sd_bpm`: standard deviation (ddof 0) of at least two
        samples; `rr_ms`: mean interval. Epochs without a sample are NaN, so a reading every 5 min covers a tenth of the night.
    """
    found = (make(placed, night) for placed in night.placed for make in (_from_beats, _from_rate, _variability))
    return tuple(extraction for extraction in found if extraction is not None)


EXTRACTOR = Extractor(
    key="cardiac",
    name=Text("Heart rate"),
    channels=("hr_bpm", "rr_ms", "sdnn_ms"),
    columns=("hr_bpm", "hr_sd_bpm", "rr_ms", "sdnn_ms"),
    extract=extract_cardiac,
)
