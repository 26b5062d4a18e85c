"""How much of a night's rhythm was irregular, out of what could be told."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.resampling import runs
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import NAN

IRREGULAR = 0.8
"""Likelihood from which an epoch counts: at 0.5, two epochs in a thousand of normal Holters would (models/rhythm/evaluate.py)."""
LEAST_EPOCHS = 2
"""Half minutes in a row that make an episode: a single one is more often a spell of extra beats."""


def episodes(p: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Return first and end epoch of each stretch of at least two epochs at IRREGULAR or above, for `p` of shape (n,); NaN ends one."""
    with np.errstate(invalid="ignore"):
        return [(a, b) for a, b in runs(p >= IRREGULAR) if b - a >= LEAST_EPOCHS]


def rhythm_measures(features: NightFeatures) -> dict[str, float]:
    """Return the analyzable time [min], the irregular share of it [%] and the longest episode [min].

    The burden is the time in episodes over the time that could be told; NaN where nothing could.
    """
    p = features["p_irregular_rhythm"]
    analyzable = int(np.isfinite(p).sum())
    if not analyzable:
        return {"rhythm_analyzable_min": 0.0, "irregular_burden_pct": NAN, "irregular_longest_min": NAN}
    found = episodes(p)
    return {
        "rhythm_analyzable_min": analyzable * EPOCH_S / 60.0,
        "irregular_burden_pct": 100.0 * sum(b - a for a, b in found) / analyzable,
        "irregular_longest_min": max((b - a for a, b in found), default=0) * EPOCH_S / 60.0,
    }
