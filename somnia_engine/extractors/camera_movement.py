"""Movement seen by a camera: the share of the picture that moves in each epoch, and its bouts."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.windows import epoch_mean, epoch_of
from somnia_engine.extractors._streams import bounded
from somnia_engine.extractors._watched import WatchedNight, watched_nights
from somnia_engine.text import Text
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import Extraction, Extractor, NightInput, StreamQuality
from somnia_engine.types.hypnogram import EPOCH_S

COLUMN = "camera_motion_pct"
BOUT_PCT = 2.0
"""A bout of movement: more of the picture than this moves. Breathing stays under it in rendered videos (tests); our own bound."""
JOIN_S = 10.0
"""Movements closer than this are one bout."""
CONFIDENCE = 0.5
SWITCHED = Text("In {n} moments nearly the whole picture changed at once, as when a light is switched: no movement is told there.")


def _one(seen: WatchedNight, night: NightInput) -> Extraction | None:
    watched = seen.watched
    middle = (watched.from_s + watched.to_s) / 2.0 + seen.offset_s
    epochs = epoch_of(middle)
    told = np.isfinite(watched.moved_pct) & (epochs >= 0) & (epochs < night.n_epochs)
    if not told.any():
        return None
    column = bounded(COLUMN, epoch_mean(epochs[told], watched.moved_pct[told], n_epochs=night.n_epochs))
    switched = int(np.isnan(watched.moved_pct).sum())
    notes = (Text(SWITCHED.msgid, {"n": switched}),) if switched else ()
    coverage = float(np.isfinite(column).mean())
    end_s = night.n_epochs * EPOCH_S
    first_s = max(float(watched.from_s[told][0]) + seen.offset_s, 0.0)
    quality = StreamQuality(COLUMN, seen.source, coverage, first_s, min(float(watched.to_s[told][-1]) + seen.offset_s, end_s), notes)
    return Extraction(seen.source, COLUMN, {COLUMN: column}, EventTable.of(_bouts(seen, end_s)), quality=(quality,))


def _bouts(seen: WatchedNight, end_s: float) -> list[Event]:
    watched = seen.watched
    with np.errstate(invalid="ignore"):
        at = np.flatnonzero(watched.moved_pct > BOUT_PCT)
    if not len(at):
        return []
    cuts = 1 + np.flatnonzero(watched.from_s[at[1:]] - watched.to_s[at[:-1]] > JOIN_S)
    events = []
    for rows in np.split(at, cuts):
        onset_s = float(watched.from_s[rows[0]]) + seen.offset_s
        length_s = float(watched.to_s[rows[-1]] - watched.from_s[rows[0]])
        if 0.0 <= onset_s < end_s:
            events.append(Event(EventKind.MV, onset_s, length_s, CONFIDENCE, seen.source, _peak(watched.moved_pct[rows])))
    return events


def _peak(shares: NDArray[np.float64]) -> float:
    return round(float(np.nanmax(shares)), 1)


def extract_camera_movement(night: NightInput) -> tuple[Extraction, ...]:
    """Extract movement from every video.

    Parameters
    ----------
    night : NightInput
        Media of the kind "video" are decoded.

    Returns
    -------
    tuple of Extraction
        `camera_motion_pct`: mean share of the picture that changed between pictures about a second apart, or as far apart as the
        video's key frames. MV events: bouts; `value` is the largest share [%]. No camera's scale is another's: nothing is staged from it.
    """
    found = (_one(seen, night) for seen in watched_nights(night))
    return tuple(extraction for extraction in found if extraction is not None)


EXTRACTOR = Extractor(
    key="camera_movement", name=Text("Movement on video"), channels=("video",), columns=(COLUMN,), extract=extract_camera_movement
)
