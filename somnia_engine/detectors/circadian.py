"""The rhythm of sleep over weeks: when, how regular, whether it wanders; a description against what is usual, no judgement of a cause."""

import math
from datetime import timedelta

from somnia_engine.metrics.drift import drift_h_per_day
from somnia_engine.metrics.regularity import main_sleeps
from somnia_engine.metrics.trend import Regularity, regularity_of
from somnia_engine.readers import night_key
from somnia_engine.text import Said, Text
from somnia_engine.types.findings import Evidence, Finding, Level
from somnia_engine.types.night import Detector, Need, NightHistory
from somnia_engine.types.sleeps import Sleep, as_sleep

RULE = "circadian-rhythm 1"
LEAST_NIGHTS = 7
"""A sleep log or actigraphy of at least 7, better 14 days (Morgenthaler 2007, doi 10.1093/sleep/30.11.1445)."""
FULL_NIGHTS = 14
LOOK_BACK = timedelta(days=28)
NAP_MIN = 180.0
DRIFT_H_PER_DAY = 0.5
"""Midway between the sleep-wake period of 24.02 h of controls and 25.12 h of people whose sleep wanders (Uchiyama 2002,
doi 10.1093/sleep/25.1.83); our own bound."""
LOW_SRI = 41.0
"""The lowest twentieth of 88 975 people (Cribb 2023, doi 10.7554/eLife.88359)."""
JETLAG_H = 2.0
"""Koopman 2017, doi 10.1177/0748730417713572."""
LATE_H, EARLY_H = 6.0, 1.0
"""Mean midsleep beyond these is about two hours from that of most people (Roenneberg 2007, doi 10.1016/j.smrv.2007.07.005); our own."""
DAY_SPLIT_H = 18.0
"""Midsleep from here to midnight is early, before it late; our own."""
UCHIYAMA, CRIBB = "SOMNIA, after Uchiyama 2002, doi 10.1093/sleep/25.1.83", "Cribb 2023, doi 10.7554/eLife.88359"
KOOPMAN, ROENNEBERG = "Koopman 2017, doi 10.1177/0748730417713572", "Roenneberg 2007, doi 10.1016/j.smrv.2007.07.005"
VAN_SOMEREN = "Van Someren 1999, doi 10.3109/07420529908998724"

_NONE = Text("No signs in what was measured: over {n} nights the middle of your sleep lay at {time} in the mean.")
_DRIFTS = Text("Over {n} nights your sleep moved by {minutes} min a day: it wanders round the clock.")
_IRREGULAR = Text("Over {n} nights you slept at very different times (regularity index {sri}).")
_JETLAG = Text("Over {n} nights the middle of your sleep lay {hours} h apart between work days and free days.")
_LATE = Text("Over {n} nights the middle of your sleep lay at {time}, later than that of most people.")
_EARLY = Text("Over {n} nights the middle of your sleep lay at {time}, earlier than that of most people.")
_NEXT = Text("Note when you work and when you would sleep if you were free. If your hours trouble you, show this page to a doctor.")


def _sleeps(history: NightHistory) -> list[Sleep]:
    """Return the sleeps of the last four weeks, naps among them."""
    tonight = history.tonight.start
    if tonight is None:
        return []
    last = night_key(tonight, history.tonight.zone)
    found = [as_sleep(night_key(n.start, n.zone), n) for n in history.nights if n.start is not None]
    return [sleep for sleep in found if sleep is not None and last - LOOK_BACK < sleep.night <= last]


def _nights(sleeps: list[Sleep]) -> list[Sleep]:
    """Return the main sleeps that are no naps: the valid days."""
    return [sleep for sleep in main_sleeps(sleeps) if sleep.bed_s[1] - sleep.bed_s[0] >= NAP_MIN * 60.0]


def _signs(told: Regularity, drift: float) -> tuple[Text, ...]:
    """Return what stands out, the strongest first."""
    found = (
        (abs(drift) >= DRIFT_H_PER_DAY, _DRIFTS),
        (told.sri < LOW_SRI, _IRREGULAR),
        (told.social_jetlag_h >= JETLAG_H, _JETLAG),
        (LATE_H <= told.midsleep_h < DAY_SPLIT_H, _LATE),
        (told.midsleep_h >= DAY_SPLIT_H or told.midsleep_h < EARLY_H, _EARLY),
    )
    return tuple(sentence for stands_out, sentence in found if stands_out)


def _clock(hours: float) -> str:
    minutes = round(hours * 60.0) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _evidence(told: Regularity, drift: float, *, scorers: str, n: int) -> tuple[Evidence, ...]:
    midsleep = Text("Mean middle of sleep, hours after midnight")
    return (
        Evidence(midsleep, told.midsleep_h, "h", LATE_H, scorers, ROENNEBERG),
        Evidence(Text("Drift of the middle of sleep"), drift, "h/day", DRIFT_H_PER_DAY, scorers, UCHIYAMA),
        Evidence(Text("Sleep regularity index (SRI); low stands out"), told.sri, "", LOW_SRI, scorers, CRIBB),
        Evidence(Text("Work days against free days (social jetlag)"), told.social_jetlag_h, "h", JETLAG_H, scorers, KOOPMAN),
        Evidence(Text("Stability from day to day (IS, of sleep and wake)"), told.interdaily_stability, "", None, scorers, VAN_SOMEREN),
        Evidence(Text("Breaks within the day (IV, of sleep and wake)"), told.intradaily_variability, "", None, scorers, VAN_SOMEREN),
        Evidence(Text("Spread of the bedtime"), told.bedtime_spread_min, "min", None, scorers),
        Evidence(Text("Nights of the last four weeks"), float(n), "", float(LEAST_NIGHTS), scorers),
    )


def assess(history: NightHistory) -> Finding:
    """Judge the last four weeks; the gate has made sure that there are seven nights."""
    sleeps = _sleeps(history)
    nights = _nights(sleeps)
    told, drift = regularity_of(sleeps), drift_h_per_day(nights)
    signs = _signs(told, drift)
    wanders = _DRIFTS in signs and len(nights) >= FULL_NIGHTS
    level = Level.LOW if not signs else Level.HIGH if wanders or len(signs) > 1 else Level.MODERATE
    sri = "–" if math.isnan(told.sri) else f"{told.sri:.0f}"
    places: Said = {
        "n": len(nights),
        "time": _clock(told.midsleep_h),
        "minutes": "–" if math.isnan(drift) else round(60.0 * abs(drift)),
        "sri": sri,
        "hours": f"{told.social_jetlag_h:.1f}",
    }
    scorers = ", ".join(sorted({n.statistics.scorer for n in history.nights if n.statistics.scorer}))
    return Finding(
        "circadian",
        level,
        Text((signs[0] if signs else _NONE).msgid, places),
        min(len(nights) / FULL_NIGHTS, 1.0),
        _evidence(told, drift, scorers=scorers, n=len(nights)),
        next_step=None if level is Level.LOW else _NEXT,
        rule=RULE,
        details={"nights": float(len(nights)), "drift_h_per_day": drift, "sri": told.sri, "midsleep_h": told.midsleep_h},
    )


def _n_nights(history: NightHistory) -> float:
    return float(len(_nights(_sleeps(history))))


DETECTOR = Detector(
    key="circadian",
    name=Text("Sleep rhythm"),
    rule=RULE,
    needs=(Need(Text("Not assessed: needs {least} nights of the last four weeks with sleep and wake; so far: {have}."), 7.0, _n_nights),),
    assess=assess,
)
