"""Variability of the heart beats asleep, by the definitions of the Task Force."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.metrics.rhythm import IRREGULAR
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import NAN

LEAST_MIN = 5.0
"""The shortest time from which variability is told [min]: one short-term recording (Task Force 1996)."""
NAMES = ("rmssd_ms", "sdnn_index_ms", "pnn50_pct", "lf_ms2", "hf_ms2", "lf_hf_ratio", "sd1_ms", "sd2_ms")


def hrv_measures(features: NightFeatures, asleep: NDArray[np.bool_]) -> dict[str, float]:
    """Return the variability of a night's beats; NaN for what was not measured for 5 min asleep.

    Task Force 1996 (doi 10.1161/01.CIR.93.5.1043): RMSSD (pooled over the half minutes), SDNN index (mean of the 5-min SDNNs), pNN50,
    LF and HF power (means of 5-min values) and their ratio. SD1 and SD2 of the Poincare plot follow from RMSSD and SDNN (Brennan 2001,
    doi 10.1109/10.959330): SD1 = RMSSD / sqrt 2, SD2 = sqrt(2 SDNN^2 - SD1^2). Half minutes of an irregular rhythm do not count,
    and nothing is told from devices that give averaged heart rate.

    Parameters
    ----------
    features : NightFeatures
        `rmssd_ms`, `pnn50_pct`, `lf_ms2`, `hf_ms2` and, of beats, `sdnn_ms`.
    asleep : ndarray, shape (n_seconds,), bool
        From `asleep_mask`.
    """
    with np.errstate(invalid="ignore"):
        counts = asleep[:: int(EPOCH_S)][: features.n_epochs] & ~(features["p_irregular_rhythm"] >= IRREGULAR)
    beats = counts & np.isfinite(features["lf_ms2"])
    low, high = _mean(features["lf_ms2"], counts), _mean(features["hf_ms2"], counts)
    rmssd, sdnn = _mean(features["rmssd_ms"].astype(np.float64) ** 2, counts) ** 0.5, _mean(features["sdnn_ms"], beats)
    long_axis = 2.0 * sdnn**2 - rmssd**2 / 2.0
    values = (
        rmssd,
        sdnn,
        _mean(features["pnn50_pct"], counts),
        low,
        high,
        low / high if high > 0 else NAN,
        rmssd / 2.0**0.5,
        long_axis**0.5 if long_axis >= 0 else NAN,
    )
    return dict(zip(NAMES, values, strict=True))


def _mean(column: NDArray[np.float32] | NDArray[np.float64], counts: NDArray[np.bool_]) -> float:
    values = column[counts & np.isfinite(column)].astype(np.float64)
    return float(values.mean()) if len(values) * EPOCH_S / 60.0 >= LEAST_MIN else NAN
