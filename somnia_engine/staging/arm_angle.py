"""Sleep and wake from the angle of the arm by the rule of van Hees: a named reference beside our own staging."""

from itertools import pairwise

import numpy as np

from somnia_engine.dsp.resampling import runs
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage

NAME = "van Hees 2015"
TURN_DEG = 5.0
STILL_S = 300.0
"""Sustained inactivity: no change of the arm's angle by more than 5 degrees during at least 5 min (van Hees 2015)."""
SLEEP_WAKE = (Stage.W, Stage.S)


def stage_arm_angle(features: NightFeatures) -> Hypnogram | None:
    """Tell sustained inactivity (taken as sleep) from the rest by the angle of the arm.

    No change by more than 5 degrees between neighboring values during more than 5 min (van Hees 2015, doi 10.1371/journal.pone.0142533;
    limits as in GGIR). There the values are 5 s apart; here they are means of 30 s, so that a packet gives the same answer: a turn that
    comes and goes within half a minute can be missed. The window of bedtime (HDCZA, van Hees 2018, doi 10.1038/s41598-018-31266-z) is
    not needed: lights off and on bound the numbers.

    Parameters
    ----------
    features : NightFeatures
        `arm_angle_deg` [deg] is read.

    Returns
    -------
    Hypnogram or None
        W and S; unscored where no angle was measured; None for a night without angles.
    """
    angle = features["arm_angle_deg"].astype(np.float64)
    seen = np.isfinite(angle)
    if not seen.any():
        return None
    stages = np.where(seen, Stage.W, Stage.UNSCORED).astype(np.int8)
    for first, past in runs(seen):
        turned = np.flatnonzero(np.abs(np.diff(angle[first:past])) > TURN_DEG) + first + 1
        edges = np.concatenate(([first], turned, [past]))
        for begin, end in pairwise(edges.tolist()):
            if (end - begin) * EPOCH_S >= STILL_S:
                stages[begin:end] = Stage.S
    return Hypnogram(stages, SLEEP_WAKE, NAME)
