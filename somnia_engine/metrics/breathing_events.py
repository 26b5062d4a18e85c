"""What a night's likelihood of disturbed breathing adds up to: its share, events per hour, and how severe that would be."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from somnia_engine.resources import load_model
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import NAN, Lights

NAME = "apnea_night"
LEAST_MIN = 240.0
"""Assessable time in bed below which nothing is estimated [min] (a home test's least: Kapur 2017, doi 10.5664/jcsm.6506)."""
EVENTS = "breathing_events_per_h"
FROM_PER_H = (5, 15, 30)
"""Where mild, moderate and severe begin (AASM Task Force 1999, doi 10.1093/sleep/22.5.667)."""
ESTIMATES = (EVENTS, *(f"p_breathing_from_{limit}_per_h" for limit in FROM_PER_H))
MOST_PER_H = 120.0


@cache
def _card() -> dict[str, dict[str, object]]:
    return load_model(NAME).card


def _in_bed(features: NightFeatures, lights: Lights) -> NDArray[np.float64]:
    start_s = np.arange(features.n_epochs) * EPOCH_S
    inside = (start_s >= lights.off_s) & (start_s < lights.on_s)
    p = features["p_breathing_event"][inside].astype(np.float64)
    return np.asarray(p[np.isfinite(p)])


def breathing_event_measures(features: NightFeatures, lights: Lights, *, oxygen_min: float) -> dict[str, float]:
    """Return assessable time, the share of it disturbed, and what follows from that share.

    Parameters
    ----------
    features : NightFeatures
        `p_breathing_event` is read.
    lights : Lights
        Epochs that begin between lights off and on count.
    oxygen_min : float
        Minutes of continuous oximetry: from half of the assessable time on, the night counts as one with oxygen, else as beats alone.

    Returns
    -------
    dict of str to float
        `breathing_assessable_min` [min]; `breathing_event_pct`: mean likelihood [%]; `breathing_events_per_h`: events per hour of
        recording (estimate), no AHI, for nights of beats alone: with oxygen it could not be fitted, and the ODI counts;
        `p_breathing_from_5_per_h` and so on: probability of at least so many. NaN where nothing was assessable, the estimates also
        under 4 h. How they were fitted and judged stands in `models/apnea_night/card.toml`.
    """
    p = _in_bed(features, lights)
    return breathing_estimates(len(p) * EPOCH_S / 60.0, float(p.mean()) if len(p) else NAN, oxygen_min=oxygen_min)


def breathing_estimates(minutes: float, share: float, *, oxygen_min: float) -> dict[str, float]:
    """Return what follows from the assessable time [min] and the mean likelihood 0..1, as `breathing_event_measures` names it."""
    found = {"breathing_assessable_min": minutes, "breathing_event_pct": 100.0 * share}
    if minutes < LEAST_MIN:
        return found | dict.fromkeys(ESTIMATES, NAN)
    oxygen = 2.0 * oxygen_min >= minutes
    chances = dict(zip(ESTIMATES[1:], severity(share, oxygen=oxygen), strict=True))
    return found | {EVENTS: NAN if oxygen else events_per_h(share)} | chances


def breathing_event_intervals(measures: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Return where the events per hour of nine nights of ten lie, by the out-of-fold errors of persons; nothing without an estimate."""
    estimate = measures[EVENTS]
    if not np.isfinite(estimate):
        return {}
    half = float(np.asarray(_card()["index"]["half_width"]))
    root = estimate**0.5
    return {EVENTS: (max(root - half, 0.0) ** 2, min((root + half) ** 2, MOST_PER_H))}


def events_per_h(share: float) -> float:
    """Return events per hour of recording for a mean likelihood `share`, 0..1."""
    scale, floor, power = np.asarray(_card()["index"]["curve"], dtype=np.float64)
    return float(min(scale * max(share - floor, 0.0) ** power, MOST_PER_H))


def severity(share: float, *, oxygen: bool) -> tuple[float, ...]:
    """Return the probabilities of at least 5, 15 and 30 events per hour for a mean likelihood `share`, 0..1; they never rise."""
    slope, *limits = np.asarray(_card()["severity"]["oxygen" if oxygen else "beats"], dtype=np.float64)
    safe = min(max(share, 1e-4), 1.0 - 1e-4)
    score = slope * np.log(safe / (1.0 - safe))
    return tuple(float(1.0 / (1.0 + np.exp(limit - score))) for limit in limits)
