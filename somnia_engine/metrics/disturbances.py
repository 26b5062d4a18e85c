"""Whether lights and noises in the night went before awakenings more often than by chance."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.events import EventKind, EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import SLEEP, Hypnogram, Stage

AFTER_S = 60.0
"""An awakening within so much of a disturbance may be of it [s]. Our own."""
DISTURBANCES = (EventKind.LT, EventKind.NS)
SENSED = ("light_lux", "noise_db")


def disturbance_measures(features: NightFeatures, events: EventTable, *, hypnogram: Hypnogram | None) -> dict[str, float]:
    """Return how often the room disturbed; empty where neither light nor noise was measured, or sleep was not scored.

    Parameters
    ----------
    features : NightFeatures
    events : EventTable
        LT and NS are read.
    hypnogram : Hypnogram or None

    Returns
    -------
    dict of str to float
        `disturbances_asleep`: lights and noises that began during sleep; `disturbances_then_awake`: of them, those with an awakening
        within a minute; `disturbances_then_awake_by_chance`: how many would have one if each fell on any moment of sleep.
    """
    if hypnogram is None or all(features.coverage(column) == 0.0 for column in SENSED):
        return {}
    asleep = np.isin(hypnogram.stages, list(SLEEP))
    followed = followed_by_awakening(hypnogram)
    at = np.floor(events.of_kind(*DISTURBANCES).onset_s / hypnogram.epoch_s).astype(np.int64)
    at = at[(at >= 0) & (at < len(asleep))]
    at = at[asleep[at]]
    return {
        "disturbances_asleep": float(len(at)),
        "disturbances_then_awake": float(followed[at].sum()),
        "disturbances_then_awake_by_chance": float(len(at) * followed[asleep].mean()) if asleep.any() else float("nan"),
    }


def followed_by_awakening(hypnogram: Hypnogram) -> NDArray[np.bool_]:
    """Return, shape (n,), whether sleep turns to wake within AFTER_S of each epoch's beginning."""
    asleep = np.isin(hypnogram.stages, list(SLEEP))
    wakes = np.concatenate(([False], asleep[:-1] & (hypnogram.stages[1:] == Stage.W)))
    found = np.zeros(len(asleep), dtype=np.bool_)
    for ahead in range(1, int(AFTER_S // hypnogram.epoch_s) + 1):
        found[:-ahead] |= wakes[ahead:]
    return found
