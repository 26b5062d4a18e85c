"""What the review page asks: the night with all its scorings, the marks that come from the browser, and how well they agree."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from components.review import Beside
from components.review_data import digits
from somnia_engine.metrics.agreement import event_agreement, stage_agreement
from somnia_engine.metrics.architecture import sleep_statistics
from somnia_engine.text import Text, t
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import Lights, NightAnalysis, SleepStatistics
from somnia_server.store.nightcodec import stages_of
from somnia_server.store.refusals import RefusalError
from somnia_server.store.scorings import Comment, Mark, Marks, Scoring

HAND = (Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R)
BREATHING = (EventKind.OA, EventKind.CA, EventKind.MA, EventKind.H, EventKind.DS)
UNREADABLE = Text("What the browser sent is no scoring. Reload this page.")


def marks_of(data: Any) -> Marks:
    """Return the browser's marks; RefusalError when they are none."""
    try:
        events = tuple(Mark(EventKind(kind), float(onset), float(length)) for kind, onset, length in data["events"])
        comments = tuple(Comment(float(at), str(text)) for at, text in data["comments"])
        off, on = (None if data[name] is None else float(data[name]) for name in ("off", "on"))
        return Marks(str(data["stages"]), events, comments, off, on)
    except (KeyError, TypeError, ValueError):
        raise RefusalError(UNREADABLE) from None


def hypnogram_of(marks: Marks, scorer: str) -> Hypnogram:
    """Return a person's stages; those that they left as a watch's light sleep stay so."""
    stages = stages_of(marks.stages)
    used = {Stage(int(stage)) for stage in np.unique(stages)} - {Stage.UNSCORED}
    return Hypnogram(stages, tuple(dict.fromkeys((*HAND, *sorted(used)))), scorer)


def numbers_of(analysis: NightAnalysis, marks: Marks) -> SleepStatistics:
    """Return the numbers of the night by a person's stages and lights."""
    old = analysis.lights
    off, on = old.off_s if marks.off_s is None else marks.off_s, old.on_s if marks.on_s is None else marks.on_s
    return sleep_statistics(
        hypnogram_of(marks, "you"), Lights(off, on, off_marked=marks.off_s is not None, on_marked=marks.on_s is not None)
    )


def beside(analysis: NightAnalysis, marks: Marks, others: Sequence[Scoring]) -> list[Beside]:
    """Return the doctor's scoring beside the automatic one, the source's and every other person's; and the engine beside the source."""
    own, events = hypnogram_of(marks, "you"), _table(marks)
    device = analysis.device_hypnogram
    scored, found_ones = _by_source(analysis)
    found = []
    if analysis.hypnogram is not None:
        found.append(_pair(t("You and the automatic stages"), (own, events), (analysis.hypnogram, found_ones)))
    if device is not None:
        found.append(_pair(t("You and {name}", name=device.scorer), (own, events), (device, scored)))
    for one in others:
        theirs = hypnogram_of(one.marks, one.name), _table(one.marks)
        found.append(_pair(t("You and {name}", name=one.name), (own, events), theirs))
    if device is not None and analysis.hypnogram is not None:
        found.append(_pair(t("{name} and the automatic stages", name=device.scorer), (device, scored), (analysis.hypnogram, found_ones)))
    return found


def _pair(name: str, first: tuple[Hypnogram, EventTable], second: tuple[Hypnogram, EventTable]) -> Beside:
    return Beside(name, stage_agreement(first[0], second[0]), event_agreement(first[1], second[1], kinds=BREATHING))


def _by_source(analysis: NightAnalysis) -> tuple[EventTable, EventTable]:
    """Return the events that a file's scorer brought, and those that were found in the signals."""
    scorer = None if analysis.device_hypnogram is None else analysis.device_hypnogram.scorer
    by_hand = [
        e.source == scorer and bool(np.isnan(e.confidence)) for e in analysis.events
    ]  # a file without a name is both source and scorer
    rows = list(zip(analysis.events, by_hand, strict=True))
    return EventTable.of(e for e, hand in rows if hand), EventTable.of(e for e, hand in rows if not hand)


def start_marks(analysis: NightAnalysis) -> Marks:
    """Return what a doctor begins with: the automatic scoring."""
    events = tuple(Mark(e.kind, e.onset_s, e.duration_s) for e in analysis.events)
    return Marks(digits(analysis.hypnogram or analysis.device_hypnogram, analysis.features.n_epochs), events)


def _table(marks: Marks) -> EventTable:
    return EventTable.of(Event(e.kind, e.onset_s, e.duration_s, float("nan"), "you") for e in marks.events)
