"""A rendered night on video gives movement, bouts, breathing and pauses; starved encoders and lights do not."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from somnia_engine.analyse import analyse
from somnia_engine.extractors._watched import watch
from somnia_engine.readers import read_recording
from somnia_engine.readers._av_video import Picture, pictures
from somnia_engine.types.events import EventKind
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.recording import ReadOptions
from tests.engine.videos import Scene, evenly, render, write_video

START = datetime(2025, 3, 6, 22, tzinfo=UTC)
SCENE = Scene(bpm=16.0, pauses=((330.0, 12.0),), turns=((100.0, 8.0),))


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> NightAnalysis:
    times_s = evenly(390.0, 9.0)
    path = write_video(tmp_path_factory.mktemp("camera") / "night.mkv", render(SCENE, times_s), times_s, gop=18)
    return analyse([read_recording(path, ReadOptions(start=START))])


def test_breathing_is_told_in_the_first_minute_of_every_five(night: NightAnalysis) -> None:
    rates = night.features["resp_rate_bpm"]
    assert np.flatnonzero(np.isfinite(rates)).tolist() == [0, 1, 10, 11]
    np.testing.assert_allclose(rates[np.isfinite(rates)], 16.0, atol=0.5)


def test_a_pause_in_a_close_minute_is_an_event(night: NightAnalysis) -> None:
    (pause,) = list(night.events.of_kind(EventKind.BP))
    assert pause.onset_s == pytest.approx(330.0, abs=2.0)
    assert pause.duration_s == pytest.approx(12.0, abs=2.5)
    assert np.isnan(pause.value)


def test_a_turn_is_one_bout_and_stands_out_in_its_epoch(night: NightAnalysis) -> None:
    (bout,) = list(night.events.of_kind(EventKind.MV))
    assert bout.onset_s == pytest.approx(100.0, abs=2.5)
    assert bout.duration_s == pytest.approx(8.0, abs=4.0)
    moved = night.features["camera_motion_pct"]
    assert moved.argmax() == 3
    assert np.delete(moved, 3).max() < 1.0


def test_nothing_is_staged_from_a_camera(night: NightAnalysis) -> None:
    assert night.hypnogram is None


@pytest.mark.parametrize(("codec", "gop", "noise"), [("hevc", 20, 8.0), ("hevc", 50, 3.0), ("vp9", 50, 3.0), ("h264", 20, 3.0)])
def test_key_frames_of_a_starved_encoder_are_not_breath(codec: str, gop: int, noise: float, tmp_path: Path) -> None:
    times_s = evenly(60.0, 10.0)
    path = write_video(tmp_path / "still.mkv", render(Scene(reach=0.0, noise=noise, seed=6), times_s), times_s, codec=codec, gop=gop)
    assert all(breathing.quality < 0.5 for *_, breathing in watch(pictures(path)).looks)


def test_breathing_of_a_sleeping_infant_is_found(reference: Path) -> None:
    (look,) = watch(pictures(reference / "pose" / "evm_baby_video" / "baby.mp4")).looks
    assert look[2].rate_bpm == pytest.approx(32.0, abs=1.5)
    assert look[2].quality >= 0.5


def test_what_is_held_does_not_grow_with_the_video() -> None:
    held: list[int] = []
    alive: set[int] = set()

    class Counted(np.ndarray):
        def __del__(self) -> None:
            alive.discard(id(self))

    def endless() -> object:
        for k in range(3000):
            gray = np.zeros((30, 40), np.uint8).view(Counted)
            alive.add(id(gray))
            held.append(len(alive))
            yield Picture(k * 0.95, gray, (k * 0.95) % 300 < 60, False)

    watch(endless())  # type: ignore[arg-type]
    assert max(held) < 150
