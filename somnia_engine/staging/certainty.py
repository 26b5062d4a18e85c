"""How sure a night's stages are: less without a sensor or where breathing is disturbed; and between which ends its minutes lie."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import NAN, Lights, SleepStatistics

LEAST_P = 1e-6
LATENCY_SLACK_MIN = 5.0
"""Added at both ends of the REM latency: sleep onset, from which it counts, is itself off by this in half of the nights (Walch 2019)."""
MINUTES: Mapping[str, tuple[Stage, ...]] = {
    "wake_min": (Stage.W,),
    "light_min": (Stage.L,),
    "n3_min": (Stage.N3,),
    "rem_min": (Stage.R,),
    "tst_min": (Stage.S, Stage.L, Stage.N3, Stage.R),
}
"""Minutes that have an interval, and the stages that they count."""

Probabilities = NDArray[np.float32]
Column = NDArray[np.float64]


def eased(probabilities: Probabilities, *, sleep_wake: float | Column, sleep: float = 1.0) -> Probabilities:
    """Return probabilities that are less sure, or surer for a temperature below 1.

    Parameters
    ----------
    probabilities : ndarray, shape (n, k), float32
        Wake in the first column; each row sums to 1.
    sleep_wake : float or ndarray of shape (n,)
        Temperature of the odds of wake against sleep.
    sleep : float
        Temperature among the stages of sleep.

    Returns
    -------
    ndarray, shape (n, k), float32
        Each row sums to 1. Wake is on the same side of one half as before, the stages of sleep are in the same order.
    """
    known = np.maximum(probabilities.astype(np.float64), LEAST_P)
    odds = (known[:, 0] / known[:, 1:].sum(axis=1)) ** (1.0 / np.asarray(sleep_wake, dtype=np.float64))
    wake = odds / (1.0 + odds)
    among = known[:, 1:] ** (1.0 / sleep)
    asleep = among / among.sum(axis=1, keepdims=True) * (1.0 - wake)[:, None]
    return np.column_stack((wake, asleep)).astype(np.float32)


def temperature_of(kind: str, card: Mapping[str, Any], *, heart: NDArray[np.bool_], motion: NDArray[np.bool_]) -> Column:
    """Return the temperature of sleep against wake of each epoch, shape (n,): that of what was measured in it, at least its night's."""
    of = {name: float(table["sleep_wake"]) for name, table in card.items() if name != "disturbed"}
    alone = np.where(heart, of["heart"], of["motion"])
    return np.where(heart & motion, of["full"], alone) if kind == "full" else np.full(len(heart), of[kind])


def disturbed_share(features: NightFeatures) -> float:
    """Return the mean likelihood of disturbed breathing, 0..1; 0 where breathing could not be judged."""
    likely = features["p_breathing_event"]
    known = likely[np.isfinite(likely)]
    return float(known.mean()) if len(known) else 0.0


def sleep_wake_confidence(hypnogram: Hypnogram) -> float:
    """Return the mean probability of the likelier of sleep and wake over the scored epochs, 0.5..1; NaN without probabilities."""
    if hypnogram.probabilities is None:
        return NAN
    wake = hypnogram.probabilities[:, hypnogram.classes.index(Stage.W)].astype(np.float64)
    wake = wake[np.isfinite(wake)]
    return float(np.maximum(wake, 1.0 - wake).mean()) if len(wake) else NAN


def stage_intervals(
    hypnogram: Hypnogram, statistics: SleepStatistics, *, lights: Lights, widths: Mapping[str, Any]
) -> dict[str, tuple[float, float]]:
    """Return the ends between which nine nights of ten have their minutes of each stage, sleep, efficiency and REM latency.

    Parameters
    ----------
    hypnogram : Hypnogram
        With probabilities; without them nothing is returned.
    statistics : SleepStatistics
        Of this hypnogram; a number that is NaN gets no interval, and one outside its interval widens it.
    lights : Lights
        Night seconds.
    widths : mapping
        Of one kind of input, from the model's card: half widths in standard deviations, and the REM epochs expected by first REM.

    Returns
    -------
    dict of str to (float, float)
        By the names of `statistics`, in their units. Split conformal (Vovk 2005, doi 10.1007/b106715) over the people of the training
        set: the half width is as many standard deviations, of a count of epochs with these probabilities, as nine of ten needed.
    """
    if hypnogram.probabilities is None:
        return {}
    start_s = np.arange(len(hypnogram.stages)) * EPOCH_S
    counted = (start_s >= lights.off_s) & (start_s < lights.on_s) & np.isfinite(hypnogram.probabilities[:, 0])
    chances = hypnogram.probabilities[counted].astype(np.float64)
    found = {}
    for name, stages in MINUTES.items():
        columns = [k for k, stage in enumerate(hypnogram.classes) if stage in stages]
        shown = getattr(statistics, name)
        if columns and name in widths and np.isfinite(shown):
            found[name] = _minutes(chances[:, columns].sum(axis=1), float(widths[name]), shown=shown)
    if "tst_min" in found and np.isfinite(statistics.se_pct):
        low, high = (100.0 * end / statistics.tib_min for end in found["tst_min"])
        found["se_pct"] = (low, min(high, 100.0))
    if "rem_latency" in widths and np.isfinite(statistics.rem_latency_min):
        found["rem_latency_min"] = latency_ends(
            chances[:, hypnogram.classes.index(Stage.R)],
            widths["rem_latency"],
            onset_epoch=int(np.argmax(hypnogram.stages[counted] != Stage.W)),
            shown=statistics.rem_latency_min,
        )
    return found


def expected_minutes(chance: Column) -> tuple[float, float]:
    """Return the mean and the standard deviation [min] of a count of epochs with these probabilities, were they independent."""
    minutes = EPOCH_S / 60.0
    return minutes * float(chance.sum()), minutes * float(np.sqrt((chance * (1.0 - chance)).sum()))


def _minutes(chance: Column, width: float, *, shown: float) -> tuple[float, float]:
    mean, spread = expected_minutes(chance)
    low, high = max(mean - width * spread, 0.0), min(mean + width * spread, len(chance) * EPOCH_S / 60.0)
    return min(low, shown), max(high, shown)


def latency_ends(rem: Column, expected: tuple[float, float], *, onset_epoch: int, shown: float) -> tuple[float, float]:
    """Return the ends of the REM latency [min]: from where so many epochs of REM are expected to where the larger number is."""
    first, last = np.minimum(np.searchsorted(np.cumsum(rem), expected), len(rem) - 1)
    low, high = ((epoch - onset_epoch) * EPOCH_S / 60.0 for epoch in (float(first), float(last)))
    return min(max(low - LATENCY_SLACK_MIN, 0.0), shown), max(high + LATENCY_SLACK_MIN, shown)
