"""What the stage classifier sees: heart rate, its spread and movement of a night as one row an epoch, relative to the night itself."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.heart_waves import WAVES
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S

Column = NDArray[np.float64]

WAVE_MINUTES = (2, 6)
"""Twice the standard deviation of the Gaussians over which the heart rate's waves are averaged [min]."""

SLOW_WAVES = {"4_min": (4 / 3, 8 / 3), "9_min": (8 / 3, 16 / 3), "18_min": (16 / 3, 32 / 3)}
"""Waves too slow for one epoch, from the 30-s means: twice the standard deviations [min] of the two Gaussians whose difference they are."""

CHANNELS: tuple[tuple[str, str], ...] = (
    ("hr_level", "10/min above the night's median"),
    ("hr_level_scaled", "spreads of the night above its median"),
    ("hr_rank", "rank within the night, -1..1"),
    ("hr_dog_2_min", "5/min: heart rate smoothed over 0.5 min less over 2 min"),
    ("hr_dog_10_min", "5/min: heart rate smoothed over 1 min less over 10 min"),
    ("hr_dog_45_min", "5/min: heart rate smoothed over 5 min less over 45 min"),
    ("hr_spread_2_min", "log of the spread around the smoothed heart rate"),
    ("hr_spread_5_min", "log of the spread around the smoothed heart rate"),
    ("hr_spread_15_min", "log of the spread around the smoothed heart rate"),
    ("hr_sd_level", "log of the spread within the epoch, less the night's median"),
    ("hr_sd_level_5_min", "the same, smoothed"),
    ("hr_measured", "1 measured, 0 not"),
    *((f"{name.removesuffix('_bpm')}_over_{minutes}_min", "log, less the night's median") for name in WAVES for minutes in WAVE_MINUTES),
    *((f"hr_slow_{name}_over_{minutes}_min", "log, less the night's median") for name in SLOW_WAVES for minutes in WAVE_MINUTES),
    ("hr_asymmetry_3_min", "log of rises over dips"),
    ("hr_asymmetry_10_min", "log of rises over dips"),
    ("hr_rise", "log, less the night's median"),
    ("hr_dip", "log, less the night's median"),
    ("hr_waves_measured", "1 measured, 0 not"),
    ("activity", "log of counts"),
    ("activity_2_min", "log of smoothed counts"),
    ("activity_10_min", "log of smoothed counts"),
    ("activity_30_min", "log of smoothed counts"),
    ("still_since", "log of minutes since the last movement"),
    ("still_until", "log of minutes until the next movement"),
    ("activity_measured", "1 measured, 0 not"),
    ("since_start", "4 h, centered"),
    ("until_end", "4 h, centered"),
    ("near_start", "1 at the start, falling by e in 15 min"),
    ("near_end", "1 at the end, falling by e in 15 min"),
)
"""Name and unit of each channel, in the order of the matrix."""

HEART = slice(0, 31)
MOTION = slice(31, 38)

EPOCHS_PER_MIN = 60.0 / EPOCH_S
LEAST_SPREAD_BPM = 1.5
BOUND_BPM = 20.0
MOVING_COUNT = 10.0
LONGEST_H = 8.0
LIMIT = 5.0


