"""The rhythm of rest and activity over days: stability, fragmentation, the quietest and the most active hours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY_H = 24
LEAST_DAYS = 3
"""Fewer days than this have no rhythm to speak of; Van Someren 1999 asks for several days, the number is our own bound."""
LEAST_HOUR_FRAC = 0.5
"""An hour counts when at least half of it was measured; our own bound."""


@dataclass(frozen=True, slots=True)
class Extremes:
    """The quietest five hours (`l5`) and the most active ten (`m10`) of the mean day, in the unit of the activity, and when each begins."""

    l5: float
    l5_onset_h: float
    m10: float
    m10_onset_h: float

    @property
    def ra(self) -> float:
        """Relative amplitude 0..1: the difference of the two by their sum (Witting 1990, doi 10.1016/0006-3223(90)90523-5)."""
        whole = self.m10 + self.l5
        return (self.m10 - self.l5) / whole if whole > 0 else float("nan")


def hourly(activity: NDArray[np.float64], *, per_hour: int) -> NDArray[np.float64]:
    """Return hourly means, shape (n_days, 24); an hour of which less than half was measured is NaN.

    Parameters
    ----------
    activity : ndarray, shape (n,)
        Even samples from a full hour on, NaN = not measured; a last day that is not whole is filled up with NaN.
    per_hour : int
        Samples in an hour.
    """
    day = DAY_H * per_hour
    short = -len(activity) % day
    whole = np.concatenate([activity, np.full(short, np.nan)]).reshape(-1, DAY_H, per_hour)
    known = np.isfinite(whole)
    n = known.sum(axis=2)
    total = np.where(known, whole, 0.0).sum(axis=2)
    return np.where(n >= LEAST_HOUR_FRAC * per_hour, total / np.maximum(n, 1), np.nan)


def interdaily_stability(hours: NDArray[np.float64]) -> float:
    """Return IS, 0..1: how much of the variance of hourly activity the mean day explains.

    Van Someren 1999, doi 10.3109/07420529908998724.

    Parameters
    ----------
    hours : ndarray, shape (n_days, 24)
        Hourly means, NaN = not measured.

    Returns
    -------
    float
        NaN under three days, where an hour of the day was never measured, or where nothing changes.
    """
    known = np.isfinite(hours)
    if len(hours) < LEAST_DAYS or not known.any(axis=0).all():
        return float("nan")
    mean = np.nanmean(hours)
    profile = np.nanmean(hours, axis=0)
    spread = float(np.nanmean((hours - mean) ** 2))
    return float(np.mean((profile - mean) ** 2)) / spread if spread > 0 else float("nan")


def intradaily_variability(hours: NDArray[np.float64]) -> float:
    """Return IV: how much activity changes from hour to hour, near 0 for a smooth wave and about 2 for noise.

    Van Someren 1999, doi 10.3109/07420529908998724; only neighboring hours that were both measured count.

    Parameters
    ----------
    hours : ndarray, shape (n_days, 24)
        Hourly means, NaN = not measured.
    """
    flat = hours.ravel()
    known = np.isfinite(flat)
    if len(hours) < LEAST_DAYS or np.count_nonzero(known) < 2:
        return float("nan")
    steps = np.diff(flat)
    steps = steps[np.isfinite(steps)]
    spread = float(np.mean((flat[known] - flat[known].mean()) ** 2))
    return float(np.mean(steps**2)) / spread if spread > 0 and len(steps) else float("nan")


def extremes(activity: NDArray[np.float64], *, per_hour: int) -> Extremes:
    """Return the quietest five and the most active ten hours in a row of the mean day.

    Witting 1990, doi 10.1016/0006-3223(90)90523-5.

    Parameters
    ----------
    activity : ndarray, shape (n,)
        Even samples from midnight on, NaN = not measured.
    per_hour : int
        Samples in an hour.

    Returns
    -------
    Extremes
        NaN under three days, or where a moment of the day was never measured.
    """
    day = DAY_H * per_hour
    short = -len(activity) % day
    days = np.concatenate([activity, np.full(short, np.nan)]).reshape(-1, day)
    if len(days) < LEAST_DAYS or not np.isfinite(days).any(axis=0).all():
        nan = float("nan")
        return Extremes(nan, nan, nan, nan)
    profile = np.nanmean(days, axis=0)
    low, high = _means(profile, 5 * per_hour), _means(profile, 10 * per_hour)
    quiet, active = int(low.argmin()), int(high.argmax())
    return Extremes(float(low[quiet]), quiet / per_hour, float(high[active]), active / per_hour)


def _means(profile: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the mean of each stretch of `width` samples, going round midnight, by where it begins."""
    total = np.concatenate([[0.0], np.cumsum(np.concatenate([profile, profile[: width - 1]]))])
    return np.asarray((total[width:] - total[:-width]) / width)
