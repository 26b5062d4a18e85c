"""The voice at night: talking, coughing and an infant's crying, as bouts."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.extractors._heard import HeardNight, heard_nights
from somnia_engine.hearing.classifier import load_sound_classifier
from somnia_engine.text import Text
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import Extraction, Extractor, NightInput
from somnia_engine.types.hypnogram import EPOCH_S

KINDS = {"speech": EventKind.TK, "cough": EventKind.CO, "infant_cry": EventKind.CR}
LONGEST_BREAK_S = {"speech": 3, "cough": 2, "infant_cry": 5}
"""Seconds without the sound that do not end a bout."""
LEAST_SECONDS = {"speech": 2, "cough": 1, "infant_cry": 2}
"""A bout has at least so many seconds of the sound: a single second of "speech" is more often a creak."""


def bouts(present: NDArray[np.bool_], *, longest_break: int, least: int) -> list[tuple[int, int]]:
    """Return first and end second of each bout, breaks of up to `longest_break` s bridged, with at least `least` s of the sound."""
    seconds = np.flatnonzero(present)
    if not len(seconds):
        return []
    cuts = np.flatnonzero(np.diff(seconds) > longest_break + 1) + 1
    return [(int(part[0]), int(part[-1]) + 1) for part in np.split(seconds, cuts) if len(part) >= least]


def _one(sound: HeardNight, n_epochs: int) -> Extraction:
    heard, thresholds = sound.heard, load_sound_classifier().thresholds
    level = heard.level_db
    events = []
    for name, kind in KINDS.items():
        p = np.where(sound.kept, heard.of(name), 0.0)
        strongest = p >= np.where(sound.kept, heard.p.max(axis=1), 1.0)
        found = bouts((p >= thresholds[name]) & strongest, longest_break=LONGEST_BREAK_S[name], least=LEAST_SECONDS[name])
        for first, end in found:
            loudest = float(np.nanmax(level[first:end]))
            events.append(Event(kind, sound.at_s(first), float(end - first), float(p[first:end].max()), sound.source, loudest))
    column = np.full(n_epochs, np.nan, dtype=np.float32)
    column[np.unique(sound.epochs)] = 0.0
    for event in events:
        first, end = int(event.onset_s // EPOCH_S), int((event.onset_s + event.duration_s) // EPOCH_S)
        column[max(first, 0) : end + 1] = np.where(np.isnan(column[max(first, 0) : end + 1]), np.nan, 1.0)
    return Extraction(sound.source, "vocal_frac", {"vocal_frac": column}, EventTable.of(events))


def extract_vocal(night: NightInput) -> tuple[Extraction, ...]:
    """Extract bouts of talking, coughing and crying from every sound recording.

    Parameters
    ----------
    night : NightInput
        Media of the kind "audio" are heard.

    Returns
    -------
    tuple of Extraction
        TK, CO and CR events, `value` is the loudest second [dB re full scale]; `vocal_frac` is 1 in epochs that hold one, 0 in other
        heard epochs.
    """
    return tuple(_one(sound, night.n_epochs) for sound in heard_nights(night))


EXTRACTOR = Extractor(key="vocal", name=Text("Voice"), channels=("audio",), columns=("vocal_frac",), extract=extract_vocal)
