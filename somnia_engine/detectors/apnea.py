"""Sleep apnea and snoring, from falls of blood oxygen and the likelihood of disturbed breathing: a screening rule, no diagnosis."""

import numpy as np

from somnia_engine.detectors._answers import answer_evidence
from somnia_engine.dsp.resampling import runs
from somnia_engine.text import Text
from somnia_engine.types.events import EventKind
from somnia_engine.types.findings import Evidence, Finding, Level
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import Detector, Need, NightHistory, NightRecord

RULE = "apnea-breathing 2"
LEAST_MIN = 240.0
"""Usable oximetry or beats that a home test needs [min] (AASM guideline: Kapur 2017, doi 10.5664/jcsm.6506)."""
SOME_PER_H, MANY_PER_H = 5.0, 15.0
"""ODI bands follow those of the AHI (AASM Task Force 1999, doi 10.1093/sleep/22.5.667).

ODI against AHI: Chung 2012, doi 10.1213/ANE.0b013e318248f4f5)."""
TASK_FORCE = "AASM Task Force 1999, doi 10.1093/sleep/22.5.667"
AASM_RULES = "Berry 2012, doi 10.5664/jcsm.2172"
FULL_NIGHT_MIN = 360.0
MODEL = "Models apnea 1 and apnea_night 1"
LIKELY, VERY_LIKELY = 0.5, 0.8
"""Probability of 15 events per hour from which signs are some or many; a level is never lower than that of the oxygen alone."""
RISK = "p_breathing_from_15_per_h"


def _evidence(night: NightRecord) -> tuple[Evidence, ...]:
    return (
        *(_oxygen_evidence(night) if _oxygen_min(night) > 0 else ()),
        *(_breathing_evidence(night) if _breathing_min(night) > 0 else ()),
    )


def _sources(night: NightRecord, column: str) -> str:
    return ", ".join(night.features.sources.get(column, ())) if night.features is not None else ""


def _oxygen_evidence(night: NightRecord) -> tuple[Evidence, ...]:
    value, nan, source = night.measures.get, float("nan"), _sources(night, "spo2_pct")
    deep = night.events.of_kind(EventKind.DS)
    minutes = tuple((e.onset_s, e.onset_s + e.duration_s) for e in deep)
    return (
        Evidence(Text("Falls of blood oxygen by 3 % or more"), value("odi3_per_h", nan), "/h", SOME_PER_H, source, TASK_FORCE, minutes),
        Evidence(Text("Falls of blood oxygen by 4 % or more"), value("odi4_per_h", nan), "/h", None, source, AASM_RULES),
        Evidence(Text("Time below 90 %"), value("t90_pct", nan), "%", None, source),
        Evidence(Text("Lowest blood oxygen, held for 3 s and free of motion"), value("spo2_min_pct", nan), "%", None, source),
        Evidence(Text("Usable blood oxygen data"), value("spo2_valid_min", nan), "min", LEAST_MIN, source),
    )


def _breathing_evidence(night: NightRecord) -> tuple[Evidence, ...]:
    source = _sources(night, "p_breathing_event")

    def measured(name: str, *, scale: float = 1.0) -> float:
        return scale * night.measures.get(name, float("nan"))

    events = measured("breathing_events_per_h")
    return (
        *((Evidence(Text("Breathing events (estimate)"), events, "/h", None, source, MODEL),) if np.isfinite(events) else ()),
        Evidence(Text("Share of disturbed breathing"), measured("breathing_event_pct"), "%", None, source, MODEL, _likely_minutes(night)),
        Evidence(Text("Probability of at least 15 events per hour"), measured(RISK, scale=100.0), "%", 100.0 * LIKELY, source, MODEL),
        Evidence(Text("Judged breathing"), measured("breathing_assessable_min"), "min", LEAST_MIN, source),
    )


def _likely_minutes(night: NightRecord) -> tuple[tuple[float, float], ...]:
    if night.features is None:
        return ()
    with np.errstate(invalid="ignore"):
        likely = night.features["p_breathing_event"] >= LIKELY
    return tuple((first * EPOCH_S, past * EPOCH_S) for first, past in runs(likely))


_SUMMARY = {
    Level.LOW: Text("No signs in what was measured: your blood oxygen fell {odi} times an hour."),
    Level.MODERATE: Text("Your blood oxygen fell {odi} times an hour. This pattern can come from pauses in breathing."),
    Level.HIGH: Text("Your blood oxygen fell {odi} times an hour. This pattern often comes from pauses in breathing."),
}
_BY_SIGNS = {
    Level.LOW: Text("No signs in what was measured, from the heart alone: it misses some people with many pauses in breathing."),
    Level.MODERATE: Text("Signs that can come from pauses in breathing were found. Only a measurement of breathing can tell."),
    Level.HIGH: Text("Signs that often come from pauses in breathing were found. Only a measurement of breathing can tell."),
}
_NEXT = Text("Measure a few more nights, and show this page to a doctor.")
_ORDER = (Level.LOW, Level.MODERATE, Level.HIGH)


def _oxygen_level(night: NightRecord) -> Level:
    if _oxygen_min(night) < LEAST_MIN:
        return Level.LOW
    odi3 = night.measures["odi3_per_h"]
    if odi3 >= MANY_PER_H:
        return Level.HIGH
    return Level.MODERATE if odi3 >= SOME_PER_H else Level.LOW


def _risk(night: NightRecord) -> float | None:
    risk = night.measures.get(RISK, float("nan"))
    return risk if np.isfinite(risk) else None


def _breathing_level(risk: float | None) -> Level:
    if risk is None or risk < LIKELY:
        return Level.LOW
    return Level.HIGH if risk >= VERY_LIKELY else Level.MODERATE


def assess(history: NightHistory) -> Finding:
    """Judge tonight's breathing; the gate has made sure that there are 4 h of oximetry or of beats."""
    night = history.tonight
    risk = _risk(night)
    level = max(_oxygen_level(night), _breathing_level(risk), key=_ORDER.index)
    odi3 = night.measures.get("odi3_per_h", float("nan"))
    by_oxygen = _oxygen_min(night) >= LEAST_MIN and _oxygen_level(night) is level
    return Finding(
        "apnea",
        level,
        Text(_SUMMARY[level].msgid, {"odi": f"{odi3:.1f}"}) if by_oxygen else _BY_SIGNS[level],
        min(_usable_min(history) / FULL_NIGHT_MIN, 1.0),
        (*_evidence(night), *answer_evidence(history, "stop_bang", "ess")),
        risk,
        Text("15 or more breathing events per hour") if risk is not None else None,
        next_step=None if level is Level.LOW else _NEXT,
        rule=RULE,
        details={"odi3_per_h": odi3} if _oxygen_min(night) > 0 else {},
    )


def _oxygen_min(night: NightRecord) -> float:
    return night.measures.get("spo2_valid_min", 0.0)


def _breathing_min(night: NightRecord) -> float:
    return night.measures.get("breathing_assessable_min", 0.0)


def _usable_min(history: NightHistory) -> float:
    return max(_oxygen_min(history.tonight), _breathing_min(history.tonight))


DETECTOR = Detector(
    key="apnea",
    name=Text("Sleep apnea and snoring"),
    rule=RULE,
    needs=(
        Need(
            Text("Not assessed: needs 4 h of oxygen data or heart beats; this night has {have_h} h {have_min} min."), LEAST_MIN, _usable_min
        ),
    ),
    assess=assess,
)
