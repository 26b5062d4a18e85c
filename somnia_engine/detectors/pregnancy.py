"""Sleep in pregnancy: minutes on the back and snoring over the weeks, told against the week."""

from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.resampling import runs
from somnia_engine.dsp.rest import SUPINE
from somnia_engine.text import Text
from somnia_engine.types.findings import Evidence, Finding, Level
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import Detector, Need, NightHistory, NightRecord

RULE = "pregnancy-position-snoring 1"
LEAST_MIN = 240.0
"""Position or sound that one night needs [min]; our own bound, the one of the breathing."""
FULL_MIN = 360.0
BACK_WEEK = 28.0
"""From this week on, going to sleep on the back is to be avoided (Cronin 2019, doi 10.1016/j.eclinm.2019.03.014)."""
ONSET_MIN, LEAST_ONSET_MIN = 30.0, 10.0
"""The position of going to sleep: of the first half hour after lights off, of which ten minutes must be known; our own bounds."""
MOSTLY_PCT = 50.0
SNORED_PCT = 10.0
"""Share of the heard time from which a night counts as snored through; our own bound."""
OFTEN_PER_WEEK, LEAST_HEARD_NIGHTS, LOOK_BACK_DAYS = 3.0, 3, 14.0
"""Snoring on three nights a week or more is habitual (O'Brien 2012, doi 10.1016/j.ajog.2012.08.034); nights and days are our own."""
TRIMESTER_WEEKS = (14.0, 28.0)
CRONIN = "Cronin 2019, doi 10.1016/j.eclinm.2019.03.014"
OBRIEN = "O'Brien 2012, doi 10.1016/j.ajog.2012.08.034"
DAY_S = 86400.0

_NONE = Text("No signs in what was measured in week {week}.")
_ON_BACK = Text("Week {week}: for most of the first half hour after lights off you lay on your back.")
_SNORED = Text("Week {week}: snoring was heard on {nights} of {heard} nights of the last two weeks.")
_BOTH = Text(
    "Week {week}: for most of the first half hour after lights off you lay on your back, and snoring was heard on {nights} of {heard} "
    "nights of the last two weeks."
)
_NEXT = Text("Settle to sleep on your side, and tell your midwife or doctor about this page at your next visit.")


def _week(history: NightHistory, night: NightRecord) -> float:
    """Return the week of pregnancy on a night; NaN where it is not known."""
    week, tonight = history.subject.gestation_week, history.tonight.start
    if week is None:
        return float("nan")
    if night is history.tonight or night.start is None or tonight is None:
        return week if night is history.tonight else float("nan")
    return week - (tonight - night.start).total_seconds() / DAY_S / 7.0


