"""Pictures of a video, decoded as a stream through PyAV: a small gray picture a second, and many in one minute of every five."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import DamagedFile, ReadError
from somnia_engine.readers._av_sound import CODECS as SOUND_CODECS
from somnia_engine.text import Said, Text

CODECS = frozenset(("h264", "hevc", "vp9", "libvpx-vp9", "av1", "libdav1d", "mjpeg"))
"""Decoders that may run; FFmpeg carries many more, some of them with known holes."""
NAMES = "H.264, HEVC, VP9, AV1, MJPEG"
MOST_PIXELS = 4096 * 2304
MOST_S = 24 * 3600.0
WIDTH = 160
SCENE = 384
"""Longest side of the pictures handed out, and of those in which a body is looked for [px]."""
EVERY_S, LOOK_S = 300.0, 60.0
"""Of every five minutes the first is looked at closely: chests move too fast for a picture a second."""
CLOSE_S, WIDE_S = 0.06, 0.95
"""Least time between two pictures while looking closely, and else; 0.06 leaves 8 to 17 pictures a second at usual frame rates."""
SPARSE_S, TAIL_S = 10.5, 5.0
"""Key frames further apart than this do not show movement: then every frame is decoded. A video of whose claimed end more than
TAIL_S is missing breaks off."""


class Picture(NamedTuple):
    """One picture: seconds from the first one and gray values (height, width).

    `close`: it belongs to a close look. `anew`: the encoder began anew (a key frame) since the picture before. `scene` gives the same
    picture with up to SCENE px on its longest side, for who looks for a body; it is good until the next picture is taken.
    """

    time_s: float
    gray: NDArray[np.uint8]
    close: bool
    anew: bool
    scene: Callable[[], NDArray[np.uint8]] | None = None


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a video's header says; `sound` is the rate [Hz], channels and length [s] of a sound track that may be decoded."""

    width: int
    height: int
    fps: float
    duration_s: float
    tag: str
    sound: tuple[float, int, float] | None


def video_facts(path: Path) -> VideoFacts:
    """Return what a video is, without decoding it; errors as in `pictures`."""
    with _open(path) as container:
        stream = _stream(container, path)
        context = stream.codec_context
        tags = {**container.metadata, **stream.metadata}
        fps = float(stream.average_rate or stream.guessed_rate or 0.0)
        duration_s = _length_s(container, stream)
        return VideoFacts(
            context.width, context.height, fps, duration_s, tags.get("creation_time", tags.get("DATE", "")), _sound(container, duration_s)
        )


def last_time_s(path: Path) -> float:
    """Return when the last readable packet of a video begins [s]; only where the claimed end is not there is the whole file read."""
    with _open(path) as container:
        stream = _stream(container, path)
        begin, claimed_s = _begin(stream), _length_s(container, stream)
        if claimed_s > TAIL_S and _goes_to(container, begin + claimed_s - TAIL_S):
            seen_s = _latest(container, stream, begin)
            if claimed_s - seen_s < TAIL_S:
                return seen_s
    with _open(path) as container:
        stream = _stream(container, path)
        return _latest(container, stream, _begin(stream))


def _goes_to(container: Any, time_s: float) -> bool:
    import av

    try:
        container.seek(int(time_s * 1e6), backward=True)
    except (av.FFmpegError, ValueError, OverflowError):
        return False
    return True


def _latest(container: Any, stream: Any, begin: float) -> float:
    return max((min(_time(packet, begin), MOST_S) for packet in _packets(container, stream)), default=0.0)


def pictures(path: Path) -> Iterator[Picture]:
    """Decode a video's pictures in order.

    Parameters
    ----------
    path : Path
        MP4, MOV, Matroska or WebM with an allowed codec.

    Yields
    ------
    Picture
        About one a second from key frames (from all frames where key frames are rare), and 8 to 17 a second in the first minute of
        every five. A file that breaks off ends with its last whole picture. Memory does not grow with the length.

    Raises
    ------
    DamagedFile
        The file cannot be opened.
    ReadError
        There is no video in it that may be decoded, or it is out of bounds.
    """
    with _open(path) as container:
        stream = _stream(container, path)
        context = stream.codec_context
        context.options = {"max_pixels": str(MOST_PIXELS)}
        context.thread_count = 1  # several threads hold a frame each, and the worker has one core
        size, wide = _fitting(context, WIDTH), _fitting(context, SCENE)
        begin, last, anew = _begin(stream), -1e9, False
        for frame in _frames(container, stream, begin):
            if frame.pts is None:
                continue
            anew = anew or bool(frame.key_frame)
            time_s = float(frame.pts * stream.time_base) - begin
            close = is_close(time_s)
            if not 0.0 <= time_s <= MOST_S or time_s - last < (CLOSE_S if close else WIDE_S):
                continue
            last = time_s
            yield Picture(time_s, _gray(frame, size), close, anew, partial(_gray, frame, wide))
            anew = False


