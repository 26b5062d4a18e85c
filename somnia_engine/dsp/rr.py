"""Cleans intervals between beats: which are normal, what the others are, and what stands in their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


class BeatKind(IntEnum):
    """What an interval is. ECTOPIC and EXTRA mark both intervals of the beat."""

    NORMAL = 0
    ECTOPIC = 1
    MISSED = 2
    EXTRA = 3
    LONG_SHORT = 4
    OUT_OF_RANGE = 5


LOW_MS, HIGH_MS = 250.0, 2600.0
"""Intervals [ms] of 240 to 23 beats a minute; the rest is an artefact or a pause and never a normal interval."""
QUARTER_TIMES = 11.0
"""Times the lower quartile of the sizes: 3.5 standard deviations of normally distributed differences.

Lipponen & Tarvainen 2019 take 5.2 quartile deviations, which is the same width; the lower quartile stays narrow where up to half of the
beats are ectopic (MIT-BIH records 106, 119 and 233: 11, 42 and 58 percentage points more of their ectopic intervals found)."""
SLOPE, LEVEL = 0.13, 0.17
"""The line that tells an ectopic beat's short-long pattern. Lipponen & Tarvainen 2019, fig. 1."""
FAR = 3.0
"""Thresholds from the median of the neighbors. Lipponen & Tarvainen 2019."""
AROUND, NEAR = 45, 5
"""Neighbors on each side: for the thresholds, and for the median."""
FLOOR_MS = 60.0
"""No threshold is narrower [ms]: a paced or rounded rhythm has a quartile deviation of 0. Our own."""
GAP_FRAC, GAP_S = 0.25, 0.1
"""An interval that is this much (and at least 0.1 s) shorter than the time since the stamp before follows a gap. Our own."""
BRIDGE_S = 10.0
"""Corrected values are not invented across more than this [s]. Our own."""
_STRIDE = 16
"""The thresholds are taken at every 16th interval and drawn between: 91-beat quartiles change no faster."""


@dataclass(frozen=True, slots=True, eq=False)
class CleanRR:
    """Intervals with their kinds.

    Parameters
    ----------
    times_s : ndarray, shape (n,), float64
        End of each interval [s].
    rr_ms : ndarray, shape (n,), float64
        As they came [ms].
    kind : ndarray, shape (n,), int8
        Values of `BeatKind`.
    joined : ndarray, shape (n,), bool
        The interval begins where the one before it ended (no gap in between).
    corrected_ms : ndarray, shape (n,), float64
        Normal intervals as they are, the others drawn between their normal neighbors [ms]; NaN where these are over 10 s away.
    """

    times_s: Values
    rr_ms: Values
    kind: NDArray[np.int8]
    joined: Mask
    corrected_ms: Values

    @property
    def normal(self) -> Mask:
        """Which intervals run from a normal beat to a normal beat, shape (n,)."""
        return np.asarray(self.kind == BeatKind.NORMAL)

    @property
    def pairs(self) -> Mask:
        """Which intervals are normal and follow a normal one without a gap: those whose difference counts, shape (n,)."""
        normal = self.normal
        before = np.concatenate(([False], normal[:-1]))
        return np.asarray(normal & before & self.joined)

    @property
    def share_corrected(self) -> float:
        """Share of the intervals that are not normal, 0..1; NaN without any."""
        return float(1.0 - self.normal.mean()) if len(self.kind) else float("nan")


def clean_rr(times_s: Values, rr_ms: Values) -> CleanRR:
    """Find missed, extra, ectopic, and too long or too short beats among intervals.

    The method is that of Lipponen & Tarvainen 2019 (J Med Eng Technol 43:173, doi 10.1080/03091902.2019.1640306): differences and
    distances from the local median are measured in thresholds that follow the spread of 91 beats, so that an irregular rhythm is not
    taken for a row of errors. Intervals out of 250 to 2600 ms are set apart first, and nothing is compared across a gap.

    Parameters
    ----------
    times_s : ndarray, shape (n,)
        End of each interval [s], not decreasing.
    rr_ms : ndarray, shape (n,)
        Intervals [ms]; NaN is out of range.

    Returns
    -------
    CleanRR
    """
    times, raw = np.asarray(times_s, dtype=np.float64), np.asarray(rr_ms, dtype=np.float64)
    kind = np.full(len(raw), BeatKind.OUT_OF_RANGE, dtype=np.int8)
    joined = _joined(times, raw)
    with np.errstate(invalid="ignore"):
        kept = np.flatnonzero((raw >= LOW_MS) & (raw <= HIGH_MS))
    if len(kept):
        follows = joined[kept] & np.concatenate(([False], np.diff(kept) == 1))
        kind[kept] = _kinds(raw[kept], follows)
    return CleanRR(times, raw, kind, joined, _corrected(times, raw, kind=kind))


def _joined(times_s: Values, rr_ms: Values) -> Mask:
    if not len(times_s):
        return np.zeros(0, dtype=np.bool_)
    apart = np.diff(times_s) - rr_ms[1:] / 1000.0
    with np.errstate(invalid="ignore"):
        near = np.abs(apart) <= np.maximum(GAP_S, GAP_FRAC * rr_ms[1:] / 1000.0)
    return np.concatenate(([False], near))


