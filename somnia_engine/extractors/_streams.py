"""What every modality shares: a channel's samples within the night and its bounds, and how well it covers the night."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.resampling import even_trace
from somnia_engine.dsp.windows import Column, epoch_of
from somnia_engine.text import Text
from somnia_engine.types.features import NightInput, Placed, StreamQuality, feature
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.signals import Signal


class Samples(NamedTuple):
    """Samples in the night and in the feature's bounds: times [s], values, the epoch of each, and how many values were out of bounds."""

    times_s: NDArray[np.float64]
    values: NDArray[np.float64]
    epochs: NDArray[np.int64]
    refused: int


def samples_of(placed: Placed, channel: str, *, night: NightInput) -> Samples | None:
    """Return a channel's usable samples; None when there is none."""
    series = placed.series(channel)
    if series is None:
        return None
    bounds = feature(channel)
    epochs = epoch_of(series.times_s)
    inside = (epochs >= 0) & (epochs < night.n_epochs)
    good = inside & (series.values >= bounds.low) & (series.values <= bounds.high)
    if not good.any():
        return None
    times_s, values = series.times_s[good], series.values[good].astype(np.float64)
    return Samples(times_s, values, epochs[good], int(inside.sum() - good.sum()))


def quality_of(channel: str, source: str, *, samples: Samples, column: Column) -> StreamQuality:
    """Return how a stream covers the night."""
    notes: tuple[Text, ...] = ()
    if samples.refused:
        values: dict[str, str | int | float | Text] = {"n": samples.refused, "what": feature(channel).label}
        notes = (Text("{n} values of {what} were out of range and left out.", values),)
    coverage = float(np.isfinite(column).mean()) if len(column) else 0.0
    return StreamQuality(channel, source, coverage, float(samples.times_s[0]), float(samples.times_s[-1]), notes)


def trace_of(channel: str, samples: Samples, *, night: NightInput, hold_s: float, fs: float = 1.0) -> Signal:
    """Return a channel as an even trace from the grid's start to its end; gaps longer than `hold_s` are NaN."""
    trace = even_trace(samples.times_s, samples.values, fs=fs, duration_s=night.n_epochs * EPOCH_S, hold_s=hold_s)
    return Signal(channel, trace, fs, feature(channel).unit)


def bounded(name: str, column: Column) -> Column:
    """Return a computed column with what lies outside of its feature's bounds as not measured."""
    bounds = feature(name)
    with np.errstate(invalid="ignore"):
        return np.where((column >= bounds.low) & (column <= bounds.high), column, np.nan).astype(np.float32)
