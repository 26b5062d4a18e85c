"""One night of a finger ring, whatever file it came in: even steps from a local start, to a survey and to a recording."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from somnia_engine.readers._clock import ZONE_SAID, choose_night, night_key, zone_info
from somnia_engine.text import Text
from somnia_engine.types.features import FEATURES
from somnia_engine.types.recording import Dropped, NightSpan, ReadOptions, Recording, Source, Survey
from somnia_engine.types.signals import Signal

DEVICE = "Wellue / Viatom"


@dataclass(frozen=True, slots=True, eq=False)
class RingNight:
    """A ring's night: wall clock start, step, one value per step."""

    start: datetime
    step_s: float
    values: dict[str, NDArray[np.float32]]
    dropped: tuple[Dropped, ...]
    notes: tuple[Text, ...]
    zone: str | None
    zone_origin: Text

    @property
    def duration_s(self) -> float:
        """From the first value to the last [s]."""
        return (len(next(iter(self.values.values()))) - 1) * self.step_s

    def span(self, split_hour: int) -> NightSpan:
        """Return the night's key and bounds."""
        night = night_key(self.start, self.zone, split_hour)
        return NightSpan(night, self.start, self.start + timedelta(seconds=self.duration_s), self.duration_s)


def start_of(wall_s: float, zone: str | None) -> tuple[datetime, Text]:
    """Return the start, given as local seconds since 1970 as if they were UTC, and where its zone came from."""
    naive = datetime.fromtimestamp(wall_s, UTC).replace(tzinfo=None)
    if zone is None:
        return naive.replace(tzinfo=UTC), Text("The file names no zone. Its times are taken as UTC: say your zone.")
    return naive.replace(tzinfo=zone_info(zone)), ZONE_SAID


def survey_of(ring: RingNight, key: str, name: Text, *, options: ReadOptions) -> Survey:
    """Return what a person sees before anything is kept."""
    return Survey(
        format=key,
        name=name,
        nights=(ring.span(options.split_hour),),
        zone=ring.zone,
        zone_origin=ring.zone_origin,
        channels=tuple(ring.values),
        dropped=ring.dropped,
        notes=ring.notes,
    )


def recording_of(ring: RingNight, source: Source, *, options: ReadOptions) -> Recording:
    """Return the night as signals; raises NightChoiceNeeded when another night is wanted."""
    choose_night((ring.span(options.split_hour),), options, name=source.name)
    return Recording(
        start=ring.start,
        zone=ring.zone,
        zone_origin=ring.zone_origin,
        duration_s=ring.duration_s,
        source=source,
        signals=tuple(Signal(channel, values, 1.0 / ring.step_s, FEATURES[channel].unit) for channel, values in ring.values.items()),
        dropped=ring.dropped,
        notes=ring.notes,
    )
