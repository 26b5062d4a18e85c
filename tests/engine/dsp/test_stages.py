"""Stage intervals on the grid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from somnia_engine.dsp.stages import classes_of, device_hypnogram, stages_on_grid
from somnia_engine.types.hypnogram import Stage, StageIntervals
from tests.engine.make import stages


def intervals(*rows: tuple[float, float, Stage]) -> StageIntervals:
    onset, duration, stage = (np.array(c) for c in zip(*rows, strict=True))
    return StageIntervals(onset.astype(np.float64), duration.astype(np.float64), stage.astype(np.int8), "watch")


def test_an_epoch_takes_the_stage_that_covers_most_of_it() -> None:
    grid = stages_on_grid(intervals((0, 40, Stage.W), (40, 20, Stage.L)), 0.0, n_epochs=2)
    assert grid.tolist() == [Stage.W, Stage.L]


def test_an_epoch_that_is_hardly_covered_is_unscored() -> None:
    grid = stages_on_grid(intervals((0, 10, Stage.W), (50, 25, Stage.L)), 0.0, n_epochs=4)
    assert grid.tolist() == [Stage.UNSCORED, Stage.UNSCORED, Stage.L, Stage.UNSCORED]


def test_a_tie_goes_to_the_earlier_stage() -> None:
    assert stages_on_grid(intervals((0, 15, Stage.R), (15, 15, Stage.W)), 0.0, n_epochs=1).tolist() == [Stage.R]


def test_what_lies_outside_of_the_night_is_cut() -> None:
    assert device_hypnogram(intervals((0, 600, Stage.L)), -6000.0, n_epochs=10) is None
    cut = device_hypnogram(intervals((0, 600, Stage.L)), -300.0, n_epochs=5)
    assert cut is not None
    assert (cut.stages == Stage.L).all()


@given(st.text("W123R?", min_size=1, max_size=60), st.integers(0, 10))
def test_intervals_on_the_grid_come_back_unchanged(letters: str, late: int) -> None:
    grid = stages_on_grid(stages(letters), late * 30.0, n_epochs=len(letters) + late)
    assert grid[late:].tolist() == stages(letters).stages.tolist()


@pytest.mark.parametrize(("used", "named"), [("WS", "WS"), ("W", "WS"), ("WLR", "WL3R"), ("W2", "W123R"), ("WR", "WNR"), ("WLS", "WL3RS")])
def test_the_set_of_stages_is_found_from_those_used(used: str, named: str) -> None:
    letters = "".join(s.letter.replace("N", "") or "N" for s in classes_of(stages(used).stages))
    assert letters == named
