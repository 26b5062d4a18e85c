"""The nights that are measured: a watch, a ring and hours of sound, written once a run."""

from pathlib import Path

import numpy as np

from somnia_engine.synthetic import demo, truth
from somnia_engine.synthetic.body import heart_rate, movement, oxygen
from somnia_engine.synthetic.files import write_ring, write_watch

START = "2025-11-06T22:48:00+05:30"


def write_streams(folder: Path) -> list[Path]:
    """Write the watch and the ring of the demo night with desaturations."""
    night = truth("apnea")[0]
    rng = np.random.default_rng(demo("apnea").seed)
    counts = movement(night, rng)
    watch = (night, heart_rate(night, counts, rng=rng), counts)
    return [write_watch(folder / "watch.csv", [watch]), write_ring(folder / "ring.csv", watch, oxygen=oxygen(night, rng))]


def write_sound(path: Path, *, hours: float, fs: int) -> Path:
    """Write hours of quiet noise with bursts as mono 16-bit sound, with its start in the tag where the format has one."""
    import soundfile

    rng = np.random.default_rng(1)
    with soundfile.SoundFile(path, "w", samplerate=fs, channels=1, subtype="PCM_16") as file:
        file.date = START
        for _ in range(int(hours * 60)):
            block = rng.standard_normal(60 * fs, dtype=np.float32) * 0.0005
            block[: 2 * fs] *= 60
            file.write(block)
    return path
