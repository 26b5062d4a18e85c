"""Sound level of the night: relative to the loudest a recording can hold, and in dB(A) where the microphone is calibrated."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.microphone import background_steps, gaps, pumping_db
from somnia_engine.dsp.windows import Column, epoch_max, epoch_mean
from somnia_engine.extractors._clocks import Shift
from somnia_engine.extractors._heard import HeardNight, heard_nights, heard_quality
from somnia_engine.hearing import level_db
from somnia_engine.hearing.listener import ENVELOPE_HZ, MEL_ENVELOPES
from somnia_engine.text import Said, Text
from somnia_engine.types.features import Extraction, Extractor, NightInput, feature
from somnia_engine.types.hypnogram import EPOCH_S
from somnia_engine.types.signals import Signal

FLOOR_PERCENTILE = 10.0
"""The noise floor is the level that the quietest tenth of the seconds stays under."""
CLIPPED_FRAC = 0.001
"""A second with more samples at full scale than this is overdriven."""
FLOOR_SAID = Text("The quietest tenth of the night stays under {floor} dB (relative: the microphone is not calibrated).")
DRIFT_SAID = Text(
    "{start} s at the start of the night and {end} s at its end were added to the times of this sound: so far its clock lay behind that of "
    "{source}, by movement that one heard and the other felt."
)
EMPTY_SAID = Text("In {n} stretches, {seconds} s in all, the sound holds nothing at all: it was paused, muted, or an app left silence out.")
PUMPING_SAID = Text("The device turns its gain down by about {drop} dB after loud moments and up again: levels cannot be compared.")
STEP_SAID = Text(
    "After {minutes} min the steady background changed at once, by {change} dB: another microphone or place, or a machine switched on or "
    "off. Levels before and after cannot be compared."
)
RELATIVE, CALIBRATED = ("sound_level_db", "sound_peak_db"), ("sound_level_dba", "sound_peak_dba")


def _one(sound: HeardNight, n_epochs: int) -> Extraction:
    columns, trace = _levels(sound, sound.heard.power, RELATIVE, 0.0, n_epochs)
    traces = [trace]
    if sound.full_scale_db is not None and np.isfinite(sound.heard.power_a).any():
        more, trace = _levels(sound, sound.heard.power_a, CALIBRATED, sound.full_scale_db, n_epochs)
        columns |= more
        traces.append(trace)
    quality = heard_quality(sound, RELATIVE[0], columns[RELATIVE[0]], _notes(sound))
    return Extraction(sound.source, RELATIVE[0], columns, traces=tuple(traces), quality=(quality,))


def _levels(
    sound: HeardNight, powers: NDArray[np.float64], names: tuple[str, str], full_scale_db: float, n_epochs: int
) -> tuple[dict[str, Column], Signal]:
    """Return the level and the loudest second of each epoch, and the level of each second, 0 dB re full scale being `full_scale_db`."""
    kept, epochs, bounds = sound.kept, sound.epochs, feature(names[0])
    levels = np.clip(level_db(powers[kept]) + full_scale_db, bounds.low, bounds.high)
    mean = level_db(epoch_mean(epochs, powers[kept], n_epochs=n_epochs).astype(np.float64)) + full_scale_db
    trace = np.full(int(n_epochs * EPOCH_S), np.nan, dtype=np.float32)
    trace[sound.seconds] = levels
    if sound.shift != Shift():  # a stretched clock leaves a second empty now and then; the sound itself has no gap there
        holes = 1 + np.flatnonzero(np.isnan(trace[1:-1]) & np.isfinite(trace[:-2]) & np.isfinite(trace[2:]))
        trace[holes] = trace[holes - 1]
    columns = {
        names[0]: np.clip(mean, bounds.low, bounds.high).astype(np.float32),
        names[1]: epoch_max(epochs, levels, n_epochs=n_epochs),
    }
    return columns, Signal(names[0], trace, 1.0, bounds.unit)


def _notes(sound: HeardNight) -> tuple[Text, ...]:
    heard, kept = sound.heard, sound.kept
    notes = []
    if sound.full_scale_db is None:
        floor = float(np.percentile(heard.level_db[kept], FLOOR_PERCENTILE))
        notes.append(Text(FLOOR_SAID.msgid, {"floor": round(floor, 1)}))
    clipped = int((heard.clipped_frac[kept] > CLIPPED_FRAC).sum())
    if clipped:
        notes.append(Text("{n} seconds are overdriven: the microphone could not hold their loudness.", {"n": clipped}))
    if sound.shift != Shift():
        said: Said = {"start": round(sound.shift.start_s), "end": round(sound.shift.end_s), "source": sound.shift.source}
        notes.append(Text(DRIFT_SAID.msgid, said))
    return (*notes, *_device_notes(sound))


def _device_notes(sound: HeardNight) -> list[Text]:
    """Return what the recording tells of its own device."""
    heard, notes = sound.heard, []
    missing = gaps(heard.power)
    if missing:
        notes.append(Text(EMPTY_SAID.msgid, {"n": len(missing), "seconds": sum(end - first for first, end in missing)}))
    drop_db = pumping_db(heard.loudness, ENVELOPE_HZ)
    if drop_db > 0.0:
        notes.append(Text(PUMPING_SAID.msgid, {"drop": round(drop_db)}))
    steps = background_steps(heard.envelopes[:, MEL_ENVELOPES], ENVELOPE_HZ)
    return notes + [Text(STEP_SAID.msgid, {"minutes": round(step.at_s / 60.0), "change": round(step.change_db)}) for step in steps]


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
        microphone is not calibrated, so they compare moments of one night only. `sound_level_dba`, `sound_peak_dba`: the same A-weighted,
        in dB re 20 µPa, only where the calibration was given. The traces have the level of each second.
    """
    return tuple(_one(sound, night.n_epochs) for sound in heard_nights(night))


EXTRACTOR = Extractor(key="sound", name=Text("Sound"), channels=("audio",), columns=(*RELATIVE, *CALIBRATED), extract=extract_sound)