def _kinds(rr: Values, follows: Mask) -> NDArray[np.int8]:
    """Return the kind of each interval [ms] in range; `follows` marks those that join the one before."""
    median = _local_median(rr)
    step = np.where(follows, np.diff(rr, prepend=rr[0]), 0.0)
    away = rr - median
    away = np.where(away < 0, 2.0 * away, away)
    step_limit, away_limit = _limits([step, *_longer_steps(step)]), _limits([away])
    steps, aways = step / step_limit, away / away_limit
    ectopic = _ectopic(steps)
    suspect = ~ectopic & ((np.abs(steps) > 1.0) | (np.abs(aways) > FAR))
    far = np.abs(aways) > FAR
    long, short = _lasting(steps, aways)
    joined_next = np.append(follows[1:], False)
    both = rr + np.append(rr[1:], np.inf)
    missed = suspect & (long | far) & (np.abs(rr / 2.0 - median) < away_limit)
    extra = suspect & ~missed & (short | far) & joined_next & (np.abs(both - median) < away_limit)
    second = follows & np.concatenate(([False], extra[:-1]))
    other = suspect & ~missed & ~extra & ~second & (long | short | far)
    kind = np.zeros(len(rr), dtype=np.int8)
    _mark(kind, other & ~long, name=BeatKind.LONG_SHORT, beside=1, joined=joined_next)
    kind[other & long] = BeatKind.LONG_SHORT
    _mark(kind, ectopic, name=BeatKind.ECTOPIC, beside=-1, joined=follows)
    _mark(kind, extra, name=BeatKind.EXTRA, beside=1, joined=joined_next)
    kind[missed] = BeatKind.MISSED
    return kind


def _longer_steps(step: Values) -> tuple[Values, Values]:
    """Return the differences from the second and third interval before: small in bigeminy and trigeminy, large in an irregular rhythm."""
    two = step.copy()
    two[1:] += step[:-1]
    three = two.copy()
    three[2:] += step[:-2]
    return two, three


def _mark(kind: NDArray[np.int8], mask: Mask, *, name: BeatKind, beside: int, joined: Mask) -> None:
    """Mark intervals and the one before (-1) or after (1) each of them, where they join."""
    at = np.flatnonzero(mask)
    kind[at] = name
    kind[at[joined[at]] + beside] = name


def _ectopic(steps: Values) -> Mask:
    """Return the second interval of a short-long (long-short) pair: a step that both its neighbors answer."""
    before, after = np.concatenate(([0.0], steps[:-1])), np.append(steps[1:], 0.0)
    early = (steps > 1.0) & (np.maximum(before, after) < -SLOPE * steps - LEVEL)
    late = (steps < -1.0) & (np.minimum(before, after) > -SLOPE * steps + LEVEL)
    return np.asarray(early | late)


def _lasting(steps: Values, aways: Values) -> tuple[Mask, Mask]:
    """Return where a long (a short) interval is answered within the next two beats."""
    one, two = np.append(steps[1:], 0.0), np.append(steps[2:], (0.0, 0.0))[: len(steps)]
    long = (steps > 1.0) & (np.minimum(one, two) < -1.0)
    short = (steps < -1.0) & (np.maximum(one, two) > 1.0)
    return long, short


def _local_median(rr: Values) -> Values:
    padded = np.pad(rr, NEAR, mode="reflect" if len(rr) > NEAR else "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEAR + 1)
    return np.asarray(np.partition(windows, NEAR, axis=1)[:, NEAR])


def _limits(sizes: Sequence[Values]) -> Values:
    """Return the threshold at each interval [ms], from the 91 around it: the narrowest that one of the rows of sizes gives."""
    n = len(sizes[0])
    mode: Literal["reflect", "edge"] = "reflect" if n > AROUND else "edge"
    quarter = (2 * AROUND + 1) // 4
    found = []
    for row in sizes:
        padded = np.pad(np.abs(row), AROUND, mode=mode)
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1)[::_STRIDE]
        found.append(np.partition(windows, quarter, axis=1)[:, quarter])
    narrowest = np.min(found, axis=0)
    limits = np.interp(np.arange(n), np.arange(len(narrowest)) * _STRIDE, QUARTER_TIMES * narrowest)
    return np.asarray(np.maximum(limits, FLOOR_MS))


def _corrected(times_s: Values, rr_ms: Values, *, kind: NDArray[np.int8]) -> Values:
    normal = np.flatnonzero(kind == BeatKind.NORMAL)
    if not len(normal):
        return np.full(len(rr_ms), np.nan)
    drawn = np.interp(times_s, times_s[normal], rr_ms[normal])
    at = np.searchsorted(normal, np.arange(len(rr_ms)))
    left, right = normal[np.maximum(at - 1, 0)], normal[np.minimum(at, len(normal) - 1)]
    near = np.minimum(np.abs(times_s - times_s[left]), np.abs(times_s[right] - times_s)) <= BRIDGE_S
    return np.where(kind == BeatKind.NORMAL, rr_ms, np.where(near, drawn, np.nan))
