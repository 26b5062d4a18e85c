"""Movement and voice in likely REM sleep, beside one question on dreams: a description, no judgement of muscle tone."""

from somnia_engine.detectors._answers import answer, answer_evidence
from somnia_engine.metrics.rem_bouts import RemBouts, rem_bouts
from somnia_engine.text import Text
from somnia_engine.types.findings import Evidence, Finding, Level
from somnia_engine.types.night import Detector, Need, NightHistory

RULE = "rem-behavior-bouts 1"
LEAST_MIN = 30.0
"""Likely REM sleep with movement or voice measured that one night needs [min]; our own bound."""
FULL_MIN = 90.0
MANY_PER_H = 6.0
"""Bouts per hour of likely REM that stand out: 21 of 22 healthy people stayed below (Walch 2019, laboratory stages); our own bound.

Movements in REM are many times more frequent in people who act out dreams (Frauscher 2007, doi 10.1002/mds.21492)."""
LOOK_BACK_NIGHTS = 14
LEAST_MANY_NIGHTS = 2
"""Nights that stand out which the highest level needs beside the question; our own bound."""
SCREEN = "rbd1q"
BOUND = "SOMNIA, after 22 adults of Walch 2019, doi 10.1093/sleep/zsz180"

_BY_BOUTS = Text(
    "In likely REM sleep, when the body mostly lies still, {n} bouts of movement or voice an hour were seen. Only a sleep laboratory can "
    "tell why."
)
_BY_ANSWER = Text("You answered that you may act out your dreams. {n} bouts of movement or voice an hour of likely REM sleep were seen.")
_BOTH = Text(
    "You answered that you may act out your dreams, and on {nights} nights there were many bouts of movement or voice in likely REM sleep, "
    "tonight {n} an hour."
)
_NONE = Text("No signs in what was measured: {n} bouts of movement or voice an hour of likely REM sleep.")
_NEXT = Text("Ask whoever sleeps beside you what they see, keep sharp things away from the bed, and show this page to a doctor.")


def _recent(history: NightHistory) -> list[RemBouts]:
    found = [rem_bouts(night) for night in history.nights[-LOOK_BACK_NIGHTS:]]
    return [bouts for bouts in found if bouts.minutes >= LEAST_MIN]


def _evidence(tonight: RemBouts, recent: list[RemBouts], *, history: NightHistory) -> tuple[Evidence, ...]:
    many = float(sum(bouts.per_h >= MANY_PER_H for bouts in recent))
    label = Text("Bouts of movement or voice per hour of likely REM sleep")
    return (
        Evidence(label, tonight.per_h, "/h", MANY_PER_H, tonight.source, BOUND, tonight.spans),
        Evidence(Text("Likely REM sleep with movement or voice measured"), tonight.minutes, "min", LEAST_MIN, tonight.source),
        Evidence(Text("Nights with many bouts, of the last {n} told", {"n": len(recent)}), many, "", float(LEAST_MANY_NIGHTS)),
        *answer_evidence(history, SCREEN),
    )


def assess(history: NightHistory) -> Finding:
    """Judge tonight's bouts; the gate has made sure that there is half an hour of likely REM sleep."""
    tonight, recent = rem_bouts(history.tonight), _recent(history)
    nights = sum(bouts.per_h >= MANY_PER_H for bouts in recent)
    scored = answer(history, SCREEN)
    many, told = tonight.per_h >= MANY_PER_H, scored is not None and scored.stands_out
    if many and told and nights >= LEAST_MANY_NIGHTS:
        level, summary = Level.HIGH, _BOTH
    elif many or told:
        level, summary = Level.MODERATE, _BY_ANSWER if told else _BY_BOUTS
    else:
        level, summary = Level.LOW, _NONE
    return Finding(
        "rem_behavior",
        level,
        Text(summary.msgid, {"n": f"{tonight.per_h:.1f}", "nights": nights}),
        min(tonight.minutes / FULL_MIN, 1.0),
        _evidence(tonight, recent, history=history),
        next_step=None if level is Level.LOW else _NEXT,
        rule=RULE,
        details={"rem_bouts_per_h": tonight.per_h, "rem_measured_min": tonight.minutes},
    )


def _minutes(history: NightHistory) -> float:
    return rem_bouts(history.tonight).minutes


DETECTOR = Detector(
    key="rem_behavior",
    name=Text("REM sleep behavior"),
    rule=RULE,
    needs=(
        Need(
            Text("Not assessed: needs {least} min of likely REM sleep in which movement or voice was measured; this night has {have} min."),
            LEAST_MIN,
            _minutes,
        ),
    ),
    assess=assess,
)
