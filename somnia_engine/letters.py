"""What an opened packet gives to the analysis: the numbers that it carries, its columns as traces, how it covers the night."""

from collections.abc import Sequence

import numpy as np

from somnia_engine.errors import SomniaError
from somnia_engine.metrics.breathing_events import breathing_estimates
from somnia_engine.text import Text
from somnia_engine.types.features import FEATURES, StreamQuality
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.packet import FeaturePacket
from somnia_engine.types.recording import Recording
from somnia_engine.types.signals import Signal

TRACED = ("activity_count", "hr_bpm", "motion_index", "sound_level_db", "spo2_pct")
"""Columns that a chart shows as traces; from a packet with one value an epoch."""


def sole_packet(recordings: Sequence[Recording]) -> FeaturePacket:
    """Return the packet of a night. Raises SomniaError when other files lie beside it."""
    packet = recordings[0].packet
    if len(recordings) > 1 or packet is None:
        raise SomniaError(Text("A feature packet is a whole night by itself. Give it without other files."))
    return packet


def carried_measures(packet: FeaturePacket) -> dict[str, float]:
    """Return the numbers of the full signals that a packet carries, and what follows from them."""
    found = dict(packet.measures)
    minutes, share = found.get("breathing_assessable_min"), found.get("breathing_event_pct")
    if minutes is None or share is None:
        return found
    return breathing_estimates(minutes, share / 100.0, oxygen_min=found.get("spo2_valid_min", 0.0)) | found


def packet_traces(packet: FeaturePacket) -> tuple[Signal, ...]:
    """Return the columns that charts show as traces."""
    columns = packet.features.columns
    return tuple(Signal(name, columns[name], 1.0 / EPOCH_S, FEATURES[name].unit) for name in TRACED if name in columns)


def packet_quality(packet: FeaturePacket) -> tuple[StreamQuality, ...]:
    """Return how each column covers the night."""
    found = []
    for name, column in sorted(packet.features.columns.items()):
        seen = np.flatnonzero(np.isfinite(column))
        if len(seen):
            source = packet.features.sources[name][0]
            found.append(
                StreamQuality(name, source, float(np.isfinite(column).mean()), float(seen[0] * EPOCH_S), float((seen[-1] + 1) * EPOCH_S))
            )
    return tuple(found)
