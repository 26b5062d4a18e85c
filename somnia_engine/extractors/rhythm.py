"""Irregular rhythm: its likelihood in every half minute, from the beats of each source."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.irregularity import MEASURES, irregularity
from somnia_engine.dsp.trees import Trees, load_trees
from somnia_engine.dsp.windows import Column
from somnia_engine.errors import ModelError
from somnia_engine.extractors._beats import Beats, beats_of
from somnia_engine.metrics.rhythm import episodes
from somnia_engine.resources import load_model
from somnia_engine.text import Text
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import Extraction, Extractor, NightInput, Placed, StreamQuality
from somnia_engine.types.hypnogram import EPOCH_S

NAME = "rhythm"
WEIGHTS = "rhythm.npz"
LEAST_USABLE_FRAC = 0.5
"""An epoch of which less than this could be read has no rhythm."""


@cache
def _trees() -> Trees:
    model = load_model(NAME)
    if list(model.card["inputs"]) != list(MEASURES):
        raise ModelError(Text("The model {name} was trained on other inputs than this version computes; train it again.", {"name": NAME}))
    return load_trees(model.weights[WEIGHTS])


def irregular_probability(beats: Beats, n_epochs: int) -> Column:
    """Return the likelihood of an irregular rhythm in each epoch, shape (n_epochs,); NaN where too few beats could be read."""
    rows = irregularity(beats.rr, beats.epochs, n_windows=n_epochs)
    seen = np.isfinite(rows[:, 0])
    if beats.usable_frac is not None:
        seen &= beats.usable_frac >= LEAST_USABLE_FRAC
    p = np.full(n_epochs, np.nan, dtype=np.float32)
    if seen.any():
        p[seen] = _trees().probability(rows[seen])
    return p


def _events(p: NDArray[np.float32], source: str) -> EventTable:
    return EventTable.of(
        Event(EventKind.IR, first * EPOCH_S, (end - first) * EPOCH_S, float(p[first:end].mean()), source) for first, end in episodes(p)
    )


def _one(placed: Placed, night: NightInput) -> Extraction | None:
    beats = beats_of(placed, night)
    if beats is None:
        return None
    p = irregular_probability(beats, night.n_epochs)
    seen = np.flatnonzero(np.isfinite(p))
    if not len(seen):
        return None
    coverage = float(np.isfinite(p).mean())
    quality = StreamQuality("p_irregular_rhythm", placed.source, coverage, float(seen[0] * EPOCH_S), float((seen[-1] + 1) * EPOCH_S))
    return Extraction(placed.source, "p_irregular_rhythm", {"p_irregular_rhythm": p}, _events(p, placed.source), quality=(quality,))


def extract_rhythm(night: NightInput) -> tuple[Extraction, ...]:
    """Extract how likely the rhythm of each epoch is irregular as in atrial fibrillation.

    Parameters
    ----------
    night : NightInput
        Beats of every source are read: channel `rr_ms`, or an ECG.

    Returns
    -------
    tuple of Extraction
        `p_irregular_rhythm`: 0..1, NaN where fewer than 8 intervals could be read. IR events: at least two epochs in a row at 0.8 or
        above. The model and its limits stand in `models/rhythm/card.toml`.
    """
    found = (_one(placed, night) for placed in night.placed)
    return tuple(extraction for extraction in found if extraction is not None)


EXTRACTOR = Extractor(key="rhythm", name=Text("Rhythm"), channels=("rr_ms",), columns=("p_irregular_rhythm",), extract=extract_rhythm)
