"""Movements and voice in likely REM sleep, when the muscles of the trunk and limbs mostly rest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.resampling import runs
from somnia_engine.types.events import EventKind
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import NightRecord

BRIDGED_EPOCHS = 4
"""Another stage of up to two minutes between two epochs of REM is taken with them: an automatic scorer calls a moved epoch wake."""
MOVED: tuple[tuple[str, float], ...] = (("activity_count", 20.0), ("enmo_mg", 20.0), ("motion_index", 10.0))
"""Columns of movement, the best first, and the value from which an epoch counts as moved; our own bounds.

At 20 counts, of 22 healthy people (Walch 2019, laboratory stages) one had 6 bouts or more per hour of likely REM
(tests/engine/metrics/test_rem_bouts.py). The other two columns were never held against people.
"""
VOICE = "vocal_frac"
SEEN = (EventKind.TK, EventKind.LM, EventKind.MV)
"""Events that are a bout of their own."""


@dataclass(frozen=True, slots=True)
class RemBouts:
    """Bouts in likely REM sleep: `minutes` of it with movement or voice measured, `spans` [s] of the bouts, `source` that told."""

    minutes: float
    spans: tuple[tuple[float, float], ...]
    source: str

    @property
    def per_h(self) -> float:
        """Bouts per hour; NaN without minutes."""
        return 60.0 * len(self.spans) / self.minutes if self.minutes > 0 else float("nan")


def likely_rem(hypnogram: Hypnogram) -> NDArray[np.bool_]:
    """Return which epochs are likely REM, shape (n,): those scored so and what lies between two of them within two minutes."""
    rem = np.asarray(hypnogram.stages == Stage.R)
    at = np.flatnonzero(rem)
    for first, following in zip(at[:-1].tolist(), at[1:].tolist(), strict=True):
        if 1 < following - first <= BRIDGED_EPOCHS + 1:
            rem[first:following] = True
    return rem


def rem_bouts(night: NightRecord) -> RemBouts:
    """Return the bouts of movement or voice in likely REM sleep.

    Parameters
    ----------
    night : NightRecord
        A hypnogram of 30-s epochs that tells REM; one of the columns of movement, or `vocal_frac`; TK, LM and MV events.

    Returns
    -------
    RemBouts
        No minutes where stages, or both movement and voice, were not measured.
    """
    features, hypnogram = night.features, night.hypnogram
    if features is None or hypnogram is None or hypnogram.epoch_s != EPOCH_S or not features.n_epochs:
        return RemBouts(0.0, (), "")
    n = min(features.n_epochs, len(hypnogram.stages))
    rem = likely_rem(hypnogram)[:n]
    column, least = _movement(features, rem)
    moved, voice = features[column][:n], features[VOICE][:n]
    known = rem & (np.isfinite(moved) | np.isfinite(voice))
    with np.errstate(invalid="ignore"):
        active = known & (moved >= least)
    for event in night.events.of_kind(*SEEN):
        epoch = int(event.onset_s // EPOCH_S)
        if 0 <= epoch < n:
            active[epoch] |= known[epoch]
    spans = tuple((first * EPOCH_S, past * EPOCH_S) for first, past in runs(active))
    told = [name for name in (column, VOICE) if np.isfinite(features[name][:n][rem]).any()]
    source = ", ".join(dict.fromkeys(s for name in told for s in features.sources.get(name, ())))
    return RemBouts(float(np.count_nonzero(known)) * EPOCH_S / 60.0, spans, source)


def _movement(features: NightFeatures, rem: NDArray[np.bool_]) -> tuple[str, float]:
    """Return the best column of movement that was measured in REM, and its bound."""
    return next((one for one in MOVED if np.isfinite(features[one[0]][: len(rem)][rem]).any()), MOVED[0])
