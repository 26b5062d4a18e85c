"""What was uploaded, read: a Recording, where it comes from, and what a reader found before anything is kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from somnia_engine.text import Text
from somnia_engine.types.events import EventTable
from somnia_engine.types.hypnogram import StageIntervals
from somnia_engine.types.questionnaires import Answered
from somnia_engine.types.signals import Series, Signal

if TYPE_CHECKING:
    from somnia_engine.types.packet import FeaturePacket


@dataclass(frozen=True, slots=True)
class Source:
    """Where a recording comes from: `name` is what a person recognises (file name or device), never an identity."""

    format: str
    name: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """Sound or video that stays a file and is read in blocks.

    `kind` is "audio" or "video"; `fs` the sampling rate [Hz] (audio) or frame rate; `onset_s` counts from the recording's start;
    `full_scale_db` as in ReadOptions.
    `look` how the camera looks, when it was said: "above", "oblique" or "level"; `head` the row of a mat at which the head lies.
    """

    kind: str
    path: Path
    duration_s: float
    fs: float
    channels: int
    onset_s: float = 0.0
    full_scale_db: float | None = None
    look: str = ""
    head: str = "first"


@dataclass(frozen=True, slots=True)
class Dropped:
    """Records that could not be used: why, and how many."""

    reason: Text
    count: int


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of the person; None is unknown. `answered` are questionnaires, in any order."""

    birth_year: int | None = None
    sex: str | None = None
    height_cm: float | None = None
    weight_kg: float | None = None
    gestation_week: float | None = None
    infant: bool = False
    answered: tuple[Answered, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the person said about the files.

    Parameters
    ----------
    zone : str or None
        IANA zone for local times without one, and for the night's key.
    start : datetime or None
        Aware. When a file without an absolute time began (`time_s` = 0, the first sample of a sound).
    night : date or None
        Key of the wanted night: the local date on which the night's day begins.
    split_hour : int
        Local hour, 0 to 23, at which a night's day begins; noon unless the person sleeps by another clock.
    full_scale_db : float or None
        Calibration of the microphone: the sound pressure level of what the file shows as 0 dB re full scale (mean square 1). A calibrator
        of 94 dB that is shown as -26 dB means 120. None where it is not known: then levels are relative.
    look : str
        How a camera looks at the bed: "above", "oblique", "level"; "" is unsaid.
    mat_head : str
        The row of a pressure mat at which the head lies, "first" or "last", where the file does not say it.
    """

    zone: str | None = None
    start: datetime | None = None
    night: date | None = None
    split_hour: int = 12
    full_scale_db: float | None = None
    look: str = ""
    mat_head: str = "first"


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One file's content for one night.

    Parameters
    ----------
    start : aware datetime or None
        None when the file counts from an unknown moment and no start was given.
    zone : str or None
        IANA zone of the night; `zone_origin` says in words where it came from.
    duration_s : float
        From `start` to the last sample [s].
    stages : StageIntervals or None
        The source's own stages, times from `start`.
    lights_off_s, lights_on_s : float or None
        Marked by the source (a time in bed), in seconds from `start`.
    dropped : tuple of Dropped
        What was refused in this file, with counts.
    notes : tuple of Text
        What a person should know: unknown columns, an assumed date order, a repaired file.
    packet : FeaturePacket or None
        A whole night as a feature packet brings it; then there is nothing else in the recording.
    """

    start: datetime | None
    zone: str | None
    zone_origin: Text
    duration_s: float
    source: Source
    signals: tuple[Signal, ...] = ()
    series: tuple[Series, ...] = ()
    stages: StageIntervals | None = None
    lights_off_s: float | None = None
    lights_on_s: float | None = None
    events: EventTable = field(default_factory=EventTable.empty)
    media: tuple[Media, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[Text, ...] = ()
    packet: "FeaturePacket | None" = None


@dataclass(frozen=True, slots=True)
class NightSpan:
    """A night that a file holds: its key and its bounds; `start` and `end` are None for a file without absolute time."""

    night: date | None
    start: datetime | None
    end: datetime | None
    duration_s: float


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file holds, found before anything is kept: shown to the person as the preview.

    Parameters
    ----------
    format : str
        Key of the reader.
    nights : tuple of NightSpan
        In order of time; one element for a single recording.
    channels : tuple of str
        What is measured (`hr_bpm`, `stage`, `audio`).
    needs_start : bool
        The file counts from an unknown moment: the person must say when it began.
    """

    format: str
    name: Text
    nights: tuple[NightSpan, ...]
    zone: str | None
    zone_origin: Text
    channels: tuple[str, ...]
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[Text, ...] = ()
    needs_start: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """A file format: each module of `readers/` declares one as READER.

    Parameters
    ----------
    key, name : str, Text
        For the record and for people.
    suffixes : tuple of str
        For the file picker only; recognition looks at the content.
    recognises : function (path, head) -> bool
        `head` is the first 64 KiB. Must not raise.
    survey : function (path, options) -> Survey
        Streams the file in bounded memory.
    read : function (path, options) -> Recording
        Reads the night `options.night` (the only one when None). Raises ReadError or NightChoiceNeeded.
    icon : str
        Name of the icon of the upload row: "watch", "ring", "sound", "video", "room", "table", "lab".
    """

    key: str
    name: Text
    suffixes: tuple[str, ...]
    recognises: Callable[[Path, bytes], bool]
    survey: Callable[[Path, ReadOptions], Survey]
    read: Callable[[Path, ReadOptions], Recording]
    icon: str = "table"
