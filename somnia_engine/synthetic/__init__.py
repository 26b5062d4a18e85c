"""Nights with known truth, written as files that go through the same readers as anybody's: for the demo and for tests."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from somnia_engine.synthetic.body import heart_rate, movement, oxygen
from somnia_engine.synthetic.course import NightTruth, Sleeper, draw_night
from somnia_engine.synthetic.files import write_ring, write_room, write_watch
from somnia_engine.synthetic.sound import write_sound
from somnia_engine.text import Text

__all__ = ["DEMOS", "Demo", "NightTruth", "demo", "truth", "write_demo"]


@dataclass(frozen=True, slots=True)
class Demo:
    """A synthetic person: `sleepers` holds one entry a night, `streams` what was recorded on the last of them."""

    key: str
    title: Text
    description: Text
    zone: str
    sleepers: tuple[Sleeper, ...]
    seed: int


def _nights(zone: str, first: datetime, plans: tuple[tuple[float, float, float], ...]) -> tuple[Sleeper, ...]:
    """Return one sleeper a night from (hours in bed, minutes to fall asleep, minutes awake after that)."""
    start = first.replace(tzinfo=ZoneInfo(zone))
    return tuple(
        Sleeper(start.replace(day=first.day + i), hours=hours, sol_min=sol, waso_min=waso, base_bpm=64.0)
        for i, (hours, sol, waso) in enumerate(plans)
    )


DEMOS: tuple[Demo, ...] = (
    Demo(
        "healthy",
        Text("A quiet night"),
        Text("Watch, ring, sound and room of a person who sleeps well."),
        "Europe/Berlin",
        (Sleeper(datetime(2025, 11, 14, 23, 12, tzinfo=ZoneInfo("Europe/Berlin")), hours=7.9, sol_min=12, waso_min=17, base_bpm=56.0),),
        seed=3,
    ),
    Demo(
        "apnea",
        Text("A night with breathing pauses"),
        Text("Watch, ring and sound of a person who snores and whose oxygen falls about twenty times an hour."),
        "Asia/Kolkata",
        (
            Sleeper(
                datetime(2025, 11, 6, 22, 48, tzinfo=ZoneInfo("Asia/Kolkata")),
                hours=7.4, sol_min=9, waso_min=48, base_bpm=66.0, deep_share=0.5, desaturations_per_h=21.0, snores=True,
            ),
        ),
        seed=5,
    ),
    Demo(
        "insomnia",
        Text("Two weeks of short nights"),
        Text("Fourteen nights of a watch from a person who lies awake; ring and sound on the last one."),
        "America/New_York",
        _nights(
            "America/New_York",
            datetime(2025, 11, 3, 22, 40),
            (
                (8.0, 52, 55), (7.8, 64, 40), (8.2, 18, 22), (8.0, 71, 62), (7.6, 45, 48), (8.3, 58, 75), (8.0, 38, 66),
                (7.9, 20, 26), (8.1, 66, 58), (8.0, 49, 44), (7.7, 75, 52), (8.2, 41, 70), (8.0, 57, 61), (8.1, 62, 54),
            ),
        ),
        seed=11,
    ),
)  # fmt: skip


def demo(key: str) -> Demo:
    """Return a demo by its key; KeyError names the keys that there are."""
    for one in DEMOS:
        if one.key == key:
            return one
    raise KeyError(f"{key!r} is no demo; there are: {', '.join(d.key for d in DEMOS)}")


def truth(key: str) -> tuple[NightTruth, ...]:
    """Return what really happened in a demo's nights, in order of time."""
    one = demo(key)
    return tuple(draw_night(sleeper, np.random.default_rng([one.seed, i])) for i, sleeper in enumerate(one.sleepers))


def write_demo(key: str, folder: Path) -> tuple[Path, ...]:
    """Write a demo's files into an existing folder and return their paths; the same bytes every time.

    Every night has a watch (heart rate every 5 s, counts every 15 s); the last also a ring and sound, the single nights a room sensor.
    """
    one, nights = demo(key), truth(key)
    watch = []
    for i, night in enumerate(nights):
        rng = np.random.default_rng([one.seed, i, 1])
        counts = movement(night, rng)
        watch.append((night, heart_rate(night, counts, rng=rng), counts))
    last, rng = nights[-1], np.random.default_rng([one.seed, len(nights), 2])
    paths = [
        write_watch(folder / "watch.csv", watch),
        write_ring(folder / "ring.csv", watch[-1], oxygen=oxygen(last, rng)),
        write_sound(folder / "sound.flac", last, rng=rng),
    ]
    if len(nights) == 1:
        paths.append(write_room(folder / "room.csv", last, rng=rng))
    return tuple(paths)
