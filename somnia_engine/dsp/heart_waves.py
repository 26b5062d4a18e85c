"""How strongly the heart rate of each 30-s epoch swings, wave length by wave length, from samples a few seconds apart."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.windows import Column
from somnia_engine.types.hypnogram import EPOCH_S

Values = NDArray[np.float64]

STEP_S = 5.0
"""A watch writes about one value in 5 s; denser sources are averaged to this, so that every source gives the same waves."""
PER_EPOCH = int(EPOCH_S / STEP_S)
SIGMAS_S = (5.0, 10.0, 20.0, 40.0)
"""Each wave is what one Gaussian smoothing leaves of the last: periods of about 20, 33, 65 and 130 s pass best."""
WAVES = ("hr_wave_20_s_bpm", "hr_wave_33_s_bpm", "hr_wave_65_s_bpm", "hr_wave_130_s_bpm")
LONGEST_GAP_S = 30.0
"""Samples further apart than this leave a hole: a reading a minute has no waves."""
BOUND_BPM = 20.0
"""Distances from the night's median are bounded softly: wrist optics that count a beat twice show 90/min in a sleeper at 45."""


def heart_waves(times_s: Values, rates: Values, *, n_epochs: int) -> dict[str, Column]:
    """Return the waves of the heart rate and its reach above and below the middle of each epoch.

    Bands of the very low frequencies (0.003-0.04 Hz, Task Force 1996, doi 10.1161/01.CIR.93.5.1043) and just above, as differences of
    Gaussians (Walch 2019, doi 10.1093/sleep/zsz180).

    Parameters
    ----------
    times_s, rates : ndarray, shape (n,), float64
        Samples in night time [s], sorted, and their heart rates [1/min].
    n_epochs : int

    Returns
    -------
    mapping of str to ndarray, shape (n_epochs,), float32
        Root mean squares [1/min] of the waves, and `hr_rise_bpm`, `hr_dip_bpm`: highest and lowest value less the median of the epoch.
        NaN where fewer than half of an epoch's 5-s values are known. All are NaN when samples lie further apart.
    """
    level = _even(times_s, rates, n_epochs=n_epochs)
    seen = np.isfinite(level)
    enough = seen.reshape(n_epochs, PER_EPOCH).mean(axis=1) >= 0.5
    if not enough.any():
        return {}
    inside = (times_s >= 0) & (times_s < len(level) * STEP_S)
    place = (times_s[inside] / STEP_S).astype(np.int64)
    middle = float(np.median(level[place[0] : place[-1] + 1][seen[place[0] : place[-1] + 1]]))
    bridged = np.interp(np.arange(len(level)), np.flatnonzero(seen), level[seen])
    tamed = BOUND_BPM * np.tanh((bridged - middle) / BOUND_BPM)
    smooth = [tamed, *(_smoothed(tamed, sigma) for sigma in SIGMAS_S)]
    columns = {name: np.sqrt(_epochs((smooth[i] - smooth[i + 1]) ** 2).mean(axis=1)) for i, name in enumerate(WAVES)}
    within = _epochs(tamed)
    columns["hr_rise_bpm"] = within.max(axis=1) - np.median(within, axis=1)
    columns["hr_dip_bpm"] = np.median(within, axis=1) - within.min(axis=1)
    return {name: np.where(enough, column, np.nan).astype(np.float32) for name, column in columns.items()}


def _even(times_s: Values, rates: Values, *, n_epochs: int) -> Values:
    """Return the mean of each 5 s, empty ones on the line between their neighbors; NaN in longer gaps and beyond the ends."""
    n = n_epochs * PER_EPOCH
    inside = (times_s >= 0) & (times_s < n * STEP_S)
    place = (times_s[inside] / STEP_S).astype(np.int64)
    count = np.bincount(place, minlength=n)
    known = np.flatnonzero(count)
    if len(known) < PER_EPOCH or np.median(np.diff(known)) * STEP_S > LONGEST_GAP_S:
        return np.full(n, np.nan)
    means = np.bincount(place, rates[inside], n)[known] / count[known]
    index = np.arange(n)
    after = np.minimum(np.searchsorted(known, index), len(known) - 1)
    before = np.maximum(np.searchsorted(known, index, "right") - 1, 0)
    near = (known[after] - known[before]) * STEP_S <= LONGEST_GAP_S
    reach = LONGEST_GAP_S / STEP_S / 2
    near &= (index >= known[0] - reach) & (index <= known[-1] + reach)
    return np.where(near, np.interp(index, known, means), np.nan)


def _epochs(values: Values) -> Values:
    return values.reshape(-1, PER_EPOCH)


def _smoothed(values: Values, sigma_s: float) -> Values:
    sigma = sigma_s / STEP_S
    reach = int(np.ceil(4.0 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.convolve(np.pad(values, reach, mode="edge"), kernel / kernel.sum(), mode="valid")
