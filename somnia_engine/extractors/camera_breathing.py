"""Breathing seen by a camera: its rate in one minute of every five, and pauses within it."""

import numpy as np

from somnia_engine.extractors._streams import bounded
from somnia_engine.extractors._watched import WatchedNight, watched_nights
from somnia_engine.text import Text
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import Extraction, Extractor, NightInput, StreamQuality
from somnia_engine.types.hypnogram import EPOCH_S

LEAST_QUALITY = 0.5
"""Correlation at the period under which nothing is told; camera noise alone stays under it in 99 of 100 minutes (tests)."""
LEAST_SHARE = 0.3
"""A look is told of the epochs of which it covers at least this share."""
PAUSE_CONFIDENCE = 0.4
ONE_IN_FIVE = Text("Breathing is looked at in one minute of every five; in between nothing is told.")


def _one(seen: WatchedNight, night: NightInput) -> Extraction | None:
    rates = np.full(night.n_epochs, np.nan, dtype=np.float32)
    best = np.zeros(night.n_epochs)
    events, end_s = [], night.n_epochs * EPOCH_S
    for begin, stop, breathing in seen.watched.looks:
        if breathing.quality < LEAST_QUALITY:
            continue
        from_s, to_s = begin + seen.offset_s, stop + seen.offset_s
        for epoch in range(max(int(from_s // EPOCH_S), 0), min(int(to_s // EPOCH_S) + 1, night.n_epochs)):
            covered = (min(to_s, (epoch + 1) * EPOCH_S) - max(from_s, epoch * EPOCH_S)) / EPOCH_S
            if covered >= LEAST_SHARE and breathing.quality > best[epoch]:
                rates[epoch], best[epoch] = breathing.rate_bpm, breathing.quality
        for onset_s, length_s in breathing.pauses:
            if 0.0 <= onset_s + seen.offset_s < end_s:
                events.append(Event(EventKind.BP, onset_s + seen.offset_s, length_s, PAUSE_CONFIDENCE, seen.source))
    rates = bounded("resp_rate_bpm", rates)
    told = np.flatnonzero(np.isfinite(rates))
    if not len(told):
        return None
    coverage = len(told) / night.n_epochs
    quality = StreamQuality("resp_rate_bpm", seen.source, coverage, told[0] * EPOCH_S, (told[-1] + 1) * EPOCH_S, (ONE_IN_FIVE,))
    return Extraction(seen.source, "resp_rate_bpm", {"resp_rate_bpm": rates}, EventTable.of(events), quality=(quality,))


def extract_camera_breathing(night: NightInput) -> tuple[Extraction, ...]:
    """Extract breathing from every video.

    Parameters
    ----------
    night : NightInput
        Media of the kind "video" are decoded.

    Returns
    -------
    tuple of Extraction
        `resp_rate_bpm`: breaths per minute of the closely watched minute, while the body rests; NaN between those minutes and where
        nothing repeats clearly. BP events: 10 s or more without motion inside such a minute; their `value` is NaN. Checked on rendered
        videos and one clip of an infant; no video of a sleeper with scored breathing was at hand.
    """
    found = (_one(seen, night) for seen in watched_nights(night))
    return tuple(extraction for extraction in found if extraction is not None)


EXTRACTOR = Extractor(
    key="camera_breathing",
    name=Text("Breathing on video"),
    channels=("video",),
    columns=("resp_rate_bpm",),
    extract=extract_camera_breathing,
)
