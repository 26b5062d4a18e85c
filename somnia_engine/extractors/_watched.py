"""The videos of a night, each decoded once, whatever number of extractors ask; no picture outlives the minute that it belongs to."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.chest_motion import Breathing, watch_breathing
from somnia_engine.dsp.picture_motion import moved_pct
from somnia_engine.readers._av_video import EVERY_S, Picture, pictures
from somnia_engine.types.features import NightInput

PAIR_S, PAIR_MOST_S = 0.95, 15.0
"""Two pictures are compared that lie about a second apart, or as far as key frames do; over a longer hole nothing is told."""
STILL_PCT = 2.0
"""More of the picture than this moves: breathing is not looked for until it rests."""
REST_S = 15.0
LEAST_RATE_HZ = 8.0
MOST_PICTURES = 1200


class Watched(NamedTuple):
    """What was seen: pairs of pictures (`from_s`, `to_s`, share that moved [%]) and looks (begin, end, what breathed)."""

    from_s: NDArray[np.float64]
    to_s: NDArray[np.float64]
    moved_pct: NDArray[np.float64]
    looks: tuple[tuple[float, float, Breathing], ...]


class WatchedNight(NamedTuple):
    """One video laid on the night: `offset_s` is the night time of its first picture."""

    source: str
    watched: Watched
    offset_s: float


def watched_nights(night: NightInput) -> Iterator[WatchedNight]:
    """Yield every video of the night that holds two pictures; errors as in `readers._av_video.pictures`."""
    for placed in night.placed:
        for media in placed.recording.media:
            if media.kind == "video":
                status = media.path.stat()
                watched = _watched(media.path, status.st_size, status.st_mtime_ns)
                if len(watched.from_s):
                    yield WatchedNight(placed.source, watched, placed.offset_s + media.onset_s)


@lru_cache(maxsize=2)
def _watched(path: Path, size: int, changed_ns: int) -> Watched:
    return watch(pictures(path))


def watch(seen: Iterator[Picture]) -> Watched:
    """Watch pictures in order, in one pass that holds those of one close minute at most."""
    pairs: list[tuple[float, float, float]] = []
    looks: list[tuple[float, float, Breathing]] = []
    minute: list[Picture] = []
    before: Picture | None = None
    for picture in seen:
        if minute and (not picture.close or picture.time_s // EVERY_S > minute[0].time_s // EVERY_S):
            looks.extend(_look(minute, pairs))
            minute = []
        if picture.close and len(minute) < MOST_PICTURES:
            minute.append(picture)
        if before is not None and picture.time_s - before.time_s >= PAIR_S:
            if picture.time_s - before.time_s <= PAIR_MOST_S and picture.gray.shape == before.gray.shape:
                pairs.append((before.time_s, picture.time_s, moved_pct(before.gray, picture.gray)))
            before = picture
        before = before or picture
    looks.extend(_look(minute, pairs))
    table = np.array(pairs, dtype=np.float64).reshape(-1, 3)
    return Watched(table[:, 0], table[:, 1], table[:, 2], tuple(looks))


def _look(minute: list[Picture], pairs: list[tuple[float, float, float]]) -> Iterator[tuple[float, float, Breathing]]:
    """Look for breathing in the longest stretch of a close minute in which the body rests."""
    if not minute:
        return
    first, end = minute[0].time_s, minute[-1].time_s
    moves = [(a, b) for a, b, share in pairs if b > first and a < end and not share <= STILL_PCT]
    edges = [first, *(edge for move in moves for edge in move), end]
    begin, stop = max(zip(edges[::2], edges[1::2], strict=True), key=lambda rest: rest[1] - rest[0])
    rest = [picture for picture in minute if begin <= picture.time_s <= stop]
    long_enough = stop - begin >= (REST_S if moves else 0.0)
    if long_enough and len(rest) >= 2 and len(rest) - 1 >= LEAST_RATE_HZ * (stop - begin):
        times_s = np.array([picture.time_s for picture in rest])
        yield (
            begin,
            stop,
            watch_breathing(np.stack([picture.gray for picture in rest]), times_s, anew=np.array([picture.anew for picture in rest])),
        )
