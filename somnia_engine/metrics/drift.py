"""Whether sleep wanders round the clock: how much later, or earlier, it comes with every day."""

from collections.abc import Sequence

import numpy as np

from somnia_engine.metrics.regularity import apart_h, main_sleeps, midsleep_h
from somnia_engine.types.sleeps import Sleep

LEAST_NIGHTS = 7
LEAST_SPAN_DAYS = 7
"""Under a week a free weekend looks like a drift; our own bound."""


def drift_h_per_day(sleeps: Sequence[Sleep]) -> float:
    """Return how much later midsleep comes with each day [h], negative where it comes earlier.

    The slope of Theil and Sen (Sen 1968, doi 10.1080/01621459.1968.10480934) over all pairs of nights, so that single late nights and
    weekends count little; from night to night midsleep goes the short way round the clock.

    Parameters
    ----------
    sleeps : sequence of Sleep
        The longest of each night counts.

    Returns
    -------
    float
        NaN under seven nights, or where they span less than a week.
    """
    main = [sleep for sleep in main_sleeps(sleeps) if np.isfinite(midsleep_h(sleep))]
    if len(main) < LEAST_NIGHTS:
        return float("nan")
    day = np.array([sleep.night.toordinal() for sleep in main], dtype=np.float64)
    hours = np.array([midsleep_h(sleep) for sleep in main])
    if day[-1] - day[0] < LEAST_SPAN_DAYS:
        return float("nan")
    steps = [float(apart_h(hours[at : at + 1], float(hours[at - 1]))[0]) for at in range(1, len(hours))]
    unwound = np.concatenate([[0.0], np.cumsum(steps)])
    first, second = np.triu_indices(len(day), k=1)
    return float(np.median((unwound[second] - unwound[first]) / (day[second] - day[first])))
