"""Sleep and wake from activity counts by the rule of Sadeh: a named reference beside our own staging."""

import numpy as np

from somnia_engine.staging.minutes import around, by_epoch, minute_counts
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import Hypnogram

NAME = "Sadeh 1994"
OFFSET, MEAN, BETWEEN, SPREAD, LOG = 7.601, 0.065, 1.08, 0.056, 0.703
LOW, HIGH = 50.0, 100.0
"""Minutes with at least 50 and less than 100 counts are counted."""
MOST = 300.0
"""Counts above this are set to it, as ActiGraph's software does."""
SIDE = 5


def stage_sadeh(features: NightFeatures) -> Hypnogram | None:
    """Tell sleep from wake by the rule of Sadeh, Sharkey and Carskadon.

    PS = 7.601 - 0.065 m - 1.08 n - 0.056 s - 0.703 ln(A + 1), sleep where PS >= 0: m the mean of 11 min around, n how many of them have
    50 to 100 counts, s the SD of the minute and the five before it (Sadeh 1994, doi 10.1093/sleep/17.3.201; coefficients as in GGIR,
    pyActigraphy and actigraph.sleepr, which agree). Made for zero crossings per minute of another device; te Lindert counts per minute,
    which are no zero crossings, are put in as they are, nothing is fitted.

    Parameters
    ----------
    features : NightFeatures
        `activity_count` [te Lindert counts per 15 s] is read.

    Returns
    -------
    Hypnogram or None
        W and S; unscored where no count was measured; None for a night without counts.
    """
    minutes = minute_counts(features)
    if not np.isfinite(minutes).any():
        return None
    minutes = np.minimum(minutes, MOST)
    rows = around(minutes, before=SIDE, after=SIDE)
    between = ((rows >= LOW) & (rows < HIGH)).sum(axis=1)
    spread = rows[:, : SIDE + 1].std(axis=1, ddof=1)
    score = OFFSET - MEAN * rows.mean(axis=1) - BETWEEN * between - SPREAD * spread - LOG * np.log(rows[:, SIDE] + 1.0)
    return by_epoch(score >= 0.0, features, scorer=NAME)
