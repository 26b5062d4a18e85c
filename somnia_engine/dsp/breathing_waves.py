"""What disturbed breathing draws into the heart beats of a night: their course as even waves, for a network."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.breathing_signs import EPOCH_S, FS_HZ, even_beats
from somnia_engine.dsp.rr import CleanRR

Waves = NDArray[np.float32]

SAMPLES = int(EPOCH_S * FS_HZ)
"""Of each wave in an epoch."""
WAVES = ("departure", "departure_of_night", "level", "missing")
AROUND_S = 300
"""Departures are taken from the mean of so much around: slower changes are stages and posture."""


def waves(n_epochs: int, *, rr: CleanRR) -> Waves:
    """Return a night's waves, scaled to about one.

    Parameters
    ----------
    n_epochs : int
    rr : CleanRR
        Intervals; time counts from the first epoch.

    Returns
    -------
    ndarray, shape (4, n_epochs * 60), float32
        `WAVES` at 2 Hz, bridged where missing, which the last of them says.
    """
    even, missing = even_beats(rr, n_epochs)
    if missing.all():
        nothing: Waves = np.zeros((len(WAVES), len(even)), dtype=np.float32)
        nothing[-1] = 1.0
        return nothing
    filled = np.interp(np.arange(len(even)), np.flatnonzero(~missing), even[~missing])
    level = np.log(filled / np.median(filled[~missing]))
    width = int(AROUND_S * FS_HZ) + 1
    away = level - np.convolve(np.pad(level, width // 2, mode="edge"), np.ones(width) / width, "valid")
    usual = 1.4826 * float(np.median(np.abs(away))) + 1e-3
    found = [np.clip(15.0 * away, -4.0, 4.0), np.clip(away / usual / 3.0, -4.0, 4.0), np.clip(5.0 * level, -4.0, 4.0), missing * 1.0]
    drawn: Waves = np.stack(found).astype(np.float32)
    return drawn
