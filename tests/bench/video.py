"""A video's pictures, movement and breathing against PyAV's own decode of the same packets, and the memory of a whole analysis."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from tests.bench.measure import Row, in_own_process
from tests.engine.videos import Scene, evenly, render

SECONDS, HOURS, NIGHT_H = 60, 1, 8
WIDTH, HEIGHT, FPS = 640, 480, 25
DECODE = """
from pathlib import Path
import av
from somnia_engine.readers import _av_video as v
with v._open(Path(sys.argv[1])) as container:
    stream = v._stream(container, Path(sys.argv[1]))
    stream.codec_context.thread_count = 1
    for frame in v._frames(container, stream, 0.0):
        pass
"""
MOVEMENT = """
from pathlib import Path
from somnia_engine.extractors import _watched
from somnia_engine.readers._av_video import pictures
_watched.watch_breathing = lambda *_, **__: _watched.Breathing(float("nan"), 0.0, ())
_watched.watch(pictures(Path(sys.argv[1])))
"""
WHOLE = """
from pathlib import Path
from somnia_engine.extractors import _watched
from somnia_engine.readers._av_video import pictures
_watched.watch(pictures(Path(sys.argv[1])))
"""
BODIES = """
import time
from pathlib import Path
from somnia_engine.extractors._body_finder import finder
from somnia_engine.readers._av_video import pictures
scene = next(pictures(Path(sys.argv[1]))).scene()
found = finder()
for name, turns in (("one", (0,)), ("four", (0, 1, 2, 3))):
    found.find(scene, turns)
    begin = time.process_time()
    for _ in range(20):
        found.find(scene, turns)
    out[name] = (time.process_time() - begin) / 20
"""
NIGHT = """
import time
from datetime import UTC, datetime
from pathlib import Path
from somnia_engine.analyse import analyse
from somnia_engine.readers import read_recording
from somnia_engine.types.recording import ReadOptions
begin = time.monotonic()
analyse([read_recording(Path(sys.argv[1]), ReadOptions(start=datetime(2025, 3, 6, 22, tzinfo=UTC), look="above"))])
out["minutes"] = (time.monotonic() - begin) / 60
"""


def rows(folder: Path) -> Iterator[Row]:
    """Measure an hour of VGA video: pictures and movement, then breathing with them."""
    hour = _long(folder, hours=HOURS)
    decoded, moved, whole = (in_own_process(code, str(hour)) for code in (DECODE, MOVEMENT, WHOLE))
    ratio, all_of_it = moved["cpu_s"] / decoded["cpu_s"], whole["cpu_s"] / decoded["cpu_s"]
    size = f"{HOURS} h of {WIDTH} × {HEIGHT} H.264"
    ruler = f"PyAV's decode of the frames used {decoded['cpu_s']:.1f} s: "
    yield Row("E1", f"movement in {size}, CPU", f"{moved['cpu_s']:.1f} s", f"{ruler}{ratio:.2f} ×", "≤ 1.3 ×", ratio <= 1.3)
    yield Row("E1", f"movement and breathing in {size}, CPU", f"{whole['cpu_s']:.1f} s", f"{ruler}{all_of_it:.2f} ×", "", None)
    yield Row("E1", "of it breathing (the minutes looked at closely), CPU", f"{whole['cpu_s'] - moved['cpu_s']:.1f} s", "", "", None)
    peak = whole["peak_mib"]
    yield Row("P3", f"peak memory, {size}", f"{peak:.0f} MiB", "", "≤ 300 MiB", peak <= 300)
    yield from _bodies(hour)
    yield from _night(_long(folder, hours=NIGHT_H))


def _bodies(path: Path) -> Iterator[Row]:
    one = in_own_process(BODIES, str(path))
    for turns in ("one", "four"):
        what, speed = f"pictures looked at for a body, turns tried: {turns}, one core", f"{1 / one[turns]:.1f} /s"
        yield Row("E1", what, speed, f"{one[turns]:.3f} s each", "", None)


def _night(path: Path) -> Iterator[Row]:
    size = f"{NIGHT_H} h of {WIDTH} × {HEIGHT} H.264: movement, breathing, position"
    told = in_own_process(NIGHT, str(path))
    yield Row("E1", f"{size}, a whole analysis", f"{told['minutes']:.1f} min", f"CPU {told['cpu_s'] / 60:.1f} min", "", None)
    yield Row("P3", f"{size}, peak memory", f"{told['peak_mib']:.0f} MiB", "", "", None)


def _long(folder: Path, *, hours: float) -> Path:
    """Write a minute of a breathing torso, and the same packets again and again."""
    import av

    minute, path = folder / "minute.mkv", folder / "video.mkv"
    times_s = evenly(SECONDS, FPS)
    with av.open(str(minute), "w") as out:
        stream = out.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = WIDTH, HEIGHT, "yuv420p", 2 * FPS
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.options = {"preset": "veryfast", "crf": "26", "bf": "0"}
        for at, picture in zip(times_s.tolist(), render(Scene(), times_s), strict=True):
            frame = av.VideoFrame.from_ndarray(np.kron(picture, np.ones((HEIGHT // 120, WIDTH // 160), np.uint8)), format="gray")
            frame.pts = round(1000 * at)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with av.open(str(path), "w") as out:
        copied = None
        for turn in range(round(hours * 3600 / SECONDS)):
            with av.open(str(minute)) as source:
                copied = copied or out.add_stream_from_template(source.streams.video[0])
                for packet in source.demux(source.streams.video[0]):
                    if packet.size:
                        late = round(turn * SECONDS / packet.time_base)
                        packet.pts, packet.dts, packet.stream = packet.pts + late, packet.pts + late, copied
                        out.mux(packet)
    return path
