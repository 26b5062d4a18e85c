"""The sound of a synthetic night: a quiet room, breathing, snores, and pauses that end in a gasp."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.synthetic.course import NightTruth
from somnia_engine.types.hypnogram import Stage

FS = 8000
BLOCK_S = 60
ROOM_RMS = 0.3 / 32768
BREATH_RMS = 1.4 / 32768
RUSTLE_RMS = 0.01
SNORE_PEAK = 0.015
BREATHS_PER_MIN = 15
PAUSE_S = 12.0
GASP_S = 4.0
SNORE_HZ = 92.0


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


def _block(night: NightTruth, begin_s: int, stages: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.float32]:
    n = len(stages) * FS
    noise = rng.standard_normal(n, dtype=np.float32)
    inhale, throat = (wave[:n] for wave in _waves())
    asleep = np.repeat(stages != Stage.W, FS)
    breathing = inhale * _breathing(night, begin_s, len(stages)) * asleep
    sound = noise * (ROOM_RMS + BREATH_RMS * breathing)
    if night.sleeper.snores:
        snoring = np.repeat(np.isin(stages, (Stage.L, Stage.N3)), FS)
        sound += SNORE_PEAK * inhale * breathing * snoring * throat
    rustling = np.repeat((stages == Stage.W) & (rng.random(len(stages)) < 0.05), FS)
    sound += noise * rustling * RUSTLE_RMS
    samples: NDArray[np.float32] = np.clip(sound, -0.99, 0.99).astype(np.float32)
    return samples


@cache
def _waves() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the course of breathing in and the buzz of a throat over one block; both repeat every block without a seam."""
    seconds = np.arange(BLOCK_S * FS) / FS
    inhale = np.clip(np.sin(2 * np.pi * BREATHS_PER_MIN / 60 * seconds), 0, None)
    throat = sum(np.sin(2 * np.pi * SNORE_HZ * k * seconds + k) / k for k in range(1, 7))
    return inhale.astype(np.float32), np.asarray(throat, dtype=np.float32)


def _breathing(night: NightTruth, begin_s: int, length_s: int) -> NDArray[np.float32]:
    """Return 1 where the sleeper breathes, 0 in the pause before each desaturation's nadir, 2.5 in the gasp after it."""
    breathing = np.ones(length_s * FS, dtype=np.float32)
    onsets = night.desaturations.onset_s - begin_s
    for onset in onsets[(onsets > -GASP_S - PAUSE_S) & (onsets < length_s + PAUSE_S)]:
        pause, gasp, calm = (max(0, round((onset + at) * FS)) for at in (-PAUSE_S, PAUSE_S, PAUSE_S + GASP_S))
        breathing[pause:gasp] = 0.0
        breathing[gasp:calm] = 2.5
    return breathing
