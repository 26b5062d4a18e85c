"""Sleep and wake from activity counts by the rule of Cole and Kripke: a named reference beside our own staging."""

import numpy as np

from somnia_engine.staging.minutes import around, by_epoch, minute_counts
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import Hypnogram

NAME = "Cole-Kripke 1992"
WEIGHTS = (106.0, 54.0, 58.0, 76.0, 230.0, 74.0, 67.0)
"""Of the four minutes before, the minute itself and the two after it, for the mean activity of a minute (Cole 1992)."""
BEFORE, AFTER = 4, 2
SCALE, WAKE = 0.001, 1.0
BINS_PER_MINUTE = 30.0
"""The weights are for the mean of the 2-s activity of a minute: counts summed over the minute are divided by this, as pyActigraphy does."""


def stage_cole_kripke(features: NightFeatures) -> Hypnogram | None:
    """Tell sleep from wake by the rule of Cole and Kripke for the mean activity of each minute.

    D = 0.001 (106 A-4 + 54 A-3 + 58 A-2 + 76 A-1 + 230 A + 74 A+1 + 67 A+2); sleep where D < 1 (Cole 1992, doi
    10.1093/sleep/15.5.461; coefficients as in actigraph.sleepr and in pyActigraphy, which agree). Webster's rescoring is not applied.
    The rule was made for counts of another device; it is applied to te Lindert counts as they are, nothing is fitted.

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
    index = SCALE * around(minutes / BINS_PER_MINUTE, before=BEFORE, after=AFTER) @ np.array(WEIGHTS)
    return by_epoch(index < WAKE, features, scorer=NAME)
