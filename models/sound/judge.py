"""Labelled seconds of the clips, what a phone and a room do to them, and how well answers tell the classes apart."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.agreement import area
from models.sound.augment import FS_HZ, band_limited, companded, reverberant, tilted
from models.sound.data import Clip, level_db, load

Sound = NDArray[np.float32]
Answer = NDArray[np.float32]

LOUD_DB, LOUD_SNORE_DB = 20.0, 12.0
"""Seconds so far below the loudest of their clip are left out: they hold nothing of its class. Snores are far apart, so less far."""
SPECIFICITY = 0.95
STRAPS = 300


@dataclass(frozen=True, slots=True, eq=False)
class Seconds:
    """Labelled seconds: sound (n, FS_HZ), class, source and kind of each."""

    sound: Sound
    labels: NDArray[np.str_]
    sources: NDArray[np.str_]
    kinds: NDArray[np.str_]


def seconds_of(clips: list[Clip]) -> Seconds:
    """Return the sounding seconds of the clips; one that is shorter than a second is padded with silence."""
    rows = []
    for clip in clips:
        sound = load(clip)
        count = max(1, len(sound) // FS_HZ)
        parts = np.pad(sound, (0, max(count * FS_HZ - len(sound), 0)))[: count * FS_HZ].reshape(count, FS_HZ)
        levels = np.array([level_db(part) for part in parts])
        kept = levels > levels.max() - (LOUD_SNORE_DB if clip.label == "snore" else LOUD_DB)
        rows += [(part, clip.label, clip.source, clip.kind) for part in parts[kept]]
    sound, labels, sources, kinds = zip(*rows, strict=True)
    return Seconds(np.stack(sound), np.array(labels), np.array(sources), np.array(kinds))


def quieter(sound: Sound, gain_db: float) -> Sound:
    """Return the sound at another gain, in 16-bit steps as a file keeps it."""
    return np.asarray(np.round(sound * 10.0 ** (gain_db / 20.0) * 32767.0).clip(-32768, 32767) / 32767.0, dtype=np.float32)


def under(sound: Sound, noise: Sound, snr_db: float, rng: np.random.Generator) -> Sound:
    """Return each second under a stretch of a noise at a signal-to-noise ratio."""
    mixed = np.empty_like(sound)
    for row, part in enumerate(sound):
        at = int(rng.integers(0, len(noise) - FS_HZ))
        behind = noise[at : at + FS_HZ]
        level = np.sqrt(np.mean(part**2) / (np.mean(behind**2) + 1e-12)) * 10.0 ** (-snr_db / 20.0)
        mixed[row] = part + level * behind
    top = np.abs(mixed).max(axis=1, keepdims=True)
    return np.asarray(mixed / np.maximum(top, 1.0), dtype=np.float32)


def across_a_room(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return each second as it is heard from the other end of a room: echoes, fewer highs."""
    return np.stack([tilted(reverberant(part, rng, decay_s=0.5, wet=0.9), 0.4) for part in sound])


def by_phone(sound: Sound, _: np.random.Generator) -> Sound:
    """Return each second as a telephone's codec (G.711) sends it."""
    return np.stack([companded(part) for part in sound])


def by_narrow_codec(sound: Sound, _: np.random.Generator) -> Sound:
    """Return each second without what lies above 3.4 kHz."""
    return np.stack([band_limited(part, 3400.0) for part in sound])


def threshold_at(scores: Answer, truth: NDArray[np.bool_], specificity: float = SPECIFICITY) -> float:
    """Return the score that `specificity` of the others stay under."""
    return float(np.quantile(scores[~truth], specificity))


def sensitivity(scores: Answer, truth: NDArray[np.bool_]) -> float:
    """Return the share found at 95 % specificity."""
    if truth.all() or not truth.any():
        return float("nan")
    return float((scores[truth] > threshold_at(scores, truth)).mean())


def strapped(
    measure: Callable[[NDArray[np.float64], NDArray[np.bool_]], float],
    scores: Answer,
    truth: NDArray[np.bool_],
    sources: NDArray[np.str_],
) -> tuple[float, float, float]:
    """Return a figure and its 95 % interval over sources, those with and those without the class drawn apart."""
    rng = np.random.default_rng(1)
    names, rows = np.unique(sources, return_inverse=True)
    rows_of = [np.flatnonzero(rows == name) for name in range(len(names))]
    groups = [[part for part in rows_of if truth[part].any() == wanted] for wanted in (True, False)]
    draws = []
    for _ in range(STRAPS):
        chosen = np.concatenate([part[i] for part in groups if part for i in rng.integers(len(part), size=len(part))])
        draws.append(measure(scores[chosen].astype(np.float64), truth[chosen]))
    low, high = np.nanpercentile(draws, (2.5, 97.5))
    return measure(scores.astype(np.float64), truth), float(low), float(high)


def auc(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve."""
    return area(truth, scores)
