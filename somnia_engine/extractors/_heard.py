"""The sound recordings of a night, each heard once, whatever number of extractors ask."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.windows import Column, epoch_of
from somnia_engine.hearing import Heard, hear_file
from somnia_engine.text import Text
from somnia_engine.types.features import NightInput, StreamQuality
from somnia_engine.types.hypnogram import EPOCH_S


class HeardNight(NamedTuple):
    """One sound laid on the night: `first` is the night second of its first second; `kept` marks the seconds within the night."""

    source: str
    heard: Heard
    first: int
    kept: NDArray[np.bool_]
    epochs: NDArray[np.int64]


def heard_nights(night: NightInput) -> Iterator[HeardNight]:
    """Yield every sound recording of the night that holds a sounding second within it."""
    for placed in night.placed:
        for media in placed.recording.media:
            if media.kind != "audio":
                continue
            status = media.path.stat()
            heard = _heard(media.path, status.st_size, status.st_mtime_ns)
            first = int(np.floor(placed.offset_s + media.onset_s + 0.5))
            at = first + np.arange(len(heard.power))
            kept = (at >= 0) & (at < int(night.n_epochs * EPOCH_S)) & (heard.power > 0.0)
            if kept.any():
                yield HeardNight(placed.source, heard, first, kept, epoch_of(at[kept].astype(np.float64)))


def heard_quality(sound: HeardNight, stream: str, column: Column, notes: tuple[Text, ...] = ()) -> StreamQuality:
    """Return how a column made of a sound covers the night."""
    at = np.flatnonzero(sound.kept) + sound.first
    return StreamQuality(stream, sound.source, float(np.isfinite(column).mean()), float(at[0]), float(at[-1] + 1), notes)


@lru_cache(maxsize=2)
def _heard(path: Path, size: int, changed_ns: int) -> Heard:
    return hear_file(path)
