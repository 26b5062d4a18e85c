"""A night on a pressure mat gives the side in each epoch; an empty mat and a doubtful frame give nothing."""

from pathlib import Path

import numpy as np
import pytest

from somnia_engine.analyse import analyse
from somnia_engine.dsp.mat_pressure import mat_features
from somnia_engine.dsp.posture import settled
from somnia_engine.errors import ReadError
from somnia_engine.readers import read_recording, survey
from somnia_engine.types.recording import ReadOptions


@pytest.fixture
def lying(reference: Path) -> dict[str, np.ndarray]:
    """A minute of each side of one person."""
    with np.load(reference / "pose" / "pmd_pressure" / "experiment_i.npz", allow_pickle=False) as kept:
        frames, labels = kept["frames"], kept["label"]
        one = kept["subject"] == 3
        return {side: np.repeat(frames[one & (labels == side)][:1], 60, axis=0) for side in ("supine", "left", "right")}


def test_the_side_of_each_epoch_is_told(lying: dict[str, np.ndarray], tmp_path: Path) -> None:
    path = tmp_path / "mat.npy"
    np.save(path, np.concatenate([lying["left"], lying["supine"], lying["right"], np.zeros((60, 64, 32), np.uint16)]))
    night = analyse([read_recording(path)])
    np.testing.assert_array_equal(night.features["mat_position"], [1, 1, 0, 0, 2, 2, np.nan, np.nan])
    assert "trunk_position" not in night.features.columns


def test_a_turned_mat_says_so_and_gives_the_same(lying: dict[str, np.ndarray], tmp_path: Path) -> None:
    path = tmp_path / "mat.csv"
    rows = [",".join(map(str, frame[::-1, ::-1].ravel())) for frame in lying["left"][::5]]
    path.write_text("# pressure mat rows=64 columns=32 fs=0.2 head=last\n" + "\n".join(rows) + "\n")
    np.testing.assert_array_equal(analyse([read_recording(path)]).features["mat_position"], [1, 1])


def test_a_stack_whose_head_is_said_to_be_at_the_last_row_is_turned(lying: dict[str, np.ndarray], tmp_path: Path) -> None:
    np.save(tmp_path / "mat.npy", lying["left"][:, ::-1, ::-1])
    told = analyse([read_recording(tmp_path / "mat.npy", ReadOptions(mat_head="last"))])
    np.testing.assert_array_equal(told.features["mat_position"], [1, 1])


def test_a_position_stays_until_another_is_likely() -> None:
    chances = np.array([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.4, 0.6, 0.0], [0.2, 0.8, 0.0], [np.nan] * 3, [0.4, 0.6, 0.0]])
    np.testing.assert_array_equal(settled(chances, stay=0.55, turn=0.75), [0, 0, np.nan, 1, np.nan, np.nan])


def test_weight_and_place_do_not_matter() -> None:
    frame = np.zeros((64, 32), np.float32)
    frame[10:40, 8:16] = np.outer(np.hanning(30), np.hanning(8)) * 300 + 50
    moved = np.roll(frame, (6, 5), axis=(0, 1)) * 3
    first, second = mat_features(np.stack((frame, moved)))
    np.testing.assert_allclose(first, second, atol=0.1)


@pytest.mark.parametrize("shape", [(5, 64), (5, 4, 32), (5, 64, 300), (0, 64, 32)])
def test_what_is_no_mat_is_refused_with_what_is_allowed(shape: tuple[int, ...], tmp_path: Path) -> None:
    np.save(tmp_path / "mat.npy", np.zeros(shape, np.float32))
    with pytest.raises(ReadError, match=r"allowed are|are read"):
        survey(tmp_path / "mat.npy")


def test_a_stack_of_objects_is_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "mat.npy", np.array([[[object()]]]), allow_pickle=True)
    with pytest.raises(ReadError, match="are read"):
        survey(tmp_path / "mat.npy")


def test_a_claimed_size_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mat.npy"
    np.save(path, np.zeros((5, 64, 32), np.uint16))
    path.write_bytes(path.read_bytes().replace(b"(5, 64, 32)", b"(9, 64, 32)"))
    with pytest.raises(ReadError, match="no whole stack"):
        survey(path)
