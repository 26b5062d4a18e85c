"""What disturbed breathing draws into a night: the course of heart beats and blood oxygen as even waves, for a network."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.breathing_signs import EPOCH_S, FS_HZ, even_beats
from somnia_engine.dsp.rr import CleanRR

Waves = NDArray[np.float32]

SAMPLES = int(EPOCH_S * FS_HZ)
"""Of each wave in an epoch."""
BEAT_WAVES = ("departure", "departure_of_night", "level", "missing")
OXYGEN_WAVES = ("fall", "slope", "missing")
AROUND_S = 300
"""Departures are taken from the mean of so much around: slower changes are stages and posture."""
TOP_PERCENTILE = 95.0


def waves(n_epochs: int, *, rr: CleanRR | None = None, spo2_pct: NDArray[np.float32] | None = None) -> Waves:
    """Return a night's waves, scaled to about one.

    Parameters
    ----------
    n_epochs : int
    rr : CleanRR or None
        Intervals; time counts from the first epoch.
    spo2_pct : ndarray, shape (n_epochs * 30,), or None
        Blood oxygen each second, NaN where not measured.

    Returns
    -------
    ndarray, shape (4 or 7, n_epochs * 60), float32
        `BEAT_WAVES`, then `OXYGEN_WAVES` where oxygen is given; at 2 Hz, bridged where missing, which the last of each says.
    """
    found = _no_beats(n_epochs * SAMPLES) if rr is None else _beat_waves(rr, n_epochs)
    if spo2_pct is not None:
        found += _oxygen_waves(np.asarray(spo2_pct, dtype=np.float64))
    return np.stack(found).astype(np.float32)


def _no_beats(n: int) -> list[NDArray[np.float64]]:
    return [*[np.zeros(n)] * 3, np.ones(n)]


def _beat_waves(rr: CleanRR, n_epochs: int) -> list[NDArray[np.float64]]:
    even, missing = even_beats(rr, n_epochs)
    if missing.all():
        return _no_beats(len(even))
    filled = np.interp(np.arange(len(even)), np.flatnonzero(~missing), even[~missing])
    level = np.log(filled / np.median(filled[~missing]))
    width = int(AROUND_S * FS_HZ) + 1
    away = level - np.convolve(np.pad(level, width // 2, mode="edge"), np.ones(width) / width, "valid")
    usual = 1.4826 * float(np.median(np.abs(away))) + 1e-3
    return [np.clip(15.0 * away, -4.0, 4.0), np.clip(away / usual / 3.0, -4.0, 4.0), np.clip(5.0 * level, -4.0, 4.0), missing * 1.0]


def _oxygen_waves(spo2: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    missing = np.isnan(spo2)
    fall = np.zeros(len(spo2))
    if not missing.all():
        filled = np.interp(np.arange(len(spo2)), np.flatnonzero(~missing), spo2[~missing])
        fall = np.clip((filled - np.percentile(filled, TOP_PERCENTILE)) / 4.0, -6.0, 2.0)
    fall, missing = np.repeat(fall, int(FS_HZ)), np.repeat(missing, int(FS_HZ))
    slope = np.zeros(len(fall))
    slope[1:-1] = 3.0 * (fall[2:] - fall[:-2])
    return [fall, slope, missing * 1.0]
