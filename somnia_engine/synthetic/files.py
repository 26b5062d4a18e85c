"""Writes a synthetic night as the files that devices write: the open CSV of a watch and a room sensor, the CSV of a ring."""

from collections.abc import Sequence
from datetime import UTC, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.synthetic.body import COUNT_STEP_S, HEART_STEP_S
from somnia_engine.synthetic.course import NightTruth

RING_STEP_S = 4
ROOM_STEP_S = 60

Watch = tuple[NightTruth, NDArray[np.float64], NDArray[np.float64]]


def write_watch(path: Path, nights: Sequence[Watch]) -> Path:
    """Write heart rate and counts of one or more nights as open CSV with absolute times."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("time,hr_bpm,activity_count\n")
        for night, heart, counts in nights:
            rows = [(i * HEART_STEP_S, f"{v:g},") for i, v in enumerate(heart)] + [
                (i * COUNT_STEP_S, f",{v:g}") for i, v in enumerate(counts)
            ]
            file.writelines(f"{_stamp(night, at)},{cells}\n" for at, cells in sorted(rows))
    return path


def write_ring(path: Path, watch: Watch, *, oxygen: NDArray[np.float64]) -> Path:
    """Write blood oxygen, pulse and motion every 4 s in the layout of a Wellue O2Ring; the finger slips out once."""
    night, heart, counts = watch
    at = np.arange(0, int(night.duration_s), RING_STEP_S)
    pulse = heart[np.minimum((at / HEART_STEP_S).astype(int), len(heart) - 1)]
    motion = np.minimum(counts[np.minimum((at / COUNT_STEP_S).astype(int), len(counts) - 1)] / 4, 60)
    slipped = (at >= 0.93 * night.duration_s) & (at < 0.93 * night.duration_s + 240)
    zone = night.sleeper.start.tzinfo
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("Time,Oxygen Level,Pulse Rate,Motion,O2 Reminder,PR Reminder\n")
        for second, level, beat, move, off in zip(at.tolist(), oxygen[at], pulse, motion, slipped, strict=True):
            clock = (night.sleeper.start.astimezone(UTC) + timedelta(seconds=second)).astimezone(zone)
            seen = "--,--" if off else f"{level:.0f},{beat:.0f}"
            file.write(f"{clock:%H:%M:%S %b %d %Y},{seen},{move:.0f},0,0\n")
    return path


def write_room(path: Path, night: NightTruth, *, rng: np.random.Generator) -> Path:
    """Write a bedroom's temperature, humidity, CO2, light and noise every minute; a lamp goes on for four minutes in the night."""
    n = int(night.duration_s) // ROOM_STEP_S
    share = np.linspace(0.0, 1.0, n)
    lamp = np.zeros(n)
    lamp[int(0.51 * n) :][:4] = 38.0
    columns = (
        19.8 - 1.4 * np.sin(np.pi * share * 0.8) + rng.normal(0, 0.05, n),
        46 + 6 * share + rng.normal(0, 0.3, n),
        560 + 780 * (1 - np.exp(-2.2 * share)) + rng.normal(0, 8, n),
        lamp + np.abs(rng.normal(0.05, 0.02, n)),
        27 + rng.gamma(1.2, 1.1, n),
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("time,room_temp_c,humidity_pct,co2_ppm,light_lux,noise_db\n")
        for i, row in enumerate(zip(*columns, strict=True)):
            file.write(f"{_stamp(night, i * ROOM_STEP_S)},{row[0]:.2f},{row[1]:.1f},{row[2]:.0f},{row[3]:.2f},{row[4]:.1f}\n")
    return path


def _stamp(night: NightTruth, at_s: float) -> str:
    start = night.sleeper.start
    return (start.astimezone(UTC) + timedelta(seconds=at_s)).astimezone(start.tzinfo).isoformat()
