"""Snoring: how much of each epoch, and each single snore."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.snores import detect_snores
from somnia_engine.dsp.windows import Column, epoch_count, epoch_mean
from somnia_engine.extractors._heard import HeardNight, heard_nights, heard_quality
from somnia_engine.extractors._streams import bounded
from somnia_engine.hearing.classifier import load_sound_classifier
from somnia_engine.hearing.listener import ENVELOPE_HZ
from somnia_engine.text import Said, Text
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import Extraction, Extractor, NightInput, StreamQuality
from somnia_engine.types.hypnogram import EPOCH_S

LEAST_HEARD_FRAC = 0.5
TONE_COLUMNS = ("snore_pitch_hz", "snore_formant_1_hz", "snore_formant_2_hz")
"""In the order of `dsp.snore_tone.TONES`."""


def _one(sound: HeardNight, n_epochs: int) -> Extraction:
    heard, kept = sound.heard, sound.kept
    threshold = load_sound_classifier().thresholds["snore"]
    p = heard.of("snore")
    clear = ~sound.noisy
    usable = kept & (clear | (p >= threshold))
    epochs = sound.epochs[usable[kept]]
    share = epoch_mean(epochs, (p[usable] >= threshold).astype(np.float64), n_epochs=n_epochs)
    share[epoch_count(epochs, n_epochs) < LEAST_HEARD_FRAC * EPOCH_S] = np.nan
    loudness = heard.loudness
    snores = detect_snores(loudness, np.where(kept, p, 0.0).astype(np.float32), fs=ENVELOPE_HZ, threshold=threshold)
    end_s = n_epochs * EPOCH_S
    events = [
        Event(EventKind.SN, sound.at_s(s.onset_s), s.duration_s, s.p, sound.source, s.peak_db)
        for s in snores
        if 0.0 <= sound.at_s(s.onset_s) < end_s
    ]
    return Extraction(
        sound.source,
        "snore_frac",
        {"snore_frac": share, **_tones(sound, n_epochs)},
        EventTable.of(events),
        quality=(_quality(sound, share, clear),),
    )


def _tones(sound: HeardNight, n_epochs: int) -> dict[str, Column]:
    """Return the median pitch and formants of the epochs that hold a snore that was listened to, NaN in others."""
    columns = {}
    for name, values in zip(TONE_COLUMNS, sound.heard.tones[sound.kept].T, strict=True):
        seen = np.isfinite(values)
        column = np.full(n_epochs, np.nan, dtype=np.float32)
        for epoch in np.unique(sound.epochs[seen]):
            column[epoch] = np.median(values[seen & (sound.epochs == epoch)])
        columns[name] = bounded(name, column)
    return columns


def _quality(sound: HeardNight, share: NDArray[np.float32], clear: NDArray[np.bool_]) -> StreamQuality:
    noisy = float((~clear[sound.kept]).mean())
    said: Said = {"share": round(100.0 * noisy)}
    notes = (Text("In {share} % of the sound, noise may hide snoring and breathing.", said),) if noisy >= 0.01 else ()
    return heard_quality(sound, "snore_frac", share, notes)


def extract_snore(night: NightInput) -> tuple[Extraction, ...]:
    """Extract snoring from every sound recording.

    Parameters
    ----------
    night : NightInput
        Media of the kind "audio" are heard.

    Returns
    -------
    tuple of Extraction
        `snore_frac`: share of the usable seconds of an epoch that sound like snoring; NaN where fewer than half of them can be used
        (too much noise). `snore_pitch_hz` and the two formants: medians over the loudest snores of each
        64 s. SN events: single snores, `value` is their peak above the floor around them [dB].
    """
    return tuple(_one(sound, night.n_epochs) for sound in heard_nights(night))


EXTRACTOR = Extractor(key="snore", name=Text("Snoring"), channels=("audio",), columns=("snore_frac", *TONE_COLUMNS), extract=extract_snore)
