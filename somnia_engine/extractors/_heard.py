"""The sound recordings of a night, each heard once, whatever number of extractors ask."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.noise_floor import STEP_S, standing_out_db
from somnia_engine.dsp.windows import Column, epoch_of
from somnia_engine.extractors._clocks import Shift, shift_of
from somnia_engine.hearing import Heard, hear_file
from somnia_engine.hearing.listener import ENVELOPE_HZ, MEL_ENVELOPES
from somnia_engine.text import Text
from somnia_engine.types.features import NightInput, StreamQuality
from somnia_engine.types.hypnogram import EPOCH_S

TOO_NOISY = 0.7
"""Of 100 clean seconds of sources that were left out, 98 stay under this."""
LEAST_STANDING_OUT_DB = 17.5
"""Under it the noise is taken to hide a sleeper: of composed half hours 5 dB under noise most stay below, of those 20 dB above it none."""
LEAST_JUDGED_S = 600
"""A shorter sound has too few moments to tell steady noise from steady breathing."""
QUIET_DB = -60.0
"""A floor under this [dB re full scale] is a quiet room, or a quiet microphone, whatever stands out of it."""
FLOOR_PERCENTILE = 20.0


class HeardNight(NamedTuple):
    """One sound laid on the night: `first` is the night second of its first second; `kept` marks the seconds within the night.

    `first` is by the sound's own clock, `shift` brings it to the clock of a sensor on the body over the night's `length_s`.
    `noisy` marks the seconds in which noise may hide a sleeper; `full_scale_db` is the microphone's calibration.
    """

    source: str
    heard: Heard
    first: int
    kept: NDArray[np.bool_]
    epochs: NDArray[np.int64]
    noisy: NDArray[np.bool_]
    full_scale_db: float | None
    shift: Shift
    length_s: float
    path: Path

    def at_s(self, second: float) -> float:
        """Return the night time of a second of the sound."""
        return float(_shifted(np.array([self.first + second]), self.shift, self.length_s)[0])

    def second_of(self, night_s: float) -> float:
        """Return the second of the sound at a night time."""
        return night_s - (self.shift.start_s + (self.shift.end_s - self.shift.start_s) * night_s / self.length_s) - self.first

    @property
    def seconds(self) -> NDArray[np.int64]:
        """Night second of each kept second."""
        return np.asarray(_night_seconds(len(self.kept), self.first, self.shift, self.length_s)[self.kept])


def heard_nights(night: NightInput) -> Iterator[HeardNight]:
    """Yield every sound recording of the night that holds a sounding second within it."""
    for placed in night.placed:
        for media in placed.recording.media:
            if media.kind != "audio":
                continue
            status = media.path.stat()
            heard, noisy = _heard(media.path, status.st_size, status.st_mtime_ns, weighted=media.full_scale_db is not None)
            first = int(np.floor(placed.offset_s + media.onset_s + 0.5))
            length_s = night.n_epochs * EPOCH_S
            shift = shift_of(placed, night, heard=heard, first=first)
            at = _night_seconds(len(heard.power), first, shift, length_s)
            kept = (at >= 0) & (at < int(length_s)) & (heard.power > 0.0)
            if kept.any():
                epochs = epoch_of(at[kept].astype(np.float64))
                yield HeardNight(placed.source, heard, first, kept, epochs, noisy, media.full_scale_db, shift, length_s, media.path)


def _shifted(night_s: NDArray[np.float64], shift: Shift, length_s: float) -> NDArray[np.float64]:
    return np.asarray(night_s + shift.start_s + (shift.end_s - shift.start_s) * night_s / length_s)


def _night_seconds(count: int, first: int, shift: Shift, length_s: float) -> NDArray[np.int64]:
    return np.asarray(np.floor(_shifted(first + np.arange(count, dtype=np.float64), shift, length_s) + 0.5), dtype=np.int64)


def noisy_seconds(heard: Heard) -> NDArray[np.bool_]:
    """Return in which seconds noise may hide a sleeper: the classifier says so, or hardly a sound stands above the floor around it."""
    noisy = heard.p_noisy > TOO_NOISY
    sounding = heard.power > 0.0
    if sounding.sum() < LEAST_JUDGED_S:
        return np.asarray(noisy)
    bands = heard.envelopes[np.repeat(sounding, ENVELOPE_HZ), MEL_ENVELOPES]
    hidden = standing_out_db(bands, fs=float(ENVELOPE_HZ)) < LEAST_STANDING_OUT_DB
    level = heard.level_db[sounding]
    step = int(STEP_S)
    quiet = [np.percentile(level[row * step : (row + 1) * step], FLOOR_PERCENTILE) < QUIET_DB for row in range(len(hidden))]
    noisy[sounding] |= np.repeat(hidden & ~np.array(quiet), step)[: len(level)]
    return np.asarray(noisy)


def heard_quality(sound: HeardNight, stream: str, column: Column, notes: tuple[Text, ...] = ()) -> StreamQuality:
    """Return how a column made of a sound covers the night."""
    at = sound.seconds
    return StreamQuality(stream, sound.source, float(np.isfinite(column).mean()), float(at[0]), float(at[-1] + 1), notes)


@lru_cache(maxsize=2)
def _heard(path: Path, size: int, changed_ns: int, *, weighted: bool) -> tuple[Heard, NDArray[np.bool_]]:
    heard = hear_file(path, weighted=weighted)
    return heard, noisy_seconds(heard)
