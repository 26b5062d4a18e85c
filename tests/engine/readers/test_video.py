"""Video is read as a stream, from an allow-list, and told apart from sound in the same containers."""

import random
import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from somnia_engine.errors import DamagedFile, ReadError, SomniaError
from somnia_engine.readers import _av_video as av_video
from somnia_engine.readers import read_recording, recognise, survey
from somnia_engine.readers._av_video import Picture, pictures
from somnia_engine.types.recording import ReadOptions
from tests.engine.videos import Scene, evenly, render, write_video

START = datetime(2025, 3, 6, 22, tzinfo=UTC)


def video(path: Path, *, seconds: float = 8.0, fps: float = 10.0, codec: str = "h264", sound: bool = False, gop: int = 20) -> Path:
    times_s = evenly(seconds, fps)
    return write_video(path, render(Scene(), times_s), times_s, codec=codec, sound=sound, gop=gop)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return video(tmp_path_factory.mktemp("video") / "night.mp4")


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("h264", "mp4"), ("h264", "mov"), ("h264", "mkv"), ("hevc", "mp4"), ("vp9", "webm"), ("av1", "mkv"), ("mjpeg", "mov")],
)
def test_every_allowed_codec_and_container_gives_its_pictures(codec: str, suffix: str, tmp_path: Path) -> None:
    path = video(tmp_path / f"night.{suffix}", codec=codec)
    assert recognise(path).key == "video"
    seen = list(pictures(path))
    assert len(seen) == 80
    assert seen[0].gray.shape == (120, 160)
    assert seen[-1].time_s == pytest.approx(7.9)
    assert np.mean([picture.gray.mean() for picture in seen]) == pytest.approx(110.0, abs=15.0)


def test_a_codec_that_is_not_allowed_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"found: mpeg4; allowed: H\.264"):
        survey(video(tmp_path / "night.mp4", codec="mpeg4"))


def test_its_sound_track_is_heard_too(tmp_path: Path) -> None:
    night = read_recording(video(tmp_path / "night.mp4", sound=True), ReadOptions(start=START))
    assert [(media.kind, round(media.fs)) for media in night.media] == [("video", 10), ("audio", 16000)]
    assert night.start == START
    assert night.duration_s == pytest.approx(7.9)


def test_a_container_with_sound_alone_stays_a_sound(tmp_path: Path) -> None:
    import av

    path = tmp_path / "night.m4a"
    with av.open(str(path), "w", format="mp4") as out:
        track = out.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        out.mux(track.encode(frame) + track.encode(None))
    assert recognise(path).key == "audio"


def test_close_looks_come_at_eight_a_second_or_more_and_between_them_one_a_second(tmp_path: Path) -> None:
    path = video(tmp_path / "night.mkv", seconds=80.0, fps=25.0, gop=25)
    times = np.array([picture.time_s for picture in pictures(path)])
    close, wide = np.diff(times[times < 60.0]), np.diff(times[times >= 60.0])
    assert close.max() <= 1 / 8
    assert wide.min() >= 0.95
    assert wide.max() <= 2.0


def test_rare_key_frames_are_no_reason_to_miss_movement(tmp_path: Path) -> None:
    times = np.array([p.time_s for p in pictures(video(tmp_path / "night.mkv", seconds=100.0, fps=4.0, gop=1000))])
    assert np.diff(times[times > 60.0]).max() <= 1.5


def test_uneven_times_are_kept(tmp_path: Path) -> None:
    times_s = np.cumsum(np.tile([0.1, 0.15, 0.2], 10))
    path = write_video(tmp_path / "night.mkv", render(Scene(), times_s), times_s)
    np.testing.assert_allclose([p.time_s for p in pictures(path)], times_s - times_s[0], atol=2e-3)


def test_a_video_that_breaks_off_gives_what_is_there(tmp_path: Path) -> None:
    whole = video(tmp_path / "night.mkv", seconds=30.0)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    found = survey(cut)
    assert 10.0 < found.nights[0].duration_s < 20.0
    assert "breaks off" in str(found.notes[0])


def test_huge_pictures_and_absurd_lengths_are_refused_before_anything_is_decoded(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = video(tmp_path / "night.mkv").read_bytes()
    at = raw.index(b"\x44\x89\x88") + 3
    long = tmp_path / "long.mkv"
    long.write_bytes(raw[:at] + struct.pack(">d", 1000.0 * 90000) + raw[at + 8 :])
    with pytest.raises(ReadError, match="longer than 24 hours"):
        survey(long)
    monkeypatch.setattr(av_video, "MOST_PIXELS", 160 * 120 - 1)
    with pytest.raises(ReadError, match=r"pictures of 160 × 120 points"):
        list(pictures(clip))


def test_pictures_that_grow_within_the_file_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = video(tmp_path / "night.mkv")
    monkeypatch.setattr(av_video, "_stream", lambda container, _: container.streams.video[0])
    monkeypatch.setattr(av_video, "MOST_PIXELS", 160 * 120 // 2)
    assert list(pictures(path)) == []


def test_of_damaged_videos_only_our_own_errors_come(clip: Path, tmp_path: Path) -> None:
    rng, whole, path = random.Random(3), clip.read_bytes(), tmp_path / "mutant.mp4"
    outcomes = set()
    for _ in range(150):
        raw = bytearray(whole)
        for _ in range(rng.choice((1, 5, 50))):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        path.write_bytes(raw[: rng.randrange(100, len(raw) + 1)] if rng.random() < 0.3 else raw)
        try:
            seen: list[Picture] = list(pictures(path))
            assert all(picture.gray.dtype == np.uint8 and picture.time_s >= 0.0 for picture in seen)
            outcomes.add("pictures")
        except SomniaError:
            outcomes.add("refused")
    assert outcomes == {"pictures", "refused"}


def test_noise_behind_a_magic_number_is_a_damaged_video(tmp_path: Path) -> None:
    path = tmp_path / "night.mkv"
    path.write_bytes(b"\x1aE\xdf\xa3" + random.Random(1).randbytes(500) + b"\x86\x8fV_MPEG4/ISO/AVC" + random.Random(2).randbytes(5000))
    assert recognise(path).key == "video"
    with pytest.raises(DamagedFile, match="cannot be read as a video"):
        survey(path)
