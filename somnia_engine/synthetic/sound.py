"""The sound of a synthetic night: a quiet room, breathing, snores, and pauses that end in a gasp."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.synthetic.course import NightTruth
from somnia_engine.types.hypnogram import Stage

FS = 8000
BLOCK_S = 60
STEP = 32
"""Samples are multiples of this, as an 11-bit converter gives them: FLAC then needs five bits less for each."""
ROOM_RMS = 0.3 * STEP / 32768
BREATH_RMS = 1.4 * STEP / 32768
RUSTLE_RMS = 0.1
SNORE_RMS = 0.025
BREATHS_PER_MIN = 15
PAUSE_S = 12.0
GASP_S = 4.0
FLUTTER_HZ, FLUTTER_SPREAD = 70.0, 0.08
FORMANTS = ((215.0, 150.0, 0.8), (700.0, 130.0, 0.45), (2400.0, 220.0, 0.3))
"""Resonances of a snoring throat: center [Hz], width [Hz], share."""


def write_sound(path: Path, night: NightTruth, *, rng: np.random.Generator) -> Path:
    """Write the night as 8-kHz mono FLAC, block by block, with its start in the DATE tag."""
    import soundfile

    per_second = night.per_second()
    with soundfile.SoundFile(path, "w", samplerate=FS, channels=1, format="FLAC", subtype="PCM_16") as file:
        file.date = night.sleeper.start.isoformat()
        for begin in range(0, len(per_second), BLOCK_S):
            stages = per_second[begin : begin + BLOCK_S]
            file.write(_block(night, begin, stages, rng))
    return path


def _block(night: NightTruth, begin_s: int, stages: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.int16]:
    n = len(stages) * FS
    noise = rng.standard_normal(n, dtype=np.float32)
    inhale, throat = (wave[:n] for wave in _waves())
    asleep = np.repeat(stages != Stage.W, FS)
    breathing = inhale * _breathing(night, begin_s, len(stages)) * asleep
    sound = noise * (ROOM_RMS + BREATH_RMS * breathing)
    if night.sleeper.snores:
        snoring = np.repeat(np.isin(stages, (Stage.L, Stage.N3)), FS)
        sound += SNORE_RMS * inhale * breathing * snoring * throat
    rustling = np.repeat((stages == Stage.W) & (rng.random(len(stages)) < 0.05), FS)
    sound += noise * rustling * RUSTLE_RMS
    steps = np.round(np.clip(sound, -0.99, 0.99) * (32768 / STEP))
    samples: NDArray[np.int16] = (steps * STEP).astype(np.int16)
    return samples


@cache
def _waves() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the course of breathing in and the buzz of a throat over one block; both repeat every block without a seam."""
    seconds = np.arange(BLOCK_S * FS) / FS
    inhale = np.clip(np.sin(2 * np.pi * BREATHS_PER_MIN / 60 * seconds), 0, None)
    return inhale.astype(np.float32), _throat(len(seconds))


def _throat(n: int) -> NDArray[np.float32]:
    """Return the buzz of a soft palate that flutters in the air stream, shaped by the throat's resonances; its root mean square is 1."""
    from scipy.signal import lfilter

    rng = np.random.default_rng(1)
    points = 12 * BLOCK_S
    wander = np.interp(np.linspace(0, points - 1, n), np.arange(points), rng.normal(size=points))
    phase = np.cumsum(FLUTTER_HZ * np.exp(FLUTTER_SPREAD * wander)) / FS
    pulses = lfilter([1.0], [1.0, -0.9], np.diff(np.floor(phase), prepend=0.0) * rng.lognormal(0.0, 0.35, n))
    air = rng.normal(size=n) * (0.15 + np.abs(np.sin(np.pi * phase)) ** 2)
    source = 0.6 * pulses / pulses.std() + 0.4 * air / air.std()
    sound = 0.15 * source
    for centre, width, share in FORMANTS:
        radius = np.exp(-np.pi * width / FS)
        ringing = lfilter([1.0], [1.0, -2.0 * radius * np.cos(2.0 * np.pi * centre / FS), radius**2], source)
        sound = sound + share * ringing / ringing.std()
    return np.asarray(sound / sound.std(), dtype=np.float32)


def _breathing(night: NightTruth, begin_s: int, length_s: int) -> NDArray[np.float32]:
    """Return 1 where the sleeper breathes, 0 in the pause before each desaturation's nadir, 2.5 in the gasp after it."""
    breathing = np.ones(length_s * FS, dtype=np.float32)
    onsets = night.desaturations.onset_s - begin_s
    for onset in onsets[(onsets > -GASP_S - PAUSE_S) & (onsets < length_s + PAUSE_S)]:
        pause, gasp, calm = (max(0, round((onset + at) * FS)) for at in (-PAUSE_S, PAUSE_S, PAUSE_S + GASP_S))
        breathing[pause:gasp] = 0.0
        breathing[gasp:calm] = 2.5
    return breathing
