"""A camera above a bed tells how a body lies, looks for it seldom, and tells nothing where it is not sure."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.pose.render import View, axes_of, empty, render
from somnia_engine.analyse import analyse
from somnia_engine.dsp.body_box import MARKS, Body, turned_back
from somnia_engine.dsp.posture import body_chances, settled, upwards
from somnia_engine.extractors._body_finder import finder
from somnia_engine.extractors._watched import BodyWatch, Watched, watch
from somnia_engine.readers import read_recording
from somnia_engine.readers._av_video import pictures
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.recording import ReadOptions
from tests.engine.videos import Scene, evenly, write_video
from tests.engine.videos import render as torso

START = datetime(2025, 3, 6, 22, tzinfo=UTC)
SUPINE, LEFT, RIGHT, PRONE = (View(roll, heading_deg=90, seed=5) for roll in (0, 90, -90, 180))


def still(picture: NDArray[np.uint8], n: int) -> Iterator[NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    for _ in range(n):
        yield np.clip(picture + rng.normal(0.0, 2.0, picture.shape), 0, 255).astype(np.uint8)


def lying(folder: Path, picture: NDArray[np.uint8], look: str) -> NightAnalysis:
    times_s = evenly(90.0, 2.0)
    path = write_video(folder / "night.mkv", still(picture, len(times_s)), times_s, gop=2)
    return analyse([read_recording(path, ReadOptions(start=START, look=look))])


@pytest.mark.parametrize(("view", "position"), [(SUPINE, 0), (LEFT, 1), (RIGHT, 2), (PRONE, 3)])
def test_a_body_seen_from_above_has_its_position_in_every_epoch(view: View, position: int, tmp_path: Path) -> None:
    night = lying(tmp_path, render(view), "above")
    assert night.features["camera_position"].tolist() == [position] * 3
    assert (night.features["p_camera_position"] > 0.45).all()


@pytest.mark.parametrize("look", ["", "oblique", "level"])
def test_a_camera_that_is_not_said_to_look_straight_down_tells_none(look: str, tmp_path: Path) -> None:
    night = lying(tmp_path, render(SUPINE), look)
    assert night.features.coverage("camera_position") == 0
    assert any("position" in str(note) for quality in night.quality for note in quality.notes)


def test_an_empty_bed_has_no_position(tmp_path: Path) -> None:
    assert lying(tmp_path, empty(4), "above").features.coverage("camera_position") == 0


def watched(path: Path) -> Watched:
    return watch(pictures(path), BodyWatch(finder().find))


@pytest.mark.parametrize("turns", [(), tuple((t, 2.0) for t in range(10, 330, 8))])
def test_a_body_is_looked_for_in_at_most_a_fifth_of_the_seconds(turns: tuple[tuple[float, float], ...], tmp_path: Path) -> None:
    times_s = evenly(330.0, 4.0)
    seen = watched(write_video(tmp_path / "night.mkv", torso(Scene(turns=turns), times_s), times_s, gop=4))
    assert 3 <= len(seen.glances) <= (330 / 5 if turns else 330 * 0.03)
    assert np.diff([glance.time_s for glance in seen.glances]).min() >= 5.0


def test_the_turn_that_worked_is_tried_first_and_kept(tmp_path: Path) -> None:
    times_s = evenly(90.0, 2.0)
    path = write_video(tmp_path / "night.mkv", still(np.rot90(render(SUPINE)), len(times_s)), times_s, gop=2)
    asked: list[tuple[int, ...]] = []

    def find(scene: NDArray[np.uint8], quarters: tuple[int, ...] = (0, 1, 2, 3)) -> tuple[Body, int] | None:
        asked.append(quarters)
        return finder().find(scene, quarters)

    seen = watch(pictures(path), BodyWatch(find))
    assert all(glance.body is not None for glance in seen.glances)
    assert len(asked[0]) == 4
    assert len(set(asked[1:])) == 1
    assert len(asked[1]) == 1


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_landmarks_turn_with_the_picture(quarters: int) -> None:
    upright = render(View(0, heading_deg=180, seed=2))
    plain = finder().find(upright, (2,))
    turned = finder().find(np.ascontiguousarray(np.rot90(upright, quarters)), ((2 - quarters) % 4,))
    assert plain is not None
    assert turned is not None
    back = turned_back(turned[0], -quarters)
    np.testing.assert_allclose(back.marks[:25, :2], plain[0].marks[:25, :2], atol=0.03)
    np.testing.assert_allclose(back.solid, plain[0].solid, atol=0.05)


def test_landmarks_are_those_of_mediapipe_itself() -> None:
    from mediapipe.python.solutions.pose import Pose

    picture = np.rot90(render(View(0, heading_deg=180, seed=2)), 2).copy()
    with Pose(static_image_mode=True, model_complexity=1, smooth_landmarks=False) as pose:
        theirs = pose.process(np.repeat(picture[:, :, None], 3, axis=2)).pose_landmarks.landmark
    ours = finder().find(picture, (0,))
    assert ours is not None
    seen = [0, 11, 12, 23, 24, 25, 26]
    expected = np.array([(theirs[k].x, theirs[k].y) for k in seen])
    assert np.abs(ours[0].marks[seen, :2] - expected).max() < 0.03


@pytest.mark.parametrize(("roll", "position"), [(0, 0), (90, 1), (-90, 2), (180, 3), (35, 0), (-60, 2), (140, 3)])
@pytest.mark.parametrize(("look", "tilt"), [("above", 0.0), ("oblique", 45.0)])
def test_the_rule_is_right_where_the_landmarks_are(roll: float, position: int, look: str, tilt: float) -> None:
    left, head, _ = axes_of(View(roll, heading_deg=70, tilt_deg=tilt))
    solid = np.zeros((MARKS, 3))
    for marks, sideways in (((11, 23), 0.18), ((12, 24), -0.18)):
        solid[marks[0]], solid[marks[1]] = sideways * left + 0.5 * head, sideways * left
    chances = body_chances(Body(1.0, 1.0, np.ones((MARKS, 3), np.float32), solid.astype(np.float32)), upwards(look))
    assert chances.argmax() == position
    assert chances.sum() == pytest.approx(1.0)


def test_a_body_without_visible_shoulders_has_no_position() -> None:
    body = Body(1.0, 1.0, np.zeros((MARKS, 3), np.float32), np.random.default_rng(0).normal(size=(MARKS, 3)).astype(np.float32))
    assert np.isnan(settled(body_chances(body, upwards("above"))[None]))[0]
