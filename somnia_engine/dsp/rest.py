"""What a sensor at rest shows: how the trunk lies, and the breath that moves it."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from somnia_engine.dsp.acceleration import FS
from somnia_engine.types.hypnogram import EPOCH_S

SUPINE, LEFT, RIGHT, PRONE, UPRIGHT = 0.0, 1.0, 2.0, 3.0, 4.0
SECTOR = float(np.cos(np.pi / 4))
"""Each position is a sector of 90 degrees around its axis."""
GRAVITY_G = (0.8, 1.2)
"""A median vector of another length is not gravity alone."""
SLOW_HZ = 5
WINDOW_S = 60
REST_G = 0.05
"""At rest every axis stays this close to its median [g]; breath moves a wrist or chest by a few mg."""
BREATH_HZ = (0.1, 0.5)
ROUND_PEAK_HZ = 0.05
NOISE_HZ = (0.08, 2.0)
LEAST_SHARE = 0.5
"""The rate is told where at least half of the movement's power lies around one frequency of breath."""
FFT_SIZE = 2048
_EPOCH = int(EPOCH_S) * FS

Axes = NDArray[np.float32]


def trunk_position(axes: Axes) -> NDArray[np.float32]:
    """Return how the trunk lies in each 30-s epoch.

    Parameters
    ----------
    axes : ndarray, shape (3, n), float32
        At 50 Hz [g], worn on the chest: x to the wearer's left, y to the head, z out of the chest; each axis that points up reads +1 g.

    Returns
    -------
    ndarray, shape (n // 1500,), float32
        0 supine, 1 on the left side, 2 on the right side, 3 prone, 4 upright: of the epoch's median vector, by sectors of 90 degrees.
        NaN where not measured, moving, head down, or where gravity has no length near 1 g. Checked on constructed signals only: no
        recording with scored positions was at hand.
    """
    rows = axes[:, : axes.shape[1] // _EPOCH * _EPOCH].reshape(3, -1, _EPOCH).astype(np.float64)
    x, y, z = np.median(rows, axis=2)
    length = np.sqrt(x * x + y * y + z * z)
    with np.errstate(invalid="ignore", divide="ignore"):
        lying = np.select(
            [np.abs(z) >= np.abs(x), np.abs(x) > np.abs(z)], [np.where(z > 0, SUPINE, PRONE), np.where(x > 0, RIGHT, LEFT)], np.nan
        )
        told = np.where(y / length > SECTOR, UPRIGHT, np.where(y / length < -SECTOR, np.nan, lying))
        good = (length >= GRAVITY_G[0]) & (length <= GRAVITY_G[1])
    return np.where(good, told, np.nan).astype(np.float32)


def breath_rate_bpm(axes: Axes) -> NDArray[np.float32]:
    """Return the breathing rate of each 30-s epoch from the small movements of a sensor at rest.

    Parameters
    ----------
    axes : ndarray, shape (3, n), float32
        At 50 Hz [g], on a chest or wrist; NaN where not measured.

    Returns
    -------
    ndarray, shape (n // 1500,), float32
        Breaths per minute of the minute around the epoch: the strongest frequency of 0.1 to 0.5 Hz over the three axes. NaN where the
        minute is not whole, not at rest, or where less than half of the power from 0.08 to 2 Hz lies around that frequency. The idea
        is that of Hernandez 2015 (doi 10.4108/icst.pervasivehealth.2015.259064); checked on constructed signals only: no recording here
        holds raw acceleration beside breathing.
    """
    quick = axes[:, : axes.shape[1] // _EPOCH * _EPOCH].reshape(3, -1, FS // SLOW_HZ)
    # a tremor at a multiple of the slow rate would vanish in the mean
    shaken = np.ptp(quick, axis=2) > 2 * REST_G
    slow = np.where(shaken, np.nan, quick.mean(axis=2, dtype=np.float64))
    half = round((WINDOW_S - EPOCH_S) / 2 * SLOW_HZ)
    padded = np.pad(slow, ((0, 0), (half, half)), constant_values=np.nan)
    windows = sliding_window_view(padded, WINDOW_S * SLOW_HZ, axis=1)[:, :: round(EPOCH_S * SLOW_HZ)]
    rates = np.full(windows.shape[1], np.nan, dtype=np.float32)
    moved = windows - np.median(windows, axis=2, keepdims=True)
    still = np.flatnonzero((np.abs(np.where(np.isfinite(moved), moved, np.inf)) < REST_G).all(axis=(0, 2)))
    if len(still):
        rates[still] = _rates(moved[:, still])
    return rates


def _rates(windows: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the rate of each whole window at rest, shape (3, n, samples); NaN where no one frequency stands out."""
    from scipy.signal import detrend

    shaped = detrend(windows, axis=2) * np.hanning(windows.shape[2])
    power = (np.abs(np.fft.rfft(shaped, FFT_SIZE, axis=2)) ** 2).sum(axis=0)
    hz = np.fft.rfftfreq(FFT_SIZE, 1.0 / SLOW_HZ)
    inside = np.where((hz >= BREATH_HZ[0]) & (hz <= BREATH_HZ[1]), power, 0.0)
    peak = hz[inside.argmax(axis=1)]
    around = np.abs(hz - peak[:, None]) <= ROUND_PEAK_HZ
    noise = (hz >= NOISE_HZ[0]) & (hz <= NOISE_HZ[1])
    whole = power[:, noise].sum(axis=1)
    share = np.where(around & noise, power, 0.0).sum(axis=1) / np.maximum(whole, 1e-30)
    return np.where((whole > 0.0) & (share >= LEAST_SHARE), 60.0 * peak, np.nan).astype(np.float32)
