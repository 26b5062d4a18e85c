"""What was seen of an infant's night: observations with their times, never a level; no monitor takes the place of a safe bed."""

from datetime import UTC, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.resampling import runs
from somnia_engine.dsp.rest import PRONE
from somnia_engine.text import Text
from somnia_engine.types.events import EventKind
from somnia_engine.types.findings import Evidence, Finding, Level
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.night import Detector, Need, NightHistory, NightRecord

RULE = "infant-observations 2"
STREAMS = ("resp_rate_bpm", "trunk_position", "vocal_frac")
"""Breath, position and voice: with none of them there is nothing to observe."""
LEAST_MIN = 1.0
STALE_S = 30.0
"""Breath that was not seen for so long at the end of the recording is unavailable; our own bound."""
AAP = "American Academy of Pediatrics 2022, doi 10.1542/peds.2022-057990"

_SEEN = Text("Observations only: breathing motion last seen at {time}. This is not a watch over your baby.")
_STALE = Text("Unavailable: breathing motion was last seen at {time}, while the recording went on until {end}.")
_NO_BREATH = Text("Observations only: breathing motion was not measured. This is not a watch over your baby.")
_NEXT = Text("For every sleep: on the back, on a firm flat surface, nothing else in the cot, near you. No monitor takes the place of this.")


def _known(night: NightRecord, column: str) -> NDArray[np.bool_]:
    return np.zeros(0, bool) if night.features is None else np.asarray(np.isfinite(night.features[column]))


def _minutes(epochs: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(epochs)) * EPOCH_S / 60.0


def _clock(night: NightRecord, second: float) -> str:
    """Return the local time at a second of the night; counted from the beginning where the time is not known."""
    if night.start is None:
        return str(timedelta(seconds=round(second)))
    place: tzinfo | None = ZoneInfo(night.zone) if night.zone else night.start.tzinfo
    return (night.start.astimezone(UTC) + timedelta(seconds=second)).astimezone(place).strftime("%H:%M:%S")


def _summary(night: NightRecord) -> Text:
    breath = np.flatnonzero(_known(night, "resp_rate_bpm"))
    if not len(breath):
        return _NO_BREATH
    last_s, end_s = float(breath[-1] + 1) * EPOCH_S, len(_known(night, "resp_rate_bpm")) * EPOCH_S
    sentence = _STALE if end_s - last_s >= STALE_S else _SEEN
    return Text(sentence.msgid, {"time": _clock(night, last_s), "end": _clock(night, end_s)})


def _evidence(night: NightRecord) -> tuple[Evidence, ...]:
    breath, position, voice = (_known(night, column) for column in STREAMS)
    sources = night.features.sources if night.features is not None else {}
    found: list[Evidence] = []
    if breath.any():
        gaps = runs(~breath)
        longest = max((past - first for first, past in gaps), default=0) * EPOCH_S / 60.0
        spans = tuple((first * EPOCH_S, past * EPOCH_S) for first, past in gaps)
        source = ", ".join(sources.get("resp_rate_bpm", ()))
        found += [
            Evidence(Text("Time in which breathing motion was seen"), _minutes(breath), "min", None, source),
            Evidence(Text("Longest time in which it was not seen"), longest, "min", None, source, "", spans),
        ]
    if position.any() and night.features is not None:
        prone = night.features["trunk_position"] == PRONE
        spans = tuple((first * EPOCH_S, past * EPOCH_S) for first, past in runs(prone))
        source = ", ".join(sources.get("trunk_position", ()))
        found.append(Evidence(Text("Time seen lying on the belly"), _minutes(prone), "min", None, source, AAP, spans))
    if voice.any():
        cries = night.events.of_kind(EventKind.CR)
        spans = tuple((event.onset_s, event.onset_s + event.duration_s) for event in cries)
        source = ", ".join(sources.get("vocal_frac", ()))
        minutes = float(cries.duration_s.sum()) / 60.0
        found.append(Evidence(Text("Bouts of crying heard"), float(len(cries)), "", None, source, "", spans))
        found.append(Evidence(Text("Minutes of crying heard"), minutes, "min", None, source))
    return tuple(found)


def assess(history: NightHistory) -> Finding:
    """Tell what was seen; the gate has made sure that the person is an infant and something was measured."""
    night = history.tonight
    n = len(_known(night, STREAMS[0]))
    seen = max(np.count_nonzero(_known(night, column)) for column in STREAMS)
    return Finding(
        "infant",
        Level.NOT_ASSESSED,
        _summary(night),
        seen / n if n else 0.0,
        _evidence(night),
        needs=(Text("A level is never given for an infant."),),
        next_step=_NEXT,
        rule=RULE,
    )


def _is_infant(history: NightHistory) -> float:
    return float(history.subject.infant)


def _observed(history: NightHistory) -> float:
    return max(_minutes(_known(history.tonight, column)) for column in STREAMS)


DETECTOR = Detector(
    key="infant",
    name=Text("An infant's night"),
    rule=RULE,
    needs=(
        Need(Text("Not assessed: these are observations for an infant. Who sleeps can be said under About you."), 1.0, _is_infant),
        Need(Text("Not assessed: needs breathing motion, body position or sound; this night has none."), LEAST_MIN, _observed),
    ),
    assess=assess,
    infants=True,
)
