"""Position seen by a camera: landmarks of the body when it rests, and how the trunk lies against gravity."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.posture import POSITIONS, TOLD, body_chances, settled, upwards
from somnia_engine.dsp.windows import epoch_of
from somnia_engine.extractors._watched import STILL_PCT, WatchedNight, watched_nights
from somnia_engine.text import Text
from somnia_engine.types.features import Extraction, Extractor, NightInput, StreamQuality
from somnia_engine.types.hypnogram import EPOCH_S

COLUMN, LIKELIHOOD = "camera_position", "p_camera_position"
LASTS_S = 90.0
"""A glance stands for so long, unless something moves before."""
NOT_SHOWN = Text("Positions from a camera were checked on rendered bodies and a mannequin, never on real sleepers.")
UNSAID = Text("How the camera looks was not said, so no position is told. It is told from straight above only.")
ASLANT = Text("This camera does not look straight down: a position would be wrong too often, so none is told.")


def _one(seen: WatchedNight, night: NightInput) -> Extraction | None:
    told = seen.look in TOLD
    chances = _by_epoch(seen, night.n_epochs) if told else np.full((night.n_epochs, POSITIONS), np.nan)
    column = settled(chances)
    known = np.isfinite(column)
    likely = np.full(night.n_epochs, np.nan, dtype=np.float32)
    likely[known] = chances[known, column[known].astype(np.intp)]
    times = np.array([glance.time_s for glance in seen.watched.glances]) + seen.offset_s
    inside = times[(times >= 0.0) & (times < night.n_epochs * EPOCH_S)]
    if not len(inside):
        return None
    note = NOT_SHOWN if told else ASLANT if seen.look else UNSAID
    quality = StreamQuality(COLUMN, seen.source, float(known.mean()), float(inside[0]), float(inside[-1]), (note,))
    return Extraction(seen.source, COLUMN, {COLUMN: column, LIKELIHOOD: likely}, quality=(quality,))


def _by_epoch(seen: WatchedNight, n_epochs: int) -> NDArray[np.float64]:
    """Return the chances of each position in each epoch, shape (n, 5); a position holds until something moves."""
    up, watched = upwards(seen.look), seen.watched
    with np.errstate(invalid="ignore"):
        moves = watched.from_s[~(watched.moved_pct <= STILL_PCT)]
    sums, counts = np.zeros((n_epochs, POSITIONS)), np.zeros(n_epochs)
    for k, glance in enumerate(watched.glances):
        later = watched.glances[k + 1].time_s if k + 1 < len(watched.glances) else np.inf
        moved = moves[moves >= glance.time_s]
        end_s = min(glance.time_s + LASTS_S, later, float(moved[0]) if len(moved) else np.inf)
        chances = body_chances(glance.body, up) if glance.body is not None else np.zeros(POSITIONS)
        if not np.isfinite(chances).all():
            chances = np.zeros(POSITIONS)
        first, last = epoch_of(np.array([glance.time_s, max(end_s - 1e-3, glance.time_s)]) + seen.offset_s)
        span = slice(max(int(first), 0), max(min(int(last) + 1, n_epochs), 0))
        sums[span] += chances
        counts[span] += 1.0
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1.0)[:, None], np.nan)


def extract_pose(night: NightInput) -> tuple[Extraction, ...]:
    """Extract the position from every video whose camera looks straight down.

    Parameters
    ----------
    night : NightInput
        Media of the kind "video", decoded as a stream; a body is looked for when the picture rests.

    Returns
    -------
    tuple of Extraction
        `camera_position`: 0 supine, 1 left, 2 right, 3 prone, 4 upright; `p_camera_position`: how likely it is, 0..1. NaN where nobody
        was found, no position is likely enough, or it was not said that the camera looks straight down. No detector reads them: the
        card of `models/pose` says why.
    """
    found = (_one(seen, night) for seen in watched_nights(night))
    return tuple(extraction for extraction in found if extraction is not None)


EXTRACTOR = Extractor(key="pose", name=Text("Camera: position"), channels=("video",), columns=(COLUMN, LIKELIHOOD), extract=extract_pose)
