"""The videos of a night, each decoded once, whatever number of extractors ask; no picture outlives the minute that it belongs to."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.body_box import Body
from somnia_engine.dsp.chest_motion import Breathing, watch_breathing
from somnia_engine.dsp.picture_motion import moved_pct
from somnia_engine.extractors._body_finder import finder
from somnia_engine.readers._av_video import EVERY_S, Picture, pictures
from somnia_engine.types.features import NightInput

PAIR_S, PAIR_MOST_S = 0.95, 15.0
"""Two pictures are compared that lie about a second apart, or as far as key frames do; over a longer hole nothing is told."""
STILL_PCT = 2.0
"""More of the picture than this moves: breathing is not looked for until it rests."""
REST_S = 15.0
LEAST_RATE_HZ = 8.0
MOST_PICTURES = 1200
GLANCE_S, AGAIN_S, FIRST_GLANCES = 5.0, 60.0, 3
"""A body is looked for three times, 5 s apart, after each movement, and once a minute else: at most a fifth of the seconds."""
SURE = 0.5
"""A body found with less in the turn that worked before is looked for in all four again."""


class Glance(NamedTuple):
    """One look for a body: when [s], and what was found."""

    time_s: float
    body: Body | None


class Watched(NamedTuple):
    """What was seen: pairs of pictures (`from_s`, `to_s`, share that moved [%]), looks (begin, end, what breathed), and glances."""

    from_s: NDArray[np.float64]
    to_s: NDArray[np.float64]
    moved_pct: NDArray[np.float64]
    looks: tuple[tuple[float, float, Breathing], ...]
    glances: tuple[Glance, ...] = ()


class WatchedNight(NamedTuple):
    """One video laid on the night: `offset_s` is the night time of its first picture."""

    source: str
    watched: Watched
    offset_s: float
    look: str = ""


def watched_nights(night: NightInput) -> Iterator[WatchedNight]:
    """Yield every video of the night that holds two pictures; errors as in `readers._av_video.pictures`."""
    for placed in night.placed:
        for media in placed.recording.media:
            if media.kind == "video":
                status = media.path.stat()
                watched = _watched(media.path, status.st_size, status.st_mtime_ns)
                if len(watched.from_s):
                    yield WatchedNight(placed.source, watched, placed.offset_s + media.onset_s, media.look)


@lru_cache(maxsize=2)
def _watched(path: Path, size: int, changed_ns: int) -> Watched:
    return watch(pictures(path), BodyWatch(finder().find))


class BodyWatch:
    """Decides when a body is looked for: at first, when a movement has come to rest, and now and then; never more than every 5 s.

    The turn of the picture in which a body was found is tried first, and kept while it works.
    """

    def __init__(self, find: Callable[..., tuple[Body, int] | None]) -> None:
        self.glances: list[Glance] = []
        self._find = find
        self._turn: int | None = None
        self._left = FIRST_GLANCES

    def follow(self, picture: Picture, moved: float) -> None:
        """Take a picture and how much moved since the one a second before [%], and look for a body when it is time."""
        since = picture.time_s - self.glances[-1].time_s if self.glances else np.inf
        if not moved <= STILL_PCT:
            self._left = FIRST_GLANCES
            return
        if picture.scene is None or since < (GLANCE_S if self._left else AGAIN_S):
            return
        self._left = max(self._left - 1, 0)
        self.glances.append(Glance(picture.time_s, self._looked(picture.scene())))

    def _looked(self, scene: NDArray[np.uint8]) -> Body | None:
        found = None if self._turn is None else self._find(scene, (self._turn,))
        if found is None or found[0].score < SURE:
            found = self._find(scene)
        self._turn = self._turn if found is None else found[1]
        return None if found is None else found[0]


def watch(seen: Iterator[Picture], bodies: BodyWatch | None = None) -> Watched:
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
            minute.append(picture._replace(scene=None))
        if before is not None and picture.time_s - before.time_s >= PAIR_S:
            if picture.time_s - before.time_s <= PAIR_MOST_S and picture.gray.shape == before.gray.shape:
                pairs.append((before.time_s, picture.time_s, moved_pct(before.gray, picture.gray)))
                if bodies is not None:
                    bodies.follow(picture, pairs[-1][2])
            before = picture._replace(scene=None)
        before = before or picture._replace(scene=None)
    looks.extend(_look(minute, pairs))
    table = np.array(pairs, dtype=np.float64).reshape(-1, 3)
    return Watched(table[:, 0], table[:, 1], table[:, 2], tuple(looks), () if bodies is None else tuple(bodies.glances))


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
