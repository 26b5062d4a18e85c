"""Opus, Vorbis and AAC in Ogg, M4A and WebM: whole, cut off, damaged, and what may not be decoded."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from somnia_engine.errors import SomniaError
from somnia_engine.readers import survey
from somnia_engine.readers.audio import read_blocks

FS = 48000
SECONDS = 20
KINDS = {
    "a.opus": ("ogg", "libopus"),
    "a.ogg": ("ogg", "vorbis"),
    "a.m4a": ("mp4", "aac"),
    "a.webm": ("webm", "libopus"),
    "a.mka": ("matroska", "flac"),
}


def write(path: Path, kind: str, codec: str, *, channels: str = "mono", seconds: int = SECONDS) -> Path:
    times = np.arange(seconds * FS) / FS
    tone = (0.2 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    if codec == "vorbis":  # PyAV's FFmpeg decodes Vorbis and does not write it
        soundfile.write(path, tone, FS, format="OGG", subtype="VORBIS")
        return path
    with av.open(str(path), "w", format=kind) as out:
        out.metadata["creation_time"] = "2026-03-01T22:00:00Z"
        stream = out.add_stream(codec, rate=FS, layout=channels)
        planes = {"mono": 1, "stereo": 2}[channels]
        resampler = av.AudioResampler(format=stream.codec_context.format or "fltp", layout=channels, rate=FS)
        for at in range(0, len(tone), FS):
            frame = av.AudioFrame.from_ndarray(np.tile(tone[at : at + FS], (planes, 1)), format="fltp", layout=channels)
            frame.sample_rate, frame.pts = FS, at
            for even in resampler.resample(frame):
                out.mux(stream.encode(even))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("name", KINDS)
def test_a_tone_comes_back_with_its_level_length_and_start(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, *KINDS[name])
    sound = np.concatenate(list(read_blocks(path, 3.0)))
    assert len(sound) / 16000 == pytest.approx(SECONDS, abs=0.15)
    middle = sound[16000:-16000].astype(np.float64)
    assert 20 * np.log10(np.sqrt((middle**2).mean())) == pytest.approx(20 * np.log10(0.2 / 2**0.5), abs=0.3)
    spectrum = np.abs(np.fft.rfft(middle))
    assert spectrum.argmax() * 16000 / len(middle) == pytest.approx(440, abs=1)
    (night,) = survey(path).nights
    assert night.duration_s == pytest.approx(SECONDS, abs=0.15)
    if name.endswith("m4a"):
        assert night.start == datetime(2026, 3, 1, 22, tzinfo=UTC)


def test_two_channels_are_averaged(tmp_path: Path) -> None:
    path = write(tmp_path / "a.opus", "ogg", "libopus", channels="stereo")
    assert len(np.concatenate(list(read_blocks(path, 60.0)))) / 16000 == pytest.approx(SECONDS, abs=0.15)


@pytest.mark.parametrize("block_s", [0.5, 7.0, 600.0])
def test_the_samples_do_not_depend_on_the_blocks(block_s: float, tmp_path: Path) -> None:
    path = write(tmp_path / "a.opus", "ogg", "libopus")
    np.testing.assert_array_equal(np.concatenate(list(read_blocks(path, block_s))), np.concatenate(list(read_blocks(path, 60.0))))


@pytest.mark.parametrize("name", ["a.opus", "a.ogg", "a.webm"])
def test_a_file_that_breaks_off_gives_what_is_there(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, *KINDS[name])
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    (night,) = survey(path).nights
    assert 0.3 * SECONDS < night.duration_s < 0.7 * SECONDS


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_read_or_refused_in_words(name: str, seed: int, tmp_path: Path) -> None:
    path = write(tmp_path / name, *KINDS[name], seconds=3)
    raw = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for at in rng.integers(8, len(raw), 60):
        raw[int(at)] = int(rng.integers(256))
    path.write_bytes(bytes(raw))
    heard = -1
    with contextlib.suppress(SomniaError):
        survey(path)
        heard = sum(len(block) for block in read_blocks(path, 60.0))
    assert heard <= 3 * 16000 * 1.2


def test_a_video_of_a_codec_that_is_not_allowed_is_refused_with_what_is(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        for _ in range(5):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8), format="rgb24")))
        out.mux(stream.encode(None))
    with pytest.raises(SomniaError, match=r"allowed: H\.264"):
        survey(path)
