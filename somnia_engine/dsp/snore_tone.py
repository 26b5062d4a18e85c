"""How a snore sounds: its pitch, and the formants of the throat that it comes through."""

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.float64]

FRAME_S, HOP_S = 0.1, 0.05
LOUDEST = 6
"""Frames of a second that are listened to: a snore fills about a third of it."""
LOWEST_HZ, HIGHEST_HZ = 40.0, 400.0
TROUGH = 0.1
"""Depth of the first trough that is taken as the period; YIN's and librosa's own."""
MOST_APERIODIC = 0.3
LEAST_VOICED = 3
"""A second with fewer frames that repeat is a hiss, and has no pitch."""
ORDER = 10
"""Two poles for each of four resonances under 4 kHz and two for the slope."""
FORMANT_FS_HZ = 8000
PRE_EMPHASIS = 0.97
FORMANT_LOW_HZ, FORMANT_HIGH_HZ, WIDEST_HZ = 150.0, 3500.0, 500.0
"""Poles outside or wider than this shape the slope, they are no formants."""
TONES = ("pitch_hz", "formant_1_hz", "formant_2_hz")


def pitch(frames: Frames, fs: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the pitch of each frame and how far it is from repeating, by YIN as librosa defines it.

    De Cheveigné & Kawahara 2002, doi 10.1121/1.1458024; the same as `librosa.yin` (tests), without its import.

    Parameters
    ----------
    frames : ndarray, shape (n, FRAME_S * fs)
    fs : float
        Sampling rate [Hz].

    Returns
    -------
    pitch_hz, aperiodicity : ndarray, shape (n,)
        The second is the normalized difference at the period: 0 repeats exactly, 1 not at all.
    """
    shortest, longest = int(fs / HIGHEST_HZ), int(np.ceil(fs / LOWEST_HZ))
    curves = _differences(np.asarray(frames, dtype=np.float64), shortest, longest)
    falling = np.ones_like(curves, dtype=bool)
    falling[:, 1:] = curves[:, 1:] < curves[:, :-1]
    rising = np.ones_like(falling)
    rising[:, :-1] = curves[:, :-1] <= curves[:, 1:]
    rising[:, 0] = curves[:, 0] < curves[:, 1]
    troughs = falling & rising & (curves < TROUGH)
    at = np.where(troughs.any(axis=1), troughs.argmax(axis=1), curves.argmin(axis=1))
    rows = np.arange(len(curves))
    return fs / (shortest + at + _vertices(curves, at)), curves[rows, at]


def _differences(frames: Frames, shortest: int, longest: int) -> Frames:
    """Return the cumulative mean normalized difference at lags shortest..longest, shape (n, lags)."""
    size = 1 << (frames.shape[1] + longest).bit_length()
    spectra = np.fft.rfft(frames, size, axis=1)
    alike = np.fft.irfft(np.abs(spectra) ** 2, size, axis=1)[:, : longest + 1]
    energy = np.cumsum(frames**2, axis=1)[:, :longest]
    difference = 2.0 * (alike[:, :1] - alike[:, 1:]) - energy
    mean = np.cumsum(difference, axis=1) / np.arange(1, longest + 1)
    return np.asarray(difference[:, shortest - 1 :] / (mean[:, shortest - 1 :] + np.finfo(np.float64).tiny))


def _vertices(curves: Frames, at: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return where the parabola through a trough has its lowest point, relative to it; 0 at the ends and where it lies outside."""
    inside, rows = np.clip(at, 1, curves.shape[1] - 2), np.arange(len(curves))
    before, here, after = (curves[rows, inside + step] for step in (-1, 0, 1))
    bend, slope = after + before - 2.0 * here, (after - before) / 2.0
    usable = (inside == at) & (np.abs(slope) < np.abs(bend))
    return np.asarray(np.where(usable, -slope / np.where(usable, bend, 1.0), 0.0))


def linear_prediction(frames: Frames, order: int) -> Frames:
    """Return the prediction filter of each frame by Burg's method, shape (n, order + 1), as `librosa.lpc` does (tests).

    Marple 1980, doi 10.1109/TASSP.1980.1163429.
    """
    forward, backward = frames[:, 1:].astype(np.float64), frames[:, :-1].astype(np.float64)
    filters = np.zeros((len(frames), order + 1))
    filters[:, 0] = 1.0
    for count in range(1, order + 1):
        power = np.maximum((forward**2 + backward**2).sum(axis=1), np.finfo(np.float64).tiny)
        reflection = (-2.0 * (forward * backward).sum(axis=1) / power)[:, None]
        filters[:, 1 : count + 1] += reflection * filters[:, :count][:, ::-1]
        forward, backward = (forward + reflection * backward)[:, 1:], (backward + reflection * forward)[:, :-1]
    return filters


def formants(frames: Frames, fs: float) -> Frames:
    """Return the two lowest formants of each frame [Hz], shape (n, 2); NaN where there are fewer.

    The poles of a prediction filter, as Ng et al. 2008 (Could formant frequencies of snore signals be an alternative means for the
    diagnosis of obstructive sleep apnea?) and others describe snores by; described here, never judged.
    """
    found = np.full((len(frames), 2), np.nan)
    if not len(frames):
        return found
    flat = (frames[:, 1:] - PRE_EMPHASIS * frames[:, :-1]) * np.hanning(frames.shape[1] - 1)
    for row, poles in enumerate(_poles(linear_prediction(flat, ORDER))):
        hz, width_hz = np.angle(poles) * fs / (2.0 * np.pi), -np.log(np.maximum(np.abs(poles), 1e-9)) * fs / np.pi
        lowest = np.sort(hz[(hz > FORMANT_LOW_HZ) & (hz < FORMANT_HIGH_HZ) & (width_hz < WIDEST_HZ)])[:2]
        found[row, : len(lowest)] = lowest
    return found


def _poles(filters: Frames) -> NDArray[np.complex128]:
    companions = np.zeros((len(filters), ORDER, ORDER))
    companions[:, 0, :] = -filters[:, 1:]
    companions[:, np.arange(1, ORDER), np.arange(ORDER - 1)] = 1.0
    return np.asarray(np.linalg.eigvals(companions), dtype=np.complex128)


def tone(second: NDArray[np.float32], fs: int) -> NDArray[np.float32]:
    """Return pitch and two formants of a second of snoring [Hz], shape (3,); NaN where a hiss has no pitch or a formant is not told.

    Parameters
    ----------
    second : ndarray, shape (fs,), float32
    fs : int
        A multiple of FORMANT_FS_HZ [Hz].
    """
    from scipy.signal import resample_poly

    loudest = _loudest(second.astype(np.float64), fs)
    hz, aperiodic = pitch(loudest, fs)
    voiced = (aperiodic <= MOST_APERIODIC) & loudest.any(axis=1)
    told = np.full(len(TONES), np.nan, dtype=np.float32)
    if voiced.sum() >= LEAST_VOICED:
        told[0] = np.median(hz[voiced])
    found = formants(resample_poly(loudest, 1, fs // FORMANT_FS_HZ, axis=1), FORMANT_FS_HZ)
    for column in range(2):
        seen = found[np.isfinite(found[:, column]), column]
        told[1 + column] = np.median(seen) if len(seen) >= LEAST_VOICED else np.nan
    return told


def _loudest(second: NDArray[np.float64], fs: int) -> Frames:
    frames = np.lib.stride_tricks.sliding_window_view(second, round(FRAME_S * fs))[:: round(HOP_S * fs)]
    order = np.argsort((frames**2).sum(axis=1), kind="stable")
    return np.asarray(frames[np.sort(order[-LOUDEST:])])
