"""A night as a packet carries it: features, events and numbers, without any signal and without stages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from somnia_engine.types.events import EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.night import Lights


@dataclass(frozen=True, slots=True, eq=False)
class FeaturePacket:
    """A night in a letter.

    Parameters
    ----------
    start : aware datetime or None
        Time of the first epoch.
    zone : str or None
        IANA zone of the night.
    lights : Lights
        In night seconds.
    features : NightFeatures
    events : EventTable
        In night seconds.
    measures : mapping of str to float
        Numbers that only the full signals give (`somnia_engine.packet.measured.STEPS`).
    device : str
        What recorded it, as a person recognises it; the source of every column.
    """

    start: datetime | None
    zone: str | None
    lights: Lights
    features: NightFeatures
    events: EventTable
    measures: Mapping[str, float] = field(default_factory=dict)
    device: str = ""
