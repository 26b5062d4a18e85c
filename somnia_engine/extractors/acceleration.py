"""Raw acceleration of a wrist: activity counts, ENMO, arm angle, and whether it was worn."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.acceleration import (
    ANGLE_S,
    COUNT_S,
    FS,
    SLOWEST_HZ,
    arm_angles_deg,
    at_fifty_hz,
    enmo_mg,
    gain_of,
    te_lindert_counts,
    worn,
)
from somnia_engine.extractors._streams import bounded
from somnia_engine.text import Text
from somnia_engine.types.features import Extraction, Extractor, NightInput, Placed, StreamQuality
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.signals import Signal

AXES = ("acc_x_g", "acc_y_g", "acc_z_g")
COLUMNS = ("activity_count", "enmo_mg", "arm_angle_deg", "worn_frac")

Values = NDArray[np.float32]


def _axes(placed: Placed, night: NightInput) -> Values | None:
    """Return x, y, z at 50 Hz over the night, shape (3, n); None when one is missing, uneven, or slower than the counts need."""
    by_name = {signal.channel: signal for signal in placed.recording.signals if signal.channel in AXES}
    if len(by_name) < len(AXES) or any(signal.fs < SLOWEST_HZ for signal in by_name.values()):
        return None
    signals = [by_name[name] for name in AXES]
    duration_s = night.n_epochs * EPOCH_S
    axes = np.stack([at_fifty_hz(s.samples, s.fs, onset_s=s.onset_s + placed.offset_s, duration_s=duration_s) for s in signals])
    return axes if np.isfinite(axes).all(axis=0).any() else None


def _epochs(values: Values, step_s: int) -> Values:
    """Return the mean of each epoch's values; NaN where one is missing."""
    return np.asarray(values.reshape(-1, int(EPOCH_S) // step_s).mean(axis=1), dtype=np.float32)


def _extract_one(placed: Placed, night: NightInput) -> Extraction | None:
    axes = _axes(placed, night)
    if axes is None:
        return None
    axes /= np.float32(gain_of(axes))
    seconds = worn(axes)
    worn_frac = _epochs(seconds, 1)
    off = worn_frac < 1.0
    counts = te_lindert_counts(axes[2])
    counts[np.repeat(off, int(EPOCH_S) // COUNT_S)] = np.nan
    columns = {"enmo_mg": enmo_mg(axes), "arm_angle_deg": _epochs(arm_angles_deg(axes), ANGLE_S)}
    traces: tuple[Signal, ...] = ()
    if placed.series("activity_count") is None:
        columns["activity_count"] = _epochs(counts, COUNT_S)
        traces = (Signal("activity_count", counts, 1.0 / COUNT_S, ""),)
    columns = {name: bounded(name, np.where(off, np.nan, column).astype(np.float32)) for name, column in columns.items()}
    seen = np.flatnonzero(np.isfinite(axes).all(axis=0)) / FS
    coverage = float(np.isfinite(columns["enmo_mg"]).mean())
    notes = (NOT_WORN,) if off.any() else ()
    quality = StreamQuality("enmo_mg", placed.source, coverage, float(seen[0]), float(seen[-1]), notes)
    return Extraction(placed.source, "enmo_mg", {**columns, "worn_frac": worn_frac}, traces=traces, quality=(quality,))


NOT_WORN = Text("The sensor lay unmoved for an hour or more: it is taken as not worn then, and nothing is told from it.")


def extract_acceleration(night: NightInput) -> tuple[Extraction, ...]:
    """Extract movement from raw acceleration of every source that has it.

    Parameters
    ----------
    night : NightInput
        Channels `acc_x_g`, `acc_y_g`, `acc_z_g` [g], even, at 22.5 Hz or more, all three; the axes are known by their names. The
        counts are of the axis named z, as they are defined; turning the sensor changes them, and never changes `enmo_mg` and `worn_frac`.

    Returns
    -------
    tuple of Extraction
        `enmo_mg`, `arm_angle_deg`, `worn_frac`, and `activity_count` where the source brings no counts of its own.
        All but `worn_frac` are NaN where the sensor was not worn.
    """
    found = (_extract_one(placed, night) for placed in night.placed)
    return tuple(extraction for extraction in found if extraction is not None)


EXTRACTOR = Extractor(key="acceleration", name=Text("Acceleration"), channels=AXES, columns=COLUMNS, extract=extract_acceleration)