def measured(features: NightFeatures) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the epochs with heart rate and those with movement, each of shape (n,)."""
    return np.isfinite(features["hr_bpm"]), np.isfinite(features["activity_count"])


def build_inputs(features: NightFeatures) -> NDArray[np.float32]:
    """Return the input matrix of a night, relative to the night itself.

    Parameters
    ----------
    features : NightFeatures
        `hr_bpm`, `hr_sd_bpm` and the waves [1/min] and `activity_count` [te Lindert counts per 15 s] are read; NaN = not measured.

    Returns
    -------
    ndarray, shape (n_epochs, len(CHANNELS)), float32
        Finite everywhere. All channels of a modality that the night does not have are 0.
        Differences of Gaussians follow Walch 2019, doi 10.1093/sleep/zsz180.
    """
    heart = _heart(_column(features, "hr_bpm"), _column(features, "hr_sd_bpm"))
    motion = _motion(_column(features, "activity_count"))
    clock = _clock(features.n_epochs)
    channels: Mapping[str, Column] = {**heart, **_waves(features), **motion, **clock}
    zero = np.zeros(features.n_epochs)
    matrix = np.stack([channels.get(name, zero) for name, _ in CHANNELS], axis=1)
    return np.clip(matrix, -LIMIT, LIMIT).astype(np.float32)


def _column(features: NightFeatures, name: str) -> Column:
    column = features[name].astype(np.float64)
    return np.where(np.isfinite(column), column, np.nan)


def _heart(rate: Column, spread: Column) -> dict[str, Column]:
    seen = np.isfinite(rate)
    if not seen.any():
        return {}
    level = _tamed(_bridged(rate) - np.median(rate[seen]))
    scale = max(1.4826 * float(np.median(np.abs(rate[seen] - np.median(rate[seen])))), LEAST_SPREAD_BPM)
    smooth = {minutes: smoothed(level, minutes) for minutes in (0.5, 1.0, 2.0, 5.0, 10.0, 45.0)}
    within = _within(spread)
    return {
        "hr_level": level / 10.0,
        "hr_level_scaled": level / scale,
        "hr_rank": _rank(smooth[1.0]),
        "hr_dog_2_min": (smooth[0.5] - smooth[2.0]) / 5.0,
        "hr_dog_10_min": (smooth[1.0] - smooth[10.0]) / 5.0,
        "hr_dog_45_min": (smooth[5.0] - smooth[45.0]) / 5.0,
        "hr_spread_2_min": _local_spread(level - smooth[2.0], 2.0),
        "hr_spread_5_min": _local_spread(level - smooth[5.0], 5.0),
        "hr_spread_15_min": _local_spread(smooth[0.5] - smooth[10.0], 15.0),
        "hr_sd_level": within,
        "hr_sd_level_5_min": smoothed(within, 5.0),
        "hr_measured": seen.astype(np.float64),
    }


def _waves(features: NightFeatures) -> dict[str, Column]:
    """Return the channels of the waves; none where samples lie too far apart to show them."""
    waves = [_column(features, name) for name in WAVES]
    seen = np.isfinite(waves[0]) & np.isfinite(features["hr_bpm"])
    if not seen.any():
        return {}
    found = {"hr_waves_measured": seen.astype(np.float64)}
    for name, wave in zip(WAVES, waves, strict=True):
        power = _bridged(wave) ** 2
        for minutes in WAVE_MINUTES:
            found[f"{name.removesuffix('_bpm')}_over_{minutes}_min"] = _above_median(
                np.sqrt(smoothed(power, float(minutes))), seen=seen, least=0.1
            )
    rate = _bridged(_column(features, "hr_bpm"))
    level = _tamed(rate - np.median(rate))
    for name, (fine, coarse) in SLOW_WAVES.items():
        power = (smoothed(level, fine) - smoothed(level, coarse)) ** 2
        for minutes in WAVE_MINUTES:
            found[f"hr_slow_{name}_over_{minutes}_min"] = _above_median(np.sqrt(smoothed(power, float(minutes))), seen=seen, least=0.1)
    rise, dip = (_bridged(_column(features, f"hr_{way}_bpm")) for way in ("rise", "dip"))
    for minutes in (3, 10):
        found[f"hr_asymmetry_{minutes}_min"] = np.log((smoothed(rise, minutes) + 0.3) / (smoothed(dip, minutes) + 0.3))
    return {**found, "hr_rise": _above_median(rise, seen=seen, least=0.5), "hr_dip": _above_median(dip, seen=seen, least=0.5)}


def _above_median(values: Column, *, seen: NDArray[np.bool_], least: float) -> Column:
    logs = np.log(values + least)
    return np.asarray(logs - np.median(logs[seen]), dtype=np.float64)


def _tamed(level: Column) -> Column:
    """Return the level with jumps bounded: wrist optics that count a beat twice show 90/min in a sleeper at 45."""
    return np.asarray(BOUND_BPM * np.tanh(level / BOUND_BPM), dtype=np.float64)


def _within(spread: Column) -> Column:
    """Return the log spread within epochs, less its median of the night; 0 where a source gives one value an epoch."""
    seen = np.isfinite(spread)
    if not seen.any():
        return np.zeros(len(spread))
    logs = np.log(np.maximum(_bridged(spread), 0.0) + 0.5)
    return np.asarray(logs - np.median(logs[seen]), dtype=np.float64)


def _motion(counts: Column) -> dict[str, Column]:
    seen = np.isfinite(counts)
    if not seen.any():
        return {}
    counts = np.where(seen, np.maximum(counts, 0.0), 0.0)
    moving = counts > MOVING_COUNT
    return {
        "activity": np.log1p(counts) / 3.0,
        **{f"activity_{minutes}_min": np.log1p(smoothed(counts, float(minutes), seen=seen)) / 3.0 for minutes in (2, 10, 30)},
        "still_since": _since(moving),
        "still_until": _since(moving[::-1])[::-1],
        "activity_measured": seen.astype(np.float64),
    }


def _clock(n: int) -> dict[str, Column]:
    hours = np.arange(n) * EPOCH_S / 3600.0
    since, until = np.minimum(hours, LONGEST_H), np.minimum(hours[::-1], LONGEST_H)
    near = np.exp(-4.0 * hours)
    return {"since_start": since / 4.0 - 1.0, "until_end": until / 4.0 - 1.0, "near_start": near, "near_end": near[::-1]}


def smoothed(values: Column, minutes: float, *, seen: NDArray[np.bool_] | None = None) -> Column:
    """Return the Gaussian mean of shape (n,) with a standard deviation of `minutes` / 2, over the epochs in `seen` (all when None)."""
    sigma = minutes * EPOCHS_PER_MIN / 2.0
    reach = int(np.ceil(3.0 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weight = np.ones(len(values)) if seen is None else seen.astype(np.float64)
    total = np.convolve(weight, kernel)[reach : reach + len(values)]
    mean = np.convolve(values * weight, kernel)[reach : reach + len(values)]
    return np.asarray(mean / np.maximum(total, 1e-9), dtype=np.float64)


def _local_spread(deviation: Column, minutes: float) -> Column:
    return np.asarray(np.log(np.sqrt(smoothed(deviation**2, minutes)) + 0.3), dtype=np.float64)


def _bridged(values: Column) -> Column:
    """Return the column with gaps filled by a straight line, and by the nearest value at the ends."""
    seen = np.flatnonzero(np.isfinite(values))
    return np.interp(np.arange(len(values)), seen, values[seen])


def _rank(values: Column) -> Column:
    order = np.sort(values)
    middle = (np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right")) / 2.0
    return np.asarray(2.0 * middle / len(values) - 1.0, dtype=np.float64)


def _since(moving: NDArray[np.bool_]) -> Column:
    """Return the log of the minutes since an epoch with movement, at most an hour, in a scale of about 0..2."""
    index = np.arange(len(moving))
    last = np.maximum.accumulate(np.where(moving, index, -int(60 * EPOCHS_PER_MIN)))
    return np.asarray(np.log1p(np.minimum((index - last) / EPOCHS_PER_MIN, 60.0)) / 2.0, dtype=np.float64)
