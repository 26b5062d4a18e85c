"""Irregular pulse during the night: what was seen, and that an ECG is needed to name it."""

from somnia_engine.text import Text
from somnia_engine.types.events import EventKind
from somnia_engine.types.findings import Evidence, Finding, Level
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import Detector, Need, NightHistory, NightRecord

RULE = "irregular-pulse 1"
LEAST_PCT = 60.0
"""Share of the night that must be analyzable [%]."""
SOME_MIN = 6.0
"""Longest episode from which a check is suggested [min]: the shortest that a study of pacemakers counted (Healey 2012)."""
MUCH_PCT = 11.0
"""Burden above which strokes were more frequent (Go 2018, doi 10.1001/jamacardio.2018.1176)."""
HEALEY = "Healey 2012, doi 10.1056/NEJMoa1105575"
GO = "Go 2018, doi 10.1001/jamacardio.2018.1176"

_SUMMARY = {
    Level.LOW: Text("No signs in what was measured: the pulse was irregular in {pct} % of the time that could be analyzed."),
    Level.MODERATE: Text("The pulse was irregular in {pct} % of the time that could be analyzed. Only an ECG can tell why."),
    Level.HIGH: Text("The pulse was irregular in {pct} % of the time that could be analyzed. Please ask a doctor for an ECG soon."),
}
_NEXT = Text("Ask a doctor for an ECG, and bring this page.")


def _analyzable_pct(history: NightHistory) -> float:
    night = history.tonight
    if night.features is None or not night.features.n_epochs:
        return 0.0
    minutes = night.measures.get("rhythm_analyzable_min", 0.0)
    return 100.0 * minutes / (night.features.n_epochs * EPOCH_S / 60.0)


def _evidence(night: NightRecord, source: str) -> tuple[Evidence, ...]:
    value, nan = night.measures.get, float("nan")
    spells = tuple((e.onset_s, e.onset_s + e.duration_s) for e in night.events.of_kind(EventKind.IR))
    return (
        Evidence(Text("Irregular share of the analyzable time"), value("irregular_burden_pct", nan), "%", MUCH_PCT, source, GO, spells),
        Evidence(Text("Longest irregular stretch"), value("irregular_longest_min", nan), "min", SOME_MIN, source, HEALEY),
        Evidence(Text("Time in which the rhythm could be analyzed"), value("rhythm_analyzable_min", nan), "min", None, source),
    )


def assess(history: NightHistory) -> Finding:
    """Judge tonight's irregular time; the gate has made sure that 60 % of the night can be analyzed."""
    night = history.tonight
    burden, longest = night.measures["irregular_burden_pct"], night.measures["irregular_longest_min"]
    level = Level.HIGH if burden >= MUCH_PCT and longest >= SOME_MIN else Level.MODERATE if longest >= SOME_MIN else Level.LOW
    source = ", ".join(night.features.sources.get("p_irregular_rhythm", ())) if night.features is not None else ""
    return Finding(
        "arrhythmia",
        level,
        Text(_SUMMARY[level].msgid, {"pct": f"{burden:.1f}"}),
        min(_analyzable_pct(history) / 100.0, 1.0),
        _evidence(night, source),
        next_step=None if level is Level.LOW else _NEXT,
        rule=RULE,
        details={"irregular_burden_pct": burden},
    )


DETECTOR = Detector(
    key="arrhythmia",
    name=Text("Irregular pulse"),
    rule=RULE,
    needs=(
        Need(Text("Not assessed: needs the single heart beats of 60 % of the night; this night has {have} %."), LEAST_PCT, _analyzable_pct),
    ),
    assess=assess,
)
