"""Sound level of the night, relative to the loudest a recording can hold."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.windows import epoch_max, epoch_mean
from somnia_engine.extractors._heard import HeardNight, heard_nights, heard_quality
from somnia_engine.hearing import level_db
from somnia_engine.text import Text
from somnia_engine.types.features import Extraction, Extractor, NightInput, feature
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.signals import Signal

FLOOR_PERCENTILE = 10.0
"""The noise floor is the level that the quietest tenth of the seconds stays under."""
CLIPPED_FRAC = 0.001
"""A second with more samples at full scale than this is overdriven."""


def _one(sound: HeardNight, n_epochs: int) -> Extraction:
    kept, epochs = sound.kept, sound.epochs
    at, powers = np.flatnonzero(kept) + sound.first, sound.heard.power[kept]
    bounds = feature("sound_level_db")
    levels = np.clip(level_db(powers), bounds.low, bounds.high)
    mean = level_db(epoch_mean(epochs, powers, n_epochs=n_epochs).astype(np.float64)).astype(np.float32)
    trace = np.full(int(n_epochs * EPOCH_S), np.nan, dtype=np.float32)
    trace[at] = levels
    columns = {"sound_level_db": np.clip(mean, bounds.low, bounds.high), "sound_peak_db": epoch_max(epochs, levels, n_epochs=n_epochs)}
    quality = heard_quality(sound, "sound_level_db", mean, _notes(sound, levels))
    return Extraction(
        sound.source, "sound_level_db", columns, traces=(Signal("sound_level_db", trace, 1.0, bounds.unit),), quality=(quality,)
    )


def _notes(sound: HeardNight, levels: NDArray[np.float64]) -> tuple[Text, ...]:
    floor = round(float(np.percentile(levels, FLOOR_PERCENTILE)), 1)
    notes = [Text("The quietest tenth of the night stays under {floor} dB (relative: the microphone is not calibrated).", {"floor": floor})]
    clipped = int((sound.heard.clipped_frac[sound.kept] > CLIPPED_FRAC).sum())
    if clipped:
        notes.append(Text("{n} seconds are overdriven: the microphone could not hold their loudness.", {"n": clipped}))
    return tuple(notes)


def extract_sound(night: NightInput) -> tuple[Extraction, ...]:
    """Extract the sound level of every sound recording.

    Parameters
    ----------
    night : NightInput
        Media of the kind "audio" are read.

    Returns
    -------
    tuple of Extraction
        `sound_level_db`: level of the mean power of an epoch; `sound_peak_db`: its loudest second. Both in dB re full scale: a phone's
        microphone is not calibrated, so they compare moments of one night only. The trace has the level of each second.
    """
    return tuple(_one(sound, night.n_epochs) for sound in heard_nights(night))


EXTRACTOR = Extractor(
    key="sound", name=Text("Sound"), channels=("audio",), columns=("sound_level_db", "sound_peak_db"), extract=extract_sound
)
