"""A-weighted sound pressure levels, as a sound level meter shows them; only a calibrated microphone has them."""

import numpy as np
from numpy.typing import NDArray

F1_HZ, F2_HZ, F3_HZ, F4_HZ = 20.598997, 107.65265, 737.86223, 12194.217
"""Poles of the A-weighting (IEC 61672-1:2013, annex E)."""
AT_1_KHZ_DB = 2.0


def a_weighting_db(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the A-weighting [dB] of frequencies [Hz], shape as given: 0 dB at 1 kHz, minus infinity at 0 Hz (IEC 61672-1:2013)."""
    square = np.asarray(hz, dtype=np.float64) ** 2
    share = F4_HZ**2 * square**2 / ((square + F1_HZ**2) * np.sqrt((square + F2_HZ**2) * (square + F3_HZ**2)) * (square + F4_HZ**2))
    with np.errstate(divide="ignore"):
        return np.asarray(20.0 * np.log10(share) + AT_1_KHZ_DB)


def weighted_power(seconds: NDArray[np.float32], fs: int) -> NDArray[np.float64]:
    """Return the A-weighted mean square of each second, shape (n,); full scale is 1.

    Parameters
    ----------
    seconds : ndarray, shape (n, fs), float32
    fs : int
        Sampling rate [Hz]: what lies above half of it is not in the figure.
    """
    from scipy.fft import rfft, rfftfreq

    taper = np.hanning(seconds.shape[1] + 1)[:-1].astype(np.float32)
    weights = 10.0 ** (a_weighting_db(rfftfreq(seconds.shape[1], 1.0 / fs)) / 10.0)
    scale = 2.0 / (seconds.shape[1] * float((taper.astype(np.float64) ** 2).sum()))
    powers = np.empty(len(seconds))
    for row, second in enumerate(seconds):
        spectrum = rfft(second * taper)
        powers[row] = scale * float((spectrum.real**2 + spectrum.imag**2) @ weights)
    return powers
