"""The result: one analysed night, its numbers, and the history that detectors read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from somnia_engine.text import Text
from somnia_engine.types.events import EventTable
from somnia_engine.types.features import NightFeatures, StreamQuality
from somnia_engine.types.findings import Finding
from somnia_engine.types.hypnogram import Hypnogram
from somnia_engine.types.recording import Dropped, Subject
from somnia_engine.types.score import SleepScore
from somnia_engine.types.signals import Signal

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class SleepStatistics:
    """The numbers of one night; NaN = not measured. Definitions stand at the functions of `metrics/`.

    Stage minutes are NaN for stages that the scorer cannot tell apart (a watch has `light_min`, not `n1_min`).
    """

    scorer: str = ""
    tib_min: float = NAN
    spt_min: float = NAN
    tst_min: float = NAN
    sol_min: float = NAN
    lps_min: float = NAN
    waso_min: float = NAN
    spt_wake_min: float = NAN
    se_pct: float = NAN
    sme_pct: float = NAN
    rem_latency_min: float = NAN
    n1_min: float = NAN
    n2_min: float = NAN
    light_min: float = NAN
    n3_min: float = NAN
    rem_min: float = NAN
    wake_min: float = NAN
    unscored_min: float = NAN
    n1_pct: float = NAN
    n2_pct: float = NAN
    light_pct: float = NAN
    n3_pct: float = NAN
    rem_pct: float = NAN
    awakenings: float = NAN
    sfi_per_h: float = NAN


@dataclass(frozen=True, slots=True)
class Lights:
    """Lights off and on, in night seconds; `marked` is False where they are assumed from the recording's bounds."""

    off_s: float
    on_s: float
    off_marked: bool = False
    on_marked: bool = False


@dataclass(frozen=True, slots=True)
class Worded:
    """A night in the words of a language model: in which language, the checked sentences, which model."""

    language: str
    sentences: tuple[str, ...]
    model: str


@dataclass(frozen=True, slots=True, eq=False)
class NightAnalysis:
    """One night, read, staged, measured and judged. Immutable: re-analysis makes a new one.

    Parameters
    ----------
    start : aware datetime or None
        Time of the first epoch; None when the files count from an unknown moment.
    zone, zone_origin : str or None, Text
    lights : Lights
    features : NightFeatures
    hypnogram : Hypnogram or None
        The engine's own; None when neither heart rate nor movement allows one.
    device_hypnogram : Hypnogram or None
        The source's, on the same grid, never mixed in.
    statistics : SleepStatistics
        Of `hypnogram`, or of `device_hypnogram` where the engine has none; `statistics.scorer` names it.
    device_statistics : SleepStatistics or None
    events : EventTable
        In night seconds.
    measures : mapping of str to float
        Numbers that are not sleep statistics: `odi3_per_h`, `t90_pct`, `spo2_min_pct`, `hr_mean_bpm`; NaN = not measured.
    traces : tuple of Signal
        Channels at about 1 Hz for charts, `onset_s` in night seconds.
    findings, quality, dropped, notes, versions
        Judgements; coverage of each stream; what was refused; what to know; rule, model and engine versions.
    intervals : mapping of str to (float, float)
        Of numbers that are estimated: the ends, in the number's unit, between which the truth lies in nine nights of ten; keys are
        those of `statistics` and `measures`.
    score : SleepScore or None
        None for a nap, and where it is not known how long was slept.
    worded : Worded or None
        None from the engine itself, which speaks in fixed sentences.
    """

    start: datetime | None
    zone: str | None
    zone_origin: Text
    lights: Lights
    features: NightFeatures
    hypnogram: Hypnogram | None
    device_hypnogram: Hypnogram | None
    statistics: SleepStatistics
    device_statistics: SleepStatistics | None
    events: EventTable
    measures: Mapping[str, float]
    traces: tuple[Signal, ...]
    findings: tuple[Finding, ...]
    quality: tuple[StreamQuality, ...]
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[Text, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    score: SleepScore | None = None
    worded: Worded | None = None

    def local(self, second: float) -> datetime | None:
        """Return the local time of a night second, None without a clock; seconds are true ones, also over a clock change."""
        if self.start is None:
            return None
        place = ZoneInfo(self.zone) if self.zone else self.start.tzinfo
        return (self.start.astimezone(UTC) + timedelta(seconds=second)).astimezone(place)


@dataclass(frozen=True, slots=True, eq=False)
class NightRecord:
    """One night of a history, light enough for hundreds: no series; `start` is an aware datetime.

    `hypnogram` is the one that `statistics` is of, without probabilities; None where there was none or it was not kept.
    """

    start: datetime | None
    zone: str | None
    features: NightFeatures | None
    statistics: SleepStatistics
    measures: Mapping[str, float]
    events: EventTable
    hypnogram: Hypnogram | None = None
    lights: Lights | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NightHistory:
    """Nights of one person in order of time; the last is tonight. What every detector gets."""

    nights: tuple[NightRecord, ...]
    subject: Subject = field(default_factory=Subject)

    @property
    def tonight(self) -> NightRecord:
        """The night to be judged."""
        return self.nights[-1]


@dataclass(frozen=True, slots=True)
class Need:
    """What a detector must have before it is asked: a measure or column, and how much of it.

    `available` returns what the history has; below `least` the answer is NOT_ASSESSED with `text`, whose places `have` and
    `least` are filled in.
    """

    text: Text
    least: float
    available: Callable[["NightHistory"], float]


@dataclass(frozen=True, slots=True)
class Detector:
    """A disorder: each module of `detectors/` declares one as DETECTOR.

    The gate stands once, in `detectors.judge`: every need met, else NOT_ASSESSED; only then `assess` runs. `infants`: whether it may be
    asked of an infant; the bounds of the others are those of adults.
    """

    key: str
    name: Text
    rule: str
    needs: tuple[Need, ...]
    assess: Callable[["NightHistory"], Finding]
    infants: bool = False
