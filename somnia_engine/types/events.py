"""Things that happen in a night: onset, duration, kind, as columns."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.text import Text


class EventKind(StrEnum):
    """The one enumeration of event kinds; `GLOSSARY` explains each."""

    OA = "OA"
    CA = "CA"
    MA = "MA"
    H = "H"
    DS = "DS"
    AR = "AR"
    LM = "LM"
    SN = "SN"
    BP = "BP"
    BE = "BE"
    GR = "GR"
    CO = "CO"
    TK = "TK"
    CR = "CR"
    MV = "MV"
    LT = "LT"
    NS = "NS"
    BR = "BR"
    TA = "TA"
    IR = "IR"


GLOSSARY: dict[EventKind, tuple[Text, Text]] = {
    EventKind.OA: (Text("Obstructive apnea"), Text("Scored: airflow stops for 10 s or more while breathing effort goes on.")),
    EventKind.CA: (Text("Central apnea"), Text("Scored: airflow and breathing effort both stop for 10 s or more.")),
    EventKind.MA: (Text("Mixed apnea"), Text("Scored: an apnea that begins without effort and ends with it.")),
    EventKind.H: (Text("Hypopnea"), Text("Scored: airflow falls by 30 % or more for 10 s or more, with a desaturation or an arousal.")),
    EventKind.DS: (Text("Desaturation"), Text("Blood oxygen falls by 3 % or more from the level before it.")),
    EventKind.AR: (Text("Arousal"), Text("Scored: a short awakening of the brain of 3 s or more.")),
    EventKind.LM: (Text("Limb movement"), Text("A movement of an arm or a leg of 0.5 to 10 s.")),
    EventKind.SN: (Text("Snore"), Text("A snoring sound.")),
    EventKind.BP: (Text("Breathing pause"), Text("A stretch of 10 s or more without the sound or motion of breathing.")),
    EventKind.BE: (
        Text("Breathing event in the pulse"),
        Text("The heart slows and then speeds up, as over a pause in breathing, where disturbed breathing is likely."),
    ),
    EventKind.GR: (Text("Grinding-like sound"), Text("A rhythmic sound like teeth grinding.")),
    EventKind.CO: (Text("Cough"), Text("A coughing sound.")),
    EventKind.TK: (Text("Sleep talk"), Text("Speech during the night.")),
    EventKind.CR: (Text("Cry"), Text("An infant's crying.")),
    EventKind.MV: (Text("Movement"), Text("A stretch of body movement.")),
    EventKind.LT: (Text("Light in the room"), Text("A light goes on in the room.")),
    EventKind.NS: (Text("Noise"), Text("A loud noise in the room.")),
    EventKind.BR: (Text("Slow heart rate"), Text("Heart rate below 40 per minute for 30 s or more.")),
    EventKind.TA: (Text("Fast heart rate"), Text("Heart rate above 90 per minute for more than 30 s while asleep.")),
    EventKind.IR: (Text("Irregular rhythm"), Text("A stretch of irregular heart beats.")),
}


class Event(NamedTuple):
    """One row of an EventTable. `value` is the kind's own measure (a desaturation's depth in percent points) or NaN."""

    kind: EventKind
    onset_s: float
    duration_s: float
    confidence: float
    source: str
    value: float = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class EventTable:
    """Events as columns, sorted by onset.

    Parameters
    ----------
    kind : tuple of EventKind, length n
    onset_s, duration_s : ndarray, shape (n,), float64
        Seconds from the start of the recording or night.
    confidence : ndarray, shape (n,), float32
        0..1, NaN where the source gives none.
    source : tuple of str, length n
        Which stream or which scorer says so.
    value : ndarray, shape (n,), float32
        The kind's own measure: depth of a desaturation [percent points], peak of a noise [dB]; NaN where there is none.
    """

    kind: tuple[EventKind, ...]
    onset_s: NDArray[np.float64]
    duration_s: NDArray[np.float64]
    confidence: NDArray[np.float32]
    source: tuple[str, ...]
    value: NDArray[np.float32]

    @classmethod
    def of(cls, events: Iterable[Event]) -> "EventTable":
        """Build a table from rows, sorting them by onset."""
        rows = sorted(events, key=attrgetter("onset_s", "kind"))
        columns: Iterable[tuple[Any, ...]] = zip(*rows, strict=True) if rows else ((),) * len(Event._fields)
        kind, onset_s, duration_s, confidence, source, value = columns
        members = {name: EventKind(name) for name in set(kind)}  # a look-up by row took 1 ms of a packet's night
        return cls(
            kind=tuple(map(members.__getitem__, kind)),
            onset_s=np.array(onset_s, dtype=np.float64),
            duration_s=np.array(duration_s, dtype=np.float64),
            confidence=np.array(confidence, dtype=np.float32),
            source=source,
            value=np.array(value, dtype=np.float32),
        )

    @classmethod
    def empty(cls) -> "EventTable":
        """Return a table without rows."""
        return cls.of(())

    def __len__(self) -> int:
        return len(self.kind)

    def __iter__(self) -> Iterator[Event]:
        columns = (self.onset_s.tolist(), self.duration_s.tolist(), self.confidence.tolist(), self.source, self.value.tolist())
        for kind, onset, duration, confidence, source, value in zip(self.kind, *columns, strict=True):
            yield Event(kind, onset, duration, confidence, source, value)

    def of_kind(self, *kinds: EventKind) -> "EventTable":
        """Return the rows of the given kinds."""
        return self._rows([at for at, kind in enumerate(self.kind) if kind in kinds])

    def between(self, from_s: float, to_s: float) -> "EventTable":
        """Return the rows whose onset lies in [from_s, to_s)."""
        return self._rows(np.flatnonzero((self.onset_s >= from_s) & (self.onset_s < to_s)).tolist())

    def _rows(self, at: list[int]) -> "EventTable":
        """Return some rows, which stay in order."""
        kind, source = tuple(self.kind[i] for i in at), tuple(self.source[i] for i in at)
        rows = np.array(at, dtype=np.intp)
        return EventTable(kind, self.onset_s[rows], self.duration_s[rows], self.confidence[rows], source, self.value[rows])

    def rate_per_h(self, kind: EventKind, minutes: float) -> float:
        """Return the events of a kind per hour of `minutes`; NaN when there are no minutes."""
        return 60.0 * sum(k is kind for k in self.kind) / minutes if minutes > 0 else float("nan")
