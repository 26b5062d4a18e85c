"""Finds the slow-then-fast cycles of the heart rate that end pauses in breathing."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SMOOTH_S = 4.0
"""Width (standard deviation) of the smoothing [s]: it takes the waves of breathing away and leaves a cycle of 20 s and more."""
LEAST_RISE_BPM = 3.0
LEAST_APART_S = 12
"""A smaller or sooner rise is none: set on Apnea-ECG and HuGCDN2014, where the count of events stood nearest to the scored ones."""
FALLEN = 0.2
"""Share of the fall that is over where the slow part begins. Our own: half of the lengths are then under 12 s, scored ones under 15 s."""
SHORTEST_S, LONGEST_S = 10, 60
"""Bounds of the slow part [s]; 10 s is the least of an apnea (Berry 2012, doi 10.5664/jcsm.2172), the upper bound is our own."""


class Cycle(NamedTuple):
    """One cycle: the heart is slow from `onset_s` to `end_s` and fastest at `peak_s` [s]; `rise_bpm` is how much faster."""

    onset_s: int
    end_s: int
    peak_s: int
    rise_bpm: float


def heart_cycles(hr_bpm: NDArray[np.float32]) -> list[Cycle]:
    """Find where the heart slows and then speeds up, as it does over a pause in breathing and the breaths that end it.

    The heart slows during an apnea and speeds up at its end (Guilleminault 1984, "Cyclical variation of the heart rate in sleep
    apnoea syndrome", Lancet 323:126). Such cycles have other causes too: they count only where disturbed breathing is likely.

    Parameters
    ----------
    hr_bpm : ndarray, shape (n,), float32
        Heart rate [1/min] at 1 Hz; NaN where not measured.

    Returns
    -------
    list of Cycle
        In order of time. The slow part ends where the heart is slowest before the peak, and begins where it has fallen by a fifth.
    """
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    seen = np.flatnonzero(np.isfinite(hr_bpm))
    if len(seen) < 2:
        return []
    smooth = gaussian_filter1d(np.interp(np.arange(len(hr_bpm)), seen, hr_bpm[seen].astype(np.float64)), SMOOTH_S)
    peaks, _ = find_peaks(smooth, distance=LEAST_APART_S, prominence=LEAST_RISE_BPM)
    found, since = [], 0
    for peak in peaks.tolist():
        first = max(since, peak - LONGEST_S - SHORTEST_S)
        end = first + int(np.argmin(smooth[first:peak])) if peak > first else peak
        found.append(Cycle(_onset(smooth, first, end=end), end, peak, float(smooth[peak] - smooth[end])))
        since = peak
    return found


def _onset(smooth: NDArray[np.float64], first: int, *, end: int) -> int:
    """Return where the fall that is lowest at `end` begins, after `first`."""
    fall = smooth[first : end + 1]
    top = float(fall.max())
    above = np.flatnonzero(fall > top - FALLEN * (top - float(fall[-1])))
    onset = first + int(above[-1]) if len(above) else end
    return max(min(onset, end - SHORTEST_S), end - LONGEST_S, 0)
