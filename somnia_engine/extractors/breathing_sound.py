"""Breathing that can be heard: its rate in each epoch, its pauses, and waves in its loudness."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.breathing_rate import breathing_rate
from somnia_engine.dsp.pauses import detect_pauses
from somnia_engine.dsp.periodic_breathing import breathing_waves
from somnia_engine.dsp.windows import Column
from somnia_engine.extractors._heard import HeardNight, heard_nights, heard_quality
from somnia_engine.extractors._streams import bounded
from somnia_engine.hearing.listener import ENVELOPE_HZ
from somnia_engine.text import Text
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import Extraction, Extractor, NightInput
from somnia_engine.types.hypnogram import EPOCH_S

STRETCH_S = 60.0
LEAST_S = 25.0
LEAST_QUALITY = 0.3
"""Correlation at the period under which a stretch has no rate; noise alone stays under it in 99 of 100 minutes (tests)."""
PAUSE_CONFIDENCE = 0.5
MOST_NOISY_FRAC = 0.5
"""A pause of whose seconds more are too noisy than this is none: noise hides breaths."""


def _rates(sound: HeardNight, n_epochs: int) -> NDArray[np.float32]:
    """Return the rate of each epoch from the minute around it; at the ends of the sound from what there is."""
    envelopes = sound.heard.envelopes
    rates = np.full(n_epochs, np.nan, dtype=np.float32)
    for epoch in np.unique(sound.epochs):
        middle = sound.second_of((epoch + 0.5) * EPOCH_S)
        low = max(0.0, min(middle - STRETCH_S / 2.0, len(sound.heard.power) - STRETCH_S))
        part = envelopes[round(low * ENVELOPE_HZ) : round((low + STRETCH_S) * ENVELOPE_HZ)]
        if len(part) >= LEAST_S * ENVELOPE_HZ:
            rate, quality = breathing_rate(part, ENVELOPE_HZ)
            rates[epoch] = rate if quality >= LEAST_QUALITY else np.nan
    return bounded("resp_rate_bpm", rates)


def _waves(sound: HeardNight, loudness: Column, rates: Column) -> dict[str, Column]:
    """Return in which epochs breathing waxed and waned (0 where breaths were heard all the same), and the length of these waves."""
    frac = np.where(np.isfinite(rates), np.float32(0.0), np.float32(np.nan))
    cycle = np.full(len(rates), np.nan, dtype=np.float32)
    for wave in breathing_waves(sound.heard.envelopes, loudness, fs=ENVELOPE_HZ):
        first, end = sound.at_s(wave.onset_s), sound.at_s(wave.onset_s + wave.duration_s)
        second = slice(int(wave.onset_s), int(wave.onset_s + wave.duration_s))
        if np.isfinite(wave.cycle_s) and sound.noisy[second].mean() <= MOST_NOISY_FRAC:
            epochs = slice(max(0, int(np.ceil(first / EPOCH_S))), max(0, int(end // EPOCH_S)))
            frac[epochs], cycle[epochs] = 1.0, wave.cycle_s
    return {"periodic_breathing_frac": frac, "breathing_cycle_s": cycle}


def _one(sound: HeardNight, n_epochs: int) -> Extraction:
    rates = _rates(sound, n_epochs)
    loudness = sound.heard.loudness
    end_s = n_epochs * EPOCH_S
    events = []
    for pause in detect_pauses(loudness, fs=ENVELOPE_HZ):
        onset_s, second = sound.at_s(pause.onset_s), int(pause.onset_s)
        if 0.0 <= onset_s < end_s and sound.noisy[second : second + int(pause.duration_s)].mean() <= MOST_NOISY_FRAC:
            events.append(Event(EventKind.BP, onset_s, pause.duration_s, PAUSE_CONFIDENCE, sound.source, pause.ending_db))
    quality = heard_quality(sound, "resp_rate_bpm", rates)
    columns = {"resp_rate_bpm": rates, **_waves(sound, loudness, rates)}
    return Extraction(sound.source, "resp_rate_bpm", columns, EventTable.of(events), quality=(quality,))


def extract_breathing_sound(night: NightInput) -> tuple[Extraction, ...]:
    """Extract the rate and the pauses of audible breathing.

    Parameters
    ----------
    night : NightInput
        Media of the kind "audio" are heard.

    Returns
    -------
    tuple of Extraction
        `resp_rate_bpm`: breaths per minute in the minute around each epoch, NaN where nothing repeats clearly. BP events: 10 to 90 s
        without a sound between audible breaths; `value` is how far the sound after it stands above the floor [dB].
        `periodic_breathing_frac`: 1 where loudness waxed and waned in waves of 40 to 90 s, 0 in other epochs with a rate (experimental);
        `breathing_cycle_s`: the length of these waves.
    """
    return tuple(_one(sound, night.n_epochs) for sound in heard_nights(night))


EXTRACTOR = Extractor(
    key="breathing_sound",
    name=Text("Breathing sounds"),
    channels=("audio",),
    columns=("resp_rate_bpm", "periodic_breathing_frac", "breathing_cycle_s"),
    extract=extract_breathing_sound,
)
