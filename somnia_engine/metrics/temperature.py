"""The nightly course of skin and body temperature: how far it rises and swings, and when it is highest."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import NAN, Lights

PLACES = ("skin", "body")
SMOOTH_EPOCHS = 61
"""The course is the mean of half an hour around each moment, so that one reading under a blanket's edge is no rhythm. Our own."""
ONSET_EPOCHS = 30
"""The level at the onset of sleep is the mean of the 15 min that follow it. Our own."""
LEAST_MIN, LEAST_FRAC = 180.0, 0.5
"""From less time in bed [min], or with readings in less than this share of it, nothing is told. Our own."""


def temperature_measures(features: NightFeatures, lights: Lights, *, sol_min: float) -> dict[str, float]:
    """Return the course of `skin_temp_c` and `body_temp_c` in bed.

    Skin of the hands and feet warms around the onset of sleep while the body's core cools (Krauchi 2000, doi
    10.1152/ajpregu.2000.278.3.R741).

    Parameters
    ----------
    features : NightFeatures
    lights : Lights
    sol_min : float
        From lights off to sleep [min]; NaN counts from lights off.

    Returns
    -------
    mapping of str to float
        For each place: `<place>_temp_rise_c` (highest half hour after the onset of sleep less the 15 min from it), `<place>_temp_range_c`
        (highest less lowest half hour) [°C], `<place>_temp_peak_min` (from the onset to the middle of the highest half hour). NaN
        where less than 3 h were in bed or readings cover less than half of it.
    """
    first, past = int(lights.off_s // EPOCH_S), int(lights.on_s // EPOCH_S)
    asleep_from = 0 if np.isnan(sol_min) else int(sol_min * 60.0 // EPOCH_S)
    found: dict[str, float] = {}
    for place in PLACES:
        values = _course(features[f"{place}_temp_c"][max(first, 0) : past].astype(np.float64), asleep_from)
        found |= dict(zip((f"{place}_temp_rise_c", f"{place}_temp_range_c", f"{place}_temp_peak_min"), values, strict=True))
    return found


def _course(readings: NDArray[np.float64], onset: int) -> tuple[float, float, float]:
    known = np.isfinite(readings)
    if len(readings) * EPOCH_S / 60.0 < LEAST_MIN or known.mean() < LEAST_FRAC:
        return NAN, NAN, NAN
    smooth = _smooth(readings, known)
    after = smooth[onset:]
    if not np.isfinite(after).any():
        return NAN, NAN, NAN
    peak = int(np.nanargmax(after))
    start = readings[onset : onset + ONSET_EPOCHS]
    start = start[np.isfinite(start)]
    rise = float(after[peak] - start.mean()) if len(start) >= ONSET_EPOCHS // 2 else NAN
    return rise, float(np.nanmax(smooth) - np.nanmin(smooth)), peak * EPOCH_S / 60.0


def _smooth(readings: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the mean of whole half hours around each epoch; NaN at the ends and where less than half of one was measured."""
    total = np.concatenate(([0.0], np.cumsum(np.where(known, readings, 0.0))))
    count = np.concatenate(([0], np.cumsum(known)))
    n = count[SMOOTH_EPOCHS:] - count[:-SMOOTH_EPOCHS]
    inner = np.where(n >= SMOOTH_EPOCHS / 2, (total[SMOOTH_EPOCHS:] - total[:-SMOOTH_EPOCHS]) / np.maximum(n, 1), np.nan)
    return np.asarray(np.pad(inner, SMOOTH_EPOCHS // 2, constant_values=np.nan))
