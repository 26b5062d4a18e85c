"""Grinding-like sounds: trains of scratchy bursts that nothing else explains; experimental, for want of recordings of grinding."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.grinding import Train, detect_trains
from somnia_engine.dsp.windows import epoch_count
from somnia_engine.extractors._heard import HeardNight, heard_nights, heard_quality, noisy_seconds
from somnia_engine.extractors.snore import LEAST_HEARD_FRAC
from somnia_engine.hearing import Heard
from somnia_engine.hearing.listener import ENVELOPE_HZ, MEL_ENVELOPES
from somnia_engine.text import Text
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import Extraction, Extractor, NightInput
from somnia_engine.types.hypnogram import EPOCH_S

UNNAMED = ("other", "silence")
NAMED_P = 0.3
"""A second that the classifier names with more than this (a voice, steps, an alarm, a snore) is not the jaw: halves the false alarms."""
CONFIDENCE = 0.3
"""Low for all: the rule was never held against a person who grinds."""
HIGH_BAND = 5


def find_trains(heard: Heard, noisy: NDArray[np.bool_] | None = None) -> list[Train]:
    """Return the trains of scratchy bursts in a sound, by its own seconds; none where it is noisy."""
    noisy = noisy_seconds(heard) if noisy is None else noisy
    named = [column for column, name in enumerate(heard.classes) if name not in UNNAMED]
    allowed = (heard.p[:, named].max(axis=1) <= NAMED_P) & ~noisy
    bands = heard.envelopes[:, MEL_ENVELOPES].astype(np.float32)
    low = np.logaddexp.reduce(bands[:, :HIGH_BAND], axis=1)
    return detect_trains(bands[:, HIGH_BAND], low, allowed=np.repeat(allowed, ENVELOPE_HZ), fs=float(ENVELOPE_HZ))


def _one(sound: HeardNight, n_epochs: int) -> Extraction:
    found = [train for train in find_trains(sound.heard, sound.noisy) if sound.kept[int(train.onset_s)]]
    events = [
        Event(EventKind.GR, sound.at_s(train.onset_s), train.duration_s, CONFIDENCE, sound.source, train.height_db) for train in found
    ]
    column = _heard_epochs(sound, n_epochs)
    for event in events:
        epoch = max(int(event.onset_s // EPOCH_S), 0)
        column[epoch] = np.where(np.isnan(column[epoch]), np.nan, 1.0)
    return Extraction(
        sound.source, "jaw_frac", {"jaw_frac": column}, EventTable.of(events), quality=(heard_quality(sound, "jaw_frac", column),)
    )


def _heard_epochs(sound: HeardNight, n_epochs: int) -> NDArray[np.float32]:
    """Return 0 in the epochs in which the jaw could be heard, NaN where noise hid it or nothing was recorded."""
    clear = ~sound.noisy[sound.kept]
    column = np.zeros(n_epochs, dtype=np.float32)
    column[epoch_count(sound.epochs[clear], n_epochs) < LEAST_HEARD_FRAC * EPOCH_S] = np.nan
    return column


def extract_jaw(night: NightInput) -> tuple[Extraction, ...]:
    """Extract grinding-like sounds from every sound recording.

    Parameters
    ----------
    night : NightInput
        Media of the kind "audio" are heard.

    Returns
    -------
    tuple of Extraction
        GR events: three scratchy bursts or more, 0.5 to 2 s apart, `value` is their height above the floor [dB]; `jaw_frac` is 1 in epochs
        that hold one, 0 in others, NaN where noise hides most of the epoch. Clenching makes no sound and is not found.
    """
    return tuple(_one(sound, night.n_epochs) for sound in heard_nights(night))


EXTRACTOR = Extractor(key="jaw", name=Text("Grinding-like sounds"), channels=("audio",), columns=("jaw_frac",), extract=extract_jaw)
