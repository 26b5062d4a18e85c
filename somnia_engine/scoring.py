"""The sleep score of a night, 0 to 100: parts with weights and curves of one table, `score.toml`; an opinion that shows its inputs."""

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from somnia_engine.metrics.regularity import apart_h, bedtime_h, clock_days, main_sleeps, mean_clock_h, sri
from somnia_engine.readers import night_key
from somnia_engine.resources import load_table
from somnia_engine.types.night import NightHistory, NightRecord
from somnia_engine.types.score import ScorePart, SleepScore
from somnia_engine.types.sleeps import Sleep, as_sleep

NAN = float("nan")
LOOK_BACK = timedelta(days=14)
LEAST_BEDTIMES = 3
"""Earlier nights that a usual bedtime needs; our own bound."""


def score_night(history: NightHistory) -> SleepScore | None:
    """Return the score of the last night of a history.

    Parameters
    ----------
    history : NightHistory
        Nights in order of time; the last is scored, those of the fourteen days before it tell what is regular.

    Returns
    -------
    SleepScore or None
        None for a nap, and where it is not known how long was slept.
    """
    tonight = history.tonight
    table = load_table("score")
    statistics = tonight.statistics
    if not statistics.tst_min >= 0 or not statistics.tib_min >= table["nap_min"]:
        return None
    inputs = {
        "tst_min": statistics.tst_min,
        "se_pct": statistics.se_pct,
        "long_awakenings": tonight.measures.get("long_awakenings", NAN),
        "n3_min": statistics.n3_min,
        "rem_min": statistics.rem_min,
        **_regularity(history),
    }
    return score_of(inputs)


def score_of(inputs: Mapping[str, float]) -> SleepScore | None:
    """Return the score of these numbers, named as in the table; None when none of them was measured.

    Parameters
    ----------
    inputs : mapping of str to float
        NaN or left out = not measured.
    """
    table = load_table("score")
    found = {part["key"]: _part(part, inputs) for part in table["parts"]}
    there = [part for part in found.values() if part is not None]
    whole = sum(part.weight for part in there)
    if not there:
        return None
    parts = tuple(ScorePart(p.key, 100.0 * p.weight / whole, p.reached, p.inputs) for p in there)
    missing = tuple(key for key, part in found.items() if part is None)
    return SleepScore(sum(p.weight * p.reached for p in parts), parts, missing, table["version"])


def _part(part: Mapping[str, Any], inputs: Mapping[str, float]) -> ScorePart | None:
    known = [one for one in part["inputs"] if math.isfinite(inputs.get(one["key"], NAN))]
    share = sum(one["share"] for one in known)
    if not share:
        return None
    reached = sum(one["share"] * _on_curve(one["curve"], inputs[one["key"]]) for one in known) / share
    return ScorePart(part["key"], part["weight"], reached, {one["key"]: inputs[one["key"]] for one in known})


def _on_curve(curve: Sequence[Sequence[float]], value: float) -> float:
    at, reached = zip(*curve, strict=True)
    return float(np.interp(value, at, reached))


def _regularity(history: NightHistory) -> dict[str, float]:
    """Return how far tonight's bedtime lies from the usual one, and the index of the last fourteen nights."""
    tonight = _sleep(history.tonight)
    if tonight is None:
        return {}
    sleeps = [sleep for record in history.nights if (sleep := _sleep(record)) is not None]
    near = [sleep for sleep in sleeps if tonight.night - LOOK_BACK <= sleep.night <= tonight.night]
    before = [bedtime_h(sleep) for sleep in main_sleeps(near) if sleep.night < tonight.night]
    return {"bedtime_off_min": _off_min(bedtime_h(tonight), before), "sri": sri(clock_days(near))}


def _off_min(bedtime: float, before: Sequence[float]) -> float:
    if len(before) < LEAST_BEDTIMES:
        return NAN
    middle = mean_clock_h(before)
    usual = middle + float(np.median(apart_h(np.asarray(before), middle)))
    return float(60.0 * abs(apart_h(np.asarray([bedtime]), usual)[0]))


def _sleep(record: NightRecord) -> Sleep | None:
    return None if record.start is None else as_sleep(night_key(record.start, record.zone), record)
