"""Heart rate and its spread, from averaged heart rate or from the intervals between beats."""

from dataclasses import replace

import numpy as np

from somnia_engine.dsp.heart_waves import WAVES, heart_waves
from somnia_engine.dsp.variability import five_minutes
from somnia_engine.dsp.windows import Column, epoch_count, epoch_mean, epoch_sd
from somnia_engine.extractors._beats import HOLD_S, Beats, beats_of
from somnia_engine.extractors._streams import Samples, bounded, quality_of, samples_of, trace_of
from somnia_engine.text import Text
from somnia_engine.types.features import Extraction, Extractor, NightInput, Placed

LEAST_PAIRS = 10
FIVE_MINUTES = ("lf_ms2", "hf_ms2")
SHORT_TERM = ("rmssd_ms", "pnn50_pct", "ectopic_frac", "beat_quality_frac")


def _from_beats(placed: Placed, night: NightInput) -> Extraction | None:
    beats = beats_of(placed, night)
    if beats is None or not beats.rr.normal.any():
        return None
    normal = beats.rr.normal
    refused = int((~normal).sum())
    kept = Samples(beats.rr.times_s[normal], beats.rr.rr_ms[normal], beats.epochs[normal], refused)
    interval = epoch_mean(kept.epochs, kept.values, n_epochs=night.n_epochs)
    rates = Samples(kept.times_s, 60000.0 / kept.values, kept.epochs, refused)
    columns = {
        "rr_ms": interval,
        "hr_bpm": bounded("hr_bpm", 60000.0 / interval),
        **_swings(rates, night),
        **_short_term(beats, night.n_epochs),
        **{name: bounded(name, column) for name, column in five_minutes(beats.rr, n_epochs=night.n_epochs).items()},
    }
    quality = quality_of("rr_ms", placed.source, samples=kept._replace(refused=0), column=interval)
    return Extraction(
        placed.source,
        "hr_bpm",
        columns,
        traces=(trace_of("hr_bpm", rates, night=night, hold_s=HOLD_S),),
        quality=(replace(quality, notes=_beat_notes(beats)),),
    )


def _short_term(beats: Beats, n_epochs: int) -> dict[str, Column]:
    """Return RMSSD and pNN50 of each epoch, from neighboring normal intervals, and the share of its beats that are not normal.

    Task Force 1996, doi 10.1161/01.CIR.93.5.1043; an epoch with fewer than 10 differences has none.
    """
    pairs = np.flatnonzero(beats.rr.pairs)
    step = beats.rr.rr_ms[pairs] - beats.rr.rr_ms[pairs - 1]
    epochs = beats.epochs[pairs]
    enough = epoch_count(epochs, n_epochs) >= LEAST_PAIRS
    square = epoch_mean(epochs, step**2, n_epochs=n_epochs)
    wide = epoch_mean(epochs, 100.0 * (np.abs(step) > 50.0), n_epochs=n_epochs)
    early = epoch_mean(beats.epochs, (~beats.rr.normal).astype(np.float64), n_epochs=n_epochs)
    columns = {
        "rmssd_ms": bounded("rmssd_ms", np.where(enough, np.sqrt(square), np.nan).astype(np.float32)),
        "pnn50_pct": np.where(enough, wide, np.nan).astype(np.float32),
        "ectopic_frac": early,
    }
    return columns if beats.usable_frac is None else {**columns, "beat_quality_frac": beats.usable_frac}


def _swings(rates: Samples, night: NightInput) -> dict[str, Column]:
    """Return the spread of the heart rate within each epoch, and its waves where the samples lie close enough to show them."""
    spread = epoch_sd(rates.epochs, rates.values, n_epochs=night.n_epochs)
    waves = heart_waves(rates.times_s, rates.values, n_epochs=night.n_epochs)
    return {name: bounded(name, column) for name, column in {"hr_sd_bpm": spread, **waves}.items()}


def _beat_notes(beats: Beats) -> tuple[Text, ...]:
    share = beats.rr.share_corrected
    return (Text("{pct} % of the beats were early, missed or noise, and do not count.", {"pct": round(100 * share, 1)}),) if share else ()


def _from_rate(placed: Placed, night: NightInput) -> Extraction | None:
    rates = samples_of(placed, "hr_bpm", night=night)
    if rates is None:
        return None
    mean = epoch_mean(rates.epochs, rates.values, n_epochs=night.n_epochs)
    columns = {"hr_bpm": mean, **_swings(rates, night)}
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
        samples, the waves as `heart_waves` has them; `rr_ms`: mean interval. Epochs without a sample are NaN, so a reading every
        5 min covers a tenth of the night.
    """
    found = (make(placed, night) for placed in night.placed for make in (_from_beats, _from_rate, _variability))
    return tuple(extraction for extraction in found if extraction is not None)


EXTRACTOR = Extractor(
    key="cardiac",
    name=Text("Heart rate"),
    channels=("hr_bpm", "rr_ms", "ecg_mv", "ppg", "sdnn_ms"),
    columns=("hr_bpm", "hr_sd_bpm", *WAVES, "hr_rise_bpm", "hr_dip_bpm", "rr_ms", "sdnn_ms", *SHORT_TERM, *FIVE_MINUTES),
    extract=extract_cardiac,
)