def _fitting(context: Any, longest: int) -> dict[str, int]:
    scale = longest / max(context.width, context.height)
    return {"width": max(2, round(context.width * scale)), "height": max(2, round(context.height * scale))}


def _gray(frame: Any, size: dict[str, int]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(frame.reformat(**size, format="gray", interpolation="AREA").to_ndarray())


def is_close(time_s: float) -> bool:
    """Tell whether a moment lies in a minute that is looked at closely."""
    return time_s % EVERY_S < LOOK_S


def _open(path: Path) -> Any:
    """Open a container by a demuxer that is named, so that no other of FFmpeg's is tried."""
    import av

    with path.open("rb") as file:
        head = file.read(12)
    kind = {b"\x1aE\xdf\xa3": "matroska"}.get(head[:4], "mov")
    try:
        return av.open(str(path), format=kind, metadata_errors="ignore")
    except (av.FFmpegError, OSError, ValueError) as error:
        text = Text("{name} cannot be read as a video: it is damaged or not complete. Copy or record it again.", {"name": path.name})
        raise DamagedFile(text) from error


def _stream(container: Any, path: Path) -> Any:
    """Return the first moving picture; raises ReadError when there is none, or it may not be decoded."""
    found = [stream for stream in container.streams.video if stream.codec_context is not None]
    context = found[0].codec_context if found else None
    if context is None or context.name not in CODECS:
        raise ReadError(
            Text(
                "{name} holds no video that I may decode (found: {codec}; allowed: {allowed}). Save it as MP4 with H.264.",
                {"name": path.name, "codec": context.name if context else "–", "allowed": NAMES},
            )
        )
    if not 0 < context.width * context.height <= MOST_PIXELS:
        raise ReadError(
            Text(
                "{name} has pictures of {width} × {height} points; up to {most} million points are read. Save it smaller.",
                {"name": path.name, "width": context.width, "height": context.height, "most": f"{MOST_PIXELS / 1e6:.1f}"},
            )
        )
    if _length_s(container, found[0]) > MOST_S:
        long: Said = {"name": path.name, "hours": round(MOST_S / 3600)}
        raise ReadError(Text("{name} claims to be longer than {hours} hours. Split it into single nights.", long))
    return found[0]


def _length_s(container: Any, stream: Any) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return float(container.duration or 0) / 1e6


def _sound(container: Any, duration_s: float) -> tuple[float, int, float] | None:
    streams = container.streams.audio
    if not streams or streams[0].codec_context is None or streams[0].codec_context.name not in SOUND_CODECS:
        return None
    context = streams[0].codec_context
    return float(context.sample_rate or 0), int(context.channels or 0), duration_s


def _begin(stream: Any) -> float:
    return float((stream.start_time or 0) * stream.time_base)


def _time(packet: Any, begin: float) -> float:
    at = packet.pts if packet.pts is not None else packet.dts
    return float(at * packet.time_base) - begin if at is not None else 0.0


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """Yield the packets up to the end or the break of the file; the empty one at the end is left out."""
    import av

    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except (av.FFmpegError, ValueError, OverflowError):
        return


def _frames(container: Any, stream: Any, begin: float) -> Iterator[Any]:
    """Yield decoded frames: all of the close minutes, key frames between them."""
    gate = _Gate()
    for packet in _packets(container, stream):
        if gate.lets(_time(packet, begin), key=packet.is_keyframe):
            yield from _decoded(stream.codec_context, packet)
    yield from _decoded(stream.codec_context, None)


def _decoded(context: Any, packet: Any) -> Iterator[Any]:
    """Decode one packet; a damaged one gives nothing."""
    import av

    try:
        yield from context.decode(packet)
    except (av.FFmpegError, ValueError):
        return


class _Gate:
    """Decides which packets are decoded; one that builds on another that was left out cannot be."""

    def __init__(self) -> None:
        self._whole = False
        self._joined = False
        self._last_key = self._fed_key = -1e9

    def lets(self, time_s: float, *, key: bool) -> bool:
        """Tell whether a packet is to be decoded."""
        self._whole = self._whole or (self._last_key >= 0.0 and time_s - self._last_key > SPARSE_S)
        every = self._whole or is_close(time_s)
        if not key:
            self._joined = self._joined and every
            return self._joined
        self._last_key = time_s
        self._joined = every or time_s - self._fed_key >= WIDE_S
        self._fed_key = time_s if self._joined else self._fed_key
        return self._joined
