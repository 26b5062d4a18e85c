"""Rendered videos with known truth: a torso under a patterned blanket that breathes, pauses and turns."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 160, 120
LIBRARIES = {"h264": "libx264", "hevc": "libx265", "vp9": "libvpx-vp9", "av1": "libsvtav1", "mjpeg": "mjpeg", "mpeg4": "mpeg4"}


@dataclass(frozen=True, slots=True)
class Scene:
    """What is rendered: rate [1/min], how far the chest moves [px], noise [gray values], contrast [gray values], pauses and turns [s]."""

    bpm: float = 15.0
    reach: float = 0.6
    noise: float = 3.0
    contrast: float = 35.0
    pauses: tuple[tuple[float, float], ...] = ()
    turns: tuple[tuple[float, float], ...] = ()
    seed: int = 0


def render(scene: Scene, times_s: NDArray[np.float64]) -> Iterator[NDArray[np.uint8]]:
    """Yield gray pictures, shape (HEIGHT, WIDTH), of a scene at the given times."""
    rng = np.random.default_rng(scene.seed)
    coarse = rng.standard_normal((HEIGHT // 8 + 3, WIDTH // 8 + 3))
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    chest = np.exp(-(((columns - 80) / 25.0) ** 2) - ((rows - 60) / 18.0) ** 2)
    body = np.exp(-(((columns - 80) / 40.0) ** 2) - ((rows - 60) / 30.0) ** 2)
    for at in times_s.tolist():
        paused = any(a <= at < a + length for a, length in scene.pauses)
        breath = -1.0 if paused else np.sin(2.0 * np.pi * scene.bpm / 60.0 * at)
        turning = sum(np.sin(7.0 * (at - a)) for a, length in scene.turns if a <= at < a + length)
        down = rows + scene.reach * breath * chest + 10.0 * turning * body
        pattern = _sample(coarse, np.clip(down, 0, HEIGHT) / 8.0, columns / 8.0)
        yield np.clip(110.0 + scene.contrast * pattern + scene.noise * rng.standard_normal(rows.shape), 0, 255).astype(np.uint8)


def _sample(coarse: NDArray[np.float64], y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a smooth pattern between the knots of a coarse one."""
    i, j = y.astype(int), x.astype(int)
    u, v = (share * share * (3.0 - 2.0 * share) for share in (y - i, x - j))
    above = coarse[i, j] * (1 - v) + coarse[i, j + 1] * v
    below = coarse[i + 1, j] * (1 - v) + coarse[i + 1, j + 1] * v
    return np.asarray(above * (1 - u) + below * u)


def write_video(
    path: Path,
    pictures: Iterator[NDArray[np.uint8]],
    times_s: NDArray[np.float64],
    *,
    codec: str = "h264",
    gop: int = 20,
    sound: bool = False,
) -> Path:
    """Write gray pictures of one size as a video by the container that the suffix names."""
    first = next(pictures)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(LIBRARIES[codec], rate=30)
        stream.width, stream.height, stream.pix_fmt = first.shape[1], first.shape[0], "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.gop_size = gop
        stream.options = {"libx264": {"preset": "ultrafast", "crf": "18"}, "libx265": {"preset": "ultrafast", "log-level": "none"}}.get(
            LIBRARIES[codec], {}
        )
        track = out.add_stream("aac", rate=16000) if sound else None
        for picture, at in zip(chain((first,), pictures), times_s.tolist(), strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="gray")
            frame.pts = round(1000 * at)
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
        if track is not None:
            for packet in _sound(track, float(times_s[-1])):
                out.mux(packet)
    return path


def _sound(track: av.AudioStream, seconds: float) -> Iterator[av.Packet]:
    rng = np.random.default_rng(1)
    for k in range(int(seconds * 16000 / 1024)):
        frame = av.AudioFrame.from_ndarray((0.05 * rng.standard_normal((1, 1024))).astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16000, 1024 * k
        yield from track.encode(frame)
    yield from track.encode(None)


def evenly(seconds: float, fps: float) -> NDArray[np.float64]:
    """Return the times of an even video."""
    return np.arange(round(seconds * fps)) / fps
