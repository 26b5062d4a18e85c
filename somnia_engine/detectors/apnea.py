"""Sleep apnea and snoring, from falls of blood oxygen: a screening rule, no diagnosis."""

from somnia_engine.text import Text
from somnia_engine.types.events import EventKind
from somnia_engine.types.findings import Evidence, Finding, Level
from somnia_engine.types.night import Detector, Need, NightHistory, NightRecord

RULE = "apnea-oximetry 1"
LEAST_MIN = 240.0
"""Usable oximetry that a home test needs [min] (AASM guideline: Kapur 2017, doi 10.5664/jcsm.6506)."""
SOME_PER_H, MANY_PER_H = 5.0, 15.0
"""ODI bands follow those of the AHI (AASM Task Force 1999, doi 10.1093/sleep/22.5.667).

ODI against AHI: Chung 2012, doi 10.1213/ANE.0b013e318248f4f5)."""
TASK_FORCE = "AASM Task Force 1999, doi 10.1093/sleep/22.5.667"
AASM_RULES = "Berry 2012, doi 10.5664/jcsm.2172"
FULL_NIGHT_MIN = 360.0


def _evidence(night: NightRecord, source: str) -> tuple[Evidence, ...]:
    value = night.measures.get
    nan = float("nan")
    deep = night.events.of_kind(EventKind.DS)
    minutes = tuple((e.onset_s, e.onset_s + e.duration_s) for e in deep)
    return (
        Evidence(Text("Falls of blood oxygen by 3 % or more"), value("odi3_per_h", nan), "/h", SOME_PER_H, source, TASK_FORCE, minutes),
        Evidence(Text("Falls of blood oxygen by 4 % or more"), value("odi4_per_h", nan), "/h", None, source, AASM_RULES),
        Evidence(Text("Time below 90 %"), value("t90_pct", nan), "%", None, source),
        Evidence(Text("Lowest blood oxygen, held for 3 s and free of motion"), value("spo2_min_pct", nan), "%", None, source),
        Evidence(Text("Usable blood oxygen data"), value("spo2_valid_min", nan), "min", LEAST_MIN, source),
    )


_SUMMARY = {
    Level.LOW: Text("No signs in what was measured: your blood oxygen fell {odi} times an hour."),
    Level.MODERATE: Text("Your blood oxygen fell {odi} times an hour. This pattern can come from pauses in breathing."),
    Level.HIGH: Text("Your blood oxygen fell {odi} times an hour. This pattern often comes from pauses in breathing."),
}
_NEXT = Text("Measure a few more nights, and show this page to a doctor.")


def _level(odi3: float) -> Level:
    if odi3 >= MANY_PER_H:
        return Level.HIGH
    return Level.MODERATE if odi3 >= SOME_PER_H else Level.LOW


def assess(history: NightHistory) -> Finding:
    """Judge tonight's desaturations; the gate has made sure that there are 4 h of oximetry."""
    night = history.tonight
    odi3, valid = night.measures["odi3_per_h"], night.measures["spo2_valid_min"]
    source = ", ".join(night.features.sources.get("spo2_pct", ())) if night.features is not None else ""
    level = _level(odi3)
    return Finding(
        "apnea",
        level,
        Text(_SUMMARY[level].msgid, {"odi": f"{odi3:.1f}"}),
        min(valid / FULL_NIGHT_MIN, 1.0),
        _evidence(night, source),
        next_step=None if level is Level.LOW else _NEXT,
        rule=RULE,
        details={"odi3_per_h": odi3},
    )


def _valid_min(history: NightHistory) -> float:
    return history.tonight.measures.get("spo2_valid_min", 0.0)


DETECTOR = Detector(
    key="apnea",
    name=Text("Sleep apnea and snoring"),
    rule=RULE,
    needs=(Need(Text("Not assessed: needs 4 h of oxygen data; this night has {have_h} h {have_min} min."), LEAST_MIN, _valid_min),),
    assess=assess,
)
