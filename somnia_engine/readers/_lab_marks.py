"""What the marks of scorers mean: stages, events, lights, in the words of sleep laboratories."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from somnia_engine.text import Text
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.hypnogram import EPOCH_S, Stage, StageIntervals


class Mark(NamedTuple):
    """One annotation: onset and duration [s] (NaN: none given), text."""

    onset_s: float
    duration_s: float
    text: str


class Marks(NamedTuple):
    """What a file's annotations say; times in seconds from the recording's start."""

    stages: StageIntervals | None
    events: EventTable
    off_s: float | None
    on_s: float | None
    notes: tuple[Text, ...]


_STAGES = {
    "w": Stage.W, "wake": Stage.W, "awake": Stage.W, "0": Stage.W, "s0": Stage.W,
    "1": Stage.N1, "n1": Stage.N1, "s1": Stage.N1, "nrem1": Stage.N1,
    "2": Stage.N2, "n2": Stage.N2, "s2": Stage.N2, "nrem2": Stage.N2,
    "3": Stage.N3, "n3": Stage.N3, "s3": Stage.N3, "nrem3": Stage.N3,
    "4": Stage.N3, "s4": Stage.N3, "nrem4": Stage.N3,
    "r": Stage.R, "rem": Stage.R, "n": Stage.N, "nrem": Stage.N, "t": Stage.T,
    "l": Stage.L, "s": Stage.S,
    "?": Stage.UNSCORED, "u": Stage.UNSCORED, "m": Stage.UNSCORED, "mt": Stage.UNSCORED,
    "unscored": Stage.UNSCORED, "unknown": Stage.UNSCORED, "movement time": Stage.UNSCORED,
}  # fmt: skip
"""Rechtschaffen & Kales 3 and 4 are N3 (AASM manual); movement time has no stage of its own."""
_STAGE = re.compile(r"^(?:sleep[ _-]*)?(?:stage)[ _:-]*(.+)$|^sleep[ _-]+(s[0-4]|rem|n[1-3]|wake)$", re.IGNORECASE)
_BARE = frozenset(("w", "wake", "awake", "n1", "n2", "n3", "nrem1", "nrem2", "nrem3", "rem", "movement time", "unscored"))
_EVENTS: tuple[tuple[EventKind, re.Pattern[str]], ...] = (
    (EventKind.H, re.compile(r"hypopn")),
    (EventKind.CA, re.compile(r"central.*apn|apn\w*[ _-]*central|clear airway")),
    (EventKind.MA, re.compile(r"mixed.*apn|apn\w*[ _-]*mixed")),
    (EventKind.OA, re.compile(r"obstr.*apn|apn\w*[ _-]*obstr")),
    (EventKind.BP, re.compile(r"\bapn(o?)ea\b")),
    (EventKind.DS, re.compile(r"desat")),
    (EventKind.AR, re.compile(r"arousal|\brera\b")),
    (EventKind.LM, re.compile(r"(limb|leg)[ _-]*mov|\bplms?\b|\blm\b")),
    (EventKind.SN, re.compile(r"\bsnor")),
    (EventKind.GR, re.compile(r"brux|grind|\brmma\b")),
    (EventKind.CO, re.compile(r"\bcough")),
    (EventKind.BR, re.compile(r"bradycard")),
    (EventKind.TA, re.compile(r"tachycard")),
    (EventKind.IR, re.compile(r"atrial fib|\bafib\b|irregular (rhythm|pulse)")),
)
_LIGHTS = re.compile(r"^lights?[ _-]*(off|out|on)\b")
_SILENT = re.compile(r"^(recording (starts|ends)|start(ed)? recording|stop recording)\b")
MOST_DAYS_S = 14 * 86400.0


def stage_of(text: str) -> Stage | None:
    """Return the stage that a mark names; None when it names none."""
    plain = " ".join(text.lower().split())
    if plain in _BARE:
        return _STAGES[plain]
    found = _STAGE.match(plain)
    return _STAGES.get((found[1] or found[2]).strip().removeprefix("stage ")) if found else None


def event_of(text: str) -> EventKind | None:
    """Return the kind of event that a mark names; None when it names none."""
    plain = text.lower()
    return next((kind for kind, pattern in _EVENTS if pattern.search(plain)), None)


def read_marks(marks: Sequence[Mark], *, scorer: str) -> Marks:
    """Sort marks into stages, events and lights; name those that are neither."""
    marks = sorted((m for m in marks if 0 <= m.onset_s < MOST_DAYS_S), key=lambda m: m.onset_s)
    stages: list[tuple[float, float, Stage]] = []
    events: list[Event] = []
    off: list[float] = []
    on: list[float] = []
    unknown: dict[str, int] = {}
    for mark in marks:
        stage, lights, kind = stage_of(mark.text), _LIGHTS.match(mark.text.lower().strip()), event_of(mark.text)
        if stage is not None:
            stages.append((mark.onset_s, mark.duration_s, stage))
        elif lights:
            (on if lights[1] == "on" else off).append(mark.onset_s)
        elif kind is not None:
            length = mark.duration_s if 0 < mark.duration_s < 3600 else 0.0
            events.append(Event(kind, mark.onset_s, length, float("nan"), scorer))
        elif mark.text.strip() and not _SILENT.match(mark.text.lower()):
            unknown[mark.text.strip()[:40]] = unknown.get(mark.text.strip()[:40], 0) + 1
    first_off = min(off, default=None)
    last_on = max((at for at in on if first_off is None or at > first_off), default=None)
    return Marks(_intervals(stages, scorer), EventTable.of(events), first_off, last_on, _unknown_note(unknown))


def _intervals(stages: Sequence[tuple[float, float, Stage]], scorer: str) -> StageIntervals | None:
    """Return stages that do not overlap: one without a length lasts until the next; unscored ends are cut off."""
    scored = [i for i, row in enumerate(stages) if row[2] != Stage.UNSCORED]
    if not scored:
        return None
    rows = stages[scored[0] : scored[-1] + 1]
    onset = np.array([row[0] for row in rows])
    given = np.array([row[1] for row in rows])
    until_next = np.append(np.diff(onset), EPOCH_S)
    with np.errstate(invalid="ignore"):
        length = np.where(given > 0, given, until_next)
        length[:-1] = np.minimum(length[:-1], until_next[:-1])
    kept = length > 0
    return StageIntervals(onset[kept], length[kept], np.array([int(row[2]) for row in rows], dtype=np.int8)[kept], scorer)


def _unknown_note(unknown: dict[str, int]) -> tuple[Text, ...]:
    if not unknown:
        return ()
    names = ", ".join(sorted(unknown)[:8])
    return (Text("{n} marks are not known and not used, among them: {names}.", {"n": sum(unknown.values()), "names": names}),)
