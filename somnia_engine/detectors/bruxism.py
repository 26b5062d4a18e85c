"""Grinding-like sounds per hour that could be heard: what a microphone can tell of bruxism, and no more."""

import numpy as np

from somnia_engine.text import Text
from somnia_engine.types.events import EventKind
from somnia_engine.types.findings import Evidence, Finding, Level
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import Detector, Need, NightHistory, NightRecord

RULE = "bruxism-sounds 1"
JAW = "jaw_frac"
"""Measured where grinding could be heard: a night without it was not listened to for grinding, or was too noisy."""
LEAST_MIN = 240.0
"""Time in which grinding could be heard that one night needs [min]; our own bound, the one of the breathing."""
FULL_MIN = 360.0
SOME_PER_H, MANY_PER_H = 2.0, 4.0
"""Episodes per hour of the chewing muscles' rhythm: Rompré 2007, doi 10.1177/154405910708600509; Lavigne 1996,
doi 10.1177/00220345960750010601. They count muscle bursts by EMG: sounds are a part of them, so the bounds are strict."""
EPISODE_BREAK_S = 3.0
"""Sounds closer than this are one episode (Lavigne 1996)."""
ROMPRE = "Rompré 2007, doi 10.1177/154405910708600509 (by EMG)"

_SUMMARY = {
    Level.LOW: Text("No signs in what was measured: {n} grinding-like sounds an hour. Clenching without a sound is not heard."),
    Level.MODERATE: Text("{n} grinding-like sounds an hour were heard. Who made them, and whether teeth met, a microphone cannot tell."),
    Level.HIGH: Text("{n} grinding-like sounds an hour were heard, on the scale of frequent grinding. A dentist can look at the teeth."),
}
_NEXT = Text("Listen to the moments on the night's page if you kept the sound, and ask a dentist to look for worn teeth.")


def heard_min(night: NightRecord) -> float:
    """Return the minutes between lights off and on in which grinding could be told [min]; 0 where nobody listened for it."""
    if night.features is None:
        return 0.0
    known = np.isfinite(night.features[JAW])
    start_s = np.arange(len(known)) * EPOCH_S
    if night.lights is not None:
        known = known & (start_s >= night.lights.off_s) & (start_s < night.lights.on_s)
    return float(np.count_nonzero(known)) * EPOCH_S / 60.0


def episodes(night: NightRecord) -> tuple[tuple[float, float], ...]:
    """Return the episodes of grinding-like sounds between lights off and on [s], sounds within three seconds joined."""
    events = night.events.of_kind(EventKind.GR)
    if night.lights is not None:
        events = events.between(night.lights.off_s, night.lights.on_s)
    found: list[tuple[float, float]] = []
    for event in events:
        end = event.onset_s + event.duration_s
        if found and event.onset_s - found[-1][1] < EPISODE_BREAK_S:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((event.onset_s, end))
    return tuple(found)


def assess(history: NightHistory) -> Finding:
    """Judge tonight's sounds; the gate has made sure that four hours could be heard."""
    night = history.tonight
    minutes, found = heard_min(night), episodes(night)
    per_h = 60.0 * len(found) / minutes
    level = Level.HIGH if per_h >= MANY_PER_H else Level.MODERATE if per_h >= SOME_PER_H else Level.LOW
    source = ", ".join(dict.fromkeys(event.source for event in night.events.of_kind(EventKind.GR)))
    return Finding(
        "bruxism",
        level,
        Text(_SUMMARY[level].msgid, {"n": f"{per_h:.1f}"}),
        min(minutes / FULL_MIN, 1.0),
        (
            Evidence(Text("Episodes of grinding-like sounds"), per_h, "/h", SOME_PER_H, source, ROMPRE, found),
            Evidence(Text("Time in which grinding could be heard"), minutes, "min", LEAST_MIN, source),
        ),
        next_step=None if level is Level.LOW else _NEXT,
        rule=RULE,
        details={"grinding_per_h": per_h},
    )


def _heard(history: NightHistory) -> float:
    return heard_min(history.tonight)


DETECTOR = Detector(
    key="bruxism",
    name=Text("Teeth grinding"),
    rule=RULE,
    needs=(
        Need(
            Text("Not assessed: needs 4 h in which grinding could be heard; this night has {have_h} h {have_min} min."), LEAST_MIN, _heard
        ),
    ),
    assess=assess,
)