def _back(night: NightRecord) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which epochs in bed have a position, and which of them are on the back."""
    if night.features is None:
        return np.zeros(0, bool), np.zeros(0, bool)
    lying = night.features["trunk_position"]
    start_s = np.arange(len(lying)) * EPOCH_S
    in_bed = (start_s >= night.lights.off_s) & (start_s < night.lights.on_s) if night.lights is not None else np.ones(len(lying), bool)
    return np.isfinite(lying) & in_bed, (lying == SUPINE) & in_bed


def _minutes(epochs: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(epochs)) * EPOCH_S / 60.0


def onset_pct(night: NightRecord) -> float:
    """Return the share of the first half hour after lights off that was spent on the back [%]; NaN under ten known minutes."""
    known, back = _back(night)
    first = int((night.lights.off_s if night.lights is not None else 0.0) // EPOCH_S)
    part = slice(first, first + int(ONSET_MIN * 60.0 / EPOCH_S))
    minutes = _minutes(known[part])
    return 100.0 * _minutes(back[part]) / minutes if minutes >= LEAST_ONSET_MIN else float("nan")


def _snored(history: NightHistory) -> list[bool]:
    """Return of each night of the last two weeks with four hours of sound whether it was snored through."""
    tonight = history.tonight
    near = [n for n in history.nights if n is tonight or (n.start and tonight.start and _days(n, tonight) <= LOOK_BACK_DAYS)]
    heard = [n for n in near if n.measures.get("snore_heard_min", 0.0) >= LEAST_MIN]
    return [n.measures.get("snore_pct", 0.0) >= SNORED_PCT for n in heard]


def _days(night: NightRecord, tonight: NightRecord) -> float:
    return (tonight.start - night.start).total_seconds() / DAY_S if night.start and tonight.start else float("nan")


def _by_trimester(history: NightHistory) -> list[tuple[int, float]]:
    """Return the mean share of snoring [%] of each trimester that was heard, in order."""
    shares: dict[int, list[float]] = {}
    for night in history.nights:
        week, share = _week(history, night), night.measures.get("snore_pct", float("nan"))
        if week >= 0 and np.isfinite(share) and night.measures.get("snore_heard_min", 0.0) >= LEAST_MIN:
            shares.setdefault(1 + sum(week >= border for border in TRIMESTER_WEEKS), []).append(share)
    return [(trimester, fmean(shares[trimester])) for trimester in sorted(shares)]


def _evidence(history: NightHistory) -> tuple[Evidence, ...]:
    night, snored = history.tonight, _snored(history)
    known, back = _back(night)
    source = ", ".join(night.features.sources.get("trunk_position", ())) if night.features is not None else ""
    spans = tuple((first * EPOCH_S, past * EPOCH_S) for first, past in runs(back))
    late = _week(history, night) >= BACK_WEEK
    found = [Evidence(Text("Week of pregnancy"), _week(history, night), "", BACK_WEEK, "", CRONIN)]
    if known.any():
        share = Text("On the back in the first half hour after lights off")
        found += [
            Evidence(share, onset_pct(night), "%", MOSTLY_PCT if late else None, source, CRONIN),
            Evidence(Text("On the back, all night"), _minutes(back), "min", None, source, "", spans),
            Evidence(Text("Time in bed with a known position"), _minutes(known), "min", LEAST_MIN, source),
        ]
    if snored:
        per_week = 7.0 * sum(snored) / len(snored)
        found += [Evidence(Text("Snored nights a week"), per_week, "/week", OFTEN_PER_WEEK, "", OBRIEN)]
        found += [
            Evidence(Text("Share of snoring, trimester {n}", {"n": trimester}), share, "%") for trimester, share in _by_trimester(history)
        ]
    return tuple(found)


def assess(history: NightHistory) -> Finding:
    """Judge position and snoring; the gate has made sure that the week is known and four hours of either."""
    week, snored = _week(history, history.tonight), _snored(history)
    on_back = week >= BACK_WEEK and onset_pct(history.tonight) >= MOSTLY_PCT
    often = len(snored) >= LEAST_HEARD_NIGHTS and 7.0 * sum(snored) / len(snored) >= OFTEN_PER_WEEK
    level = (Level.LOW, Level.MODERATE, Level.HIGH)[on_back + often]
    summary = _BOTH if on_back and often else _ON_BACK if on_back else _SNORED if often else _NONE
    return Finding(
        "pregnancy",
        level,
        Text(summary.msgid, {"week": int(week), "nights": sum(snored), "heard": len(snored)}),
        min(_measured(history) / FULL_MIN, 1.0),
        _evidence(history),
        next_step=None if level is Level.LOW else _NEXT,
        rule=RULE,
        details={"gestation_week": week},
    )


def _known_week(history: NightHistory) -> float:
    return float(history.subject.gestation_week is not None)


def _measured(history: NightHistory) -> float:
    return max(_minutes(_back(history.tonight)[0]), history.tonight.measures.get("snore_heard_min", 0.0))


DETECTOR = Detector(
    key="pregnancy",
    name=Text("Sleep in pregnancy"),
    rule=RULE,
    needs=(
        Need(Text("Not assessed: the week of pregnancy is not known. It can be given under About you."), 1.0, _known_week),
        Need(
            Text("Not assessed: needs 4 h of body position (a sensor on the trunk) or of sound; this night has {have_h} h {have_min} min."),
            LEAST_MIN,
            _measured,
        ),
    ),
    assess=assess,
)
