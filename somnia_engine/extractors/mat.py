"""A pressure mat: on which side the body lies in each epoch."""

import io
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.mat_pressure import mat_features, position_chances
from somnia_engine.dsp.posture import settled
from somnia_engine.dsp.windows import epoch_of
from somnia_engine.readers.mat import read_frames
from somnia_engine.resources import load_model
from somnia_engine.text import Text
from somnia_engine.types.features import Extraction, Extractor, NightInput, Placed, StreamQuality
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.recording import Media

COLUMN, WEIGHTS = "mat_position", "mat.npz"
EVERY_S = 5.0
STAY, TURN = 0.55, 0.75
"""A position stays while it has this probability; a new one is believed from TURN on. In between nothing is told."""
NO_FRONT = Text("A mat cannot tell the back from the front.")


class _Weights(NamedTuple):
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]


@cache
def _weights() -> _Weights:
    with np.load(io.BytesIO(load_model("mat").weights[WEIGHTS]), allow_pickle=False) as kept:
        return _Weights(kept["weights"], kept["bias"])


def _one(placed: Placed, media: Media, night: NightInput) -> Extraction | None:
    sums, counts = np.zeros((night.n_epochs, 3)), np.zeros(night.n_epochs)
    offset_s, model = placed.offset_s + media.onset_s, _weights()
    for time_s, frame in read_frames(media.path, EVERY_S, head=media.head):
        epoch = int(epoch_of(np.array([time_s + offset_s]))[0])
        if 0 <= epoch < night.n_epochs:
            chances = position_chances(mat_features(frame[None]), weights=model.weights, bias=model.bias)[0]
            if np.isfinite(chances).all():
                sums[epoch] += chances
                counts[epoch] += 1
    if not counts.any():
        return None
    column = settled(np.where(counts[:, None] > 0, sums / np.maximum(counts, 1.0)[:, None], np.nan), stay=STAY, turn=TURN)
    at = np.flatnonzero(counts)
    coverage = float(np.isfinite(column).mean())
    quality = StreamQuality(COLUMN, placed.source, coverage, at[0] * EPOCH_S, (at[-1] + 1) * EPOCH_S, (NO_FRONT,))
    return Extraction(placed.source, COLUMN, {COLUMN: column}, quality=(quality,))


def extract_mat(night: NightInput) -> tuple[Extraction, ...]:
    """Extract the position from every pressure mat.

    Parameters
    ----------
    night : NightInput
        Media of the kind "mat" are read, a frame every 5 s.

    Returns
    -------
    tuple of Extraction
        `mat_position`: 0 on the back or the front, 1 on the left side, 2 on the right side; NaN where the mat is empty or no position
        is likely enough. The model (`models/mat`) knows no lying on the front, so this column never enters a checklist that asks for it.
    """
    found = (_one(placed, media, night) for placed in night.placed for media in placed.recording.media if media.kind == "mat")
    return tuple(extraction for extraction in found if extraction is not None)


EXTRACTOR = Extractor(key="mat", name=Text("Pressure mat"), channels=("mat",), columns=(COLUMN,), extract=extract_mat)
