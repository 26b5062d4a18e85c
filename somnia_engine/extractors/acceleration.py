"""Raw acceleration of a wrist or the trunk: counts, ENMO, angle or position, breath at rest, and whether it was worn."""

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
from somnia_engine.dsp.rest import breath_rate_bpm, trunk_position
from somnia_engine.extractors._streams import bounded
from somnia_engine.text import Text
from somnia_engine.types.features import Extraction, Extractor, NightInput, Placed, StreamQuality
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.signals import Signal

AXES = ("acc_x_g", "acc_y_g", "acc_z_g")
COLUMNS = ("activity_count", "enmo_mg", "arm_angle_deg", "worn_frac", "trunk_position", "resp_rate_bpm")
TRUNK = ("chest", "trunk", "thorax", "sternum")
"""Words in the name of a device or file that say where it was worn; without one it is taken as worn on the wrist."""

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


def _on_trunk(placed: Placed) -> bool:
    said = f"{placed.recording.source.device} {placed.recording.source.name}".lower()
    return any(word in said for word in TRUNK)


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
    columns = {"enmo_mg": enmo_mg(axes)}
    if placed.series("resp_rate_bpm") is None:
        columns["resp_rate_bpm"] = breath_rate_bpm(axes)
    traces: tuple[Signal, ...] = ()
    if _on_trunk(placed):
        columns["trunk_position"] = trunk_position(axes)
    else:
        columns["arm_angle_deg"] = _epochs(arm_angles_deg(axes), ANGLE_S)
    if not _on_trunk(placed) and placed.series("activity_count") is None:
        counts = te_lindert_counts(axes[2])
        counts[np.repeat(off, int(EPOCH_S) // COUNT_S)] = np.nan
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
        `enmo_mg`, `worn_frac`, `resp_rate_bpm` at rest where the source brings none of its own; of a wrist `arm_angle_deg`, and
        `activity_count` where the source brings none; of a sensor that is named as worn on the trunk `trunk_position`. All but
        `worn_frac` are NaN where the sensor was not worn.
    """
    found = (_extract_one(placed, night) for placed in night.placed)
    return tuple(extraction for extraction in found if extraction is not None)


EXTRACTOR = Extractor(key="acceleration", name=Text("Acceleration"), channels=AXES, columns=COLUMNS, extract=extract_acceleration)
