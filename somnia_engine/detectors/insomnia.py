"""Insomnia pattern, from how long falling asleep and waking took over the last nights: a description, no diagnosis."""

import math
from collections.abc import Sequence
from statistics import fmean

from somnia_engine.detectors._answers import answer, answer_evidence
from somnia_engine.text import Text
from somnia_engine.types.findings import Evidence, Finding, Level
from somnia_engine.types.night import Detector, Need, NightHistory, SleepStatistics

RULE = "insomnia-nights 2"
LEAST_NIGHTS = 7
LOOK_BACK_NIGHTS = 28
"""Older nights than this many do not count: the pattern of now."""
LOOK_BACK_DAYS = 56
"""Nor do nights from so long before tonight: a few old nights are no pattern of now; our own bound."""
NIGHT_MIN = 180.0
"""A shorter time in bed [min] is a nap."""
LONG_MIN = 30.0
OFTEN_PER_WEEK, MOST_PER_WEEK = 3.0, 5.0
"""More than 30 min to fall asleep or awake, on 3 nights a week or more (Lichstein 2003, doi 10.1016/S0005-7967(02)00023-2).

5 of 7 is our own bound."""
LOW_SE_PCT = 85.0
"""Sleep efficiency below this is short of good quality sleep (Ohayon 2017, doi 10.1016/j.sleh.2016.11.006)."""
LICHSTEIN = "Lichstein 2003, doi 10.1016/S0005-7967(02)00023-2"
OHAYON = "Ohayon 2017, doi 10.1016/j.sleh.2016.11.006"


def _usable(history: NightHistory) -> list[SleepStatistics]:
    """Return the statistics of the last nights that tell both latency and wake."""
    tonight = history.tonight.start
    near = (n for n in history.nights if n.start is None or tonight is None or (tonight - n.start).days <= LOOK_BACK_DAYS)
    nights = (n.statistics for n in near if n.statistics.tib_min >= NIGHT_MIN)
    measured = [n for n in nights if math.isfinite(n.sol_min) and math.isfinite(n.waso_min)]
    return measured[-LOOK_BACK_NIGHTS:]


def _is_long(night: SleepStatistics) -> bool:
    return night.sol_min > LONG_MIN or night.waso_min > LONG_MIN


def _level(per_week: float, efficiency_pct: float, *, answered: bool) -> Level:
    if per_week >= MOST_PER_WEEK and efficiency_pct < LOW_SE_PCT:
        return Level.HIGH
    return Level.MODERATE if per_week >= OFTEN_PER_WEEK or answered else Level.LOW


_SUMMARY = {
    Level.LOW: Text("No signs in what was measured: on {long} of {n} nights you lay awake for more than half an hour."),
    Level.MODERATE: Text(
        "On {long} of {n} nights you lay awake for more than half an hour. A doctor also asks for three months and how you feel by day."
    ),
    Level.HIGH: Text(
        "On {long} of {n} nights you lay awake for more than half an hour, and you slept {se} % of your time in bed. "
        "A doctor also asks for three months and how you feel by day."
    ),
}
_BY_ANSWERS = Text(
    "Your answers tell of trouble with sleep; on {long} of {n} nights you lay awake for more than half an hour. "
    "A doctor also asks for three months and how you feel by day."
)
ASKED = ("isi", "sci")
"""Questionnaires that raise the level when they stand out; they never lower it."""
_NEXT = Text("Keep measuring and note how you feel by day. If it goes on, talk to a doctor about it.")


def _evidence(nights: Sequence[SleepStatistics], per_week: float) -> tuple[Evidence, ...]:
    scorers = ", ".join(sorted({n.scorer for n in nights if n.scorer}))
    return (
        Evidence(Text("Nights a week with more than 30 min awake"), per_week, "/week", OFTEN_PER_WEEK, scorers, LICHSTEIN),
        Evidence(Text("Mean time to fall asleep"), fmean(n.sol_min for n in nights), "min", LONG_MIN, scorers, LICHSTEIN),
        Evidence(
            Text("Mean wake after falling asleep, until lights on"), fmean(n.waso_min for n in nights), "min", LONG_MIN, scorers, LICHSTEIN
        ),
        Evidence(Text("Mean sleep efficiency"), fmean(n.se_pct for n in nights), "%", LOW_SE_PCT, scorers, OHAYON),
    )


def assess(history: NightHistory) -> Finding:
    """Judge the last nights; the gate has made sure that there are at least seven."""
    nights = _usable(history)
    long = sum(map(_is_long, nights))
    per_week, efficiency = 7.0 * long / len(nights), fmean(n.se_pct for n in nights)
    told = [scored for key in ASKED if (scored := answer(history, key)) is not None]
    answered = any(scored.stands_out for scored in told)
    level = _level(per_week, efficiency, answered=answered)
    summary = _BY_ANSWERS if level is Level.MODERATE and per_week < OFTEN_PER_WEEK else _SUMMARY[level]
    return Finding(
        "insomnia",
        level,
        Text(summary.msgid, {"long": long, "n": len(nights), "se": round(efficiency)}),
        min(len(nights) / LOOK_BACK_NIGHTS, 1.0),
        (*_evidence(nights, per_week), *answer_evidence(history, *ASKED, "ess")),
        next_step=None if level is Level.LOW else _NEXT,
        rule=RULE,
        details={"nights": float(len(nights)), "long_nights_per_week": per_week},
    )


def _n_nights(history: NightHistory) -> float:
    return float(len(_usable(history)))


DETECTOR = Detector(
    key="insomnia",
    name=Text("Insomnia"),
    rule=RULE,
    needs=(Need(Text("Not assessed: needs {least} nights with sleep stages; so far: {have}."), float(LEAST_NIGHTS), _n_nights),),
    assess=assess,
)
