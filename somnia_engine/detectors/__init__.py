"""Disorders: every module here that declares a DETECTOR judges a history of nights; the gate before it stands here, once."""

import math
from functools import cache

from somnia_engine.plugins import discover
from somnia_engine.text import Text
from somnia_engine.types.findings import Finding, Level
from somnia_engine.types.night import Detector, Need, NightHistory

OF_ADULTS = Text("Not assessed: the bounds that this rests on are those of adults.")
"""Said of an infant: "no signs" by an adult's bounds would be a comfort that nobody can give."""


@cache
def detectors() -> tuple[Detector, ...]:
    """Return every detector."""
    return discover(__name__, "DETECTOR", kind=Detector)


def judge(history: NightHistory) -> tuple[Finding, ...]:
    """Return one finding a detector for tonight, the last night of the history.

    The gate: a detector whose needs are not all met, and any detector of an empty history, answers NOT_ASSESSED with what is missing.
    """
    return tuple(judge_one(detector, history) for detector in detectors())


def judge_one(detector: Detector, history: NightHistory) -> Finding:
    """Return a detector's finding, or NOT_ASSESSED where its needs are not met, or its bounds are not those of the person's age."""
    if history.subject.infant and not detector.infants:
        return Finding(detector.key, Level.NOT_ASSESSED, OF_ADULTS, 0.0, needs=(OF_ADULTS,), rule=detector.rule)
    have = [_available(need, history) for need in detector.needs]
    missing = tuple(_filled(need, amount) for need, amount in zip(detector.needs, have, strict=True) if not amount >= need.least)
    if not missing:
        return detector.assess(history)
    shares = [min(amount / need.least, 1.0) if need.least > 0 else 1.0 for need, amount in zip(detector.needs, have, strict=True)]
    return Finding(detector.key, Level.NOT_ASSESSED, missing[0], min(shares), needs=missing, rule=detector.rule)


def _available(need: Need, history: NightHistory) -> float:
    """Return what the history has of a need; nothing where it was not measured."""
    amount = need.available(history) if history.nights else 0.0
    return amount if math.isfinite(amount) else 0.0


def _filled(need: Need, have: float) -> Text:
    whole = math.floor(have)
    places: dict[str, str | int | float | Text] = {"have": whole, "least": round(need.least), "have_h": whole // 60, "have_min": whole % 60}
    return Text(need.text.msgid, {**need.text.values, **places})
