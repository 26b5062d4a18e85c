"""How far the sounds of a recording stand above its steady noise: a floor tracked in each band, against the loud moments of all of it."""

import numpy as np
from numpy.typing import NDArray

STEP_S, AROUND_S = 30.0, 30.0
FLOOR_PERCENTILE, TOP_PERCENTILE = 20.0, 99.0
"""Breaths and snores leave more than a fifth of the time to the floor; who hardly makes a sound rustles for five minutes of a night."""
DB_PER_LOG = 20.0 / np.log(10.0)


def standing_out_db(bands: NDArray[np.float16] | NDArray[np.float32], *, fs: float) -> NDArray[np.float32]:
    """Return how far the sounds of a recording stand above the noise of each half minute.

    Parameters
    ----------
    bands : ndarray, shape (n, k)
        Log magnitude of k bands.
    fs : float
        Their rate [Hz].

    Returns
    -------
    ndarray, shape (ceil(n / (30 * fs)),), float32
        The level that a hundredth of the recording exceeds over the level that a fifth of the surrounding minute and a half stays under,
        mean of the bands [dB]. Steady noise as loud as the sounds leaves little of it; the gain of the microphone does not matter.
    """
    step, reach = round(STEP_S * fs), round(AROUND_S * fs)
    starts = range(0, len(bands), step)
    found = np.zeros(len(starts), dtype=np.float32)
    for band in range(bands.shape[1]):
        level = bands[:, band].astype(np.float32)
        top = np.percentile(level, TOP_PERCENTILE)
        for row, at in enumerate(starts):
            found[row] += top - np.percentile(level[max(0, at - reach) : at + step + reach], FLOOR_PERCENTILE)
    return np.asarray(found * (DB_PER_LOG / bands.shape[1]), dtype=np.float32)
