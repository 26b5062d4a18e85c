"""The files of one night as people have them: a watch's CSV and a ring's, with thirty falls of oxygen of eight percent."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

START = datetime.fromisoformat("2025-11-14T23:00:00+01:00")
HOURS = 7
FALLS = 30


def write_watch(path: Path) -> Path:
    """Write heart rate and counts every 15 s: awake for 20 min, then asleep in waves of 90 min."""
    rng = np.random.default_rng(1)
    with path.open("w", encoding="utf-8") as file:
        file.write("time,hr_bpm,activity_count\n")
        for at in range(0, HOURS * 3600, 15):
            awake = at < 1200
            beats = (72 if awake else 56 + 4 * np.sin(at / 860)) + rng.normal(0, 1)
            counts = rng.poisson(40) if awake else rng.poisson(0.2)
            file.write(f"{(START + timedelta(seconds=at)).isoformat()},{beats:.1f},{counts}\n")
    return path


def write_ring(path: Path) -> Path:
    """Write oxygen, pulse and motion every 4 s, in the ring's own clock."""
    falls = np.linspace(2400, HOURS * 3600 - 2400, FALLS)
    with path.open("w", encoding="utf-8") as file:
        file.write("Time,Oxygen Level,Pulse Rate,Motion,O2 Reminder,PR Reminder\n")
        for at in range(0, HOURS * 3600, 4):
            deep = max(0.0, 1 - float(np.min(np.abs(falls - at))) / 24)
            clock = (START + timedelta(seconds=at)).strftime("%H:%M:%S %d/%m/%Y")
            file.write(f"{clock},{round(96 - 8 * deep)},{58 + round(4 * deep)},0,0,0\n")
    return path


def write_foreign(path: Path) -> Path:
    """Write heart rate beside steps, which are no counts of an actigraph."""
    with path.open("w", encoding="utf-8") as file:
        file.write("time,hr_bpm,steps_count\n")
        for at in range(0, HOURS * 3600, 30):
            file.write(f"{(START + timedelta(seconds=at)).isoformat()},{58 + at // 30 % 4},{at % 3}\n")
    return path
