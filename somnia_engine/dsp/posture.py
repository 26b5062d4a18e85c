"""How a body lies, from its landmarks in space and the way the camera looks: sectors around the axes of the trunk, with hysteresis."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.body_box import Body

POSITIONS = 5
"""Supine, left, right, prone, upright: the numbers of `dsp.rest`."""
TILTS_DEG = {"above": 0.0, "oblique": 45.0}
"""Ways in which a camera looks: its angle from straight down."""
TOLD = ("above",)
"""Ways from which a position is told; obliquely it was wrong too often on rendered bodies (models/pose)."""
SHARPNESS = 4.0
"""A trunk half way between two positions gets about half of each; one that is 30 degrees off its axis 0.8 of it. Our own choice."""
LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP = 11, 12, 23, 24
LEAST_SEEN = 0.5
"""Shoulders that are less visible than this tell nothing; hips under a blanket are guessed by the model, so they count as guessed."""
LEAST_TRUNK_M = 0.15
STAY, TURN = 0.45, 0.6
"""A position stays while it has this probability; a new one is believed from TURN on. In between nothing is told."""


def upwards(look: str) -> NDArray[np.float64]:
    """Return the direction against gravity in the camera's axes (right, down, away), of one of `TILTS_DEG`."""
    tilt = np.radians(TILTS_DEG[look])
    return np.array([0.0, -np.sin(tilt), -np.cos(tilt)])


def body_chances(body: Body, up: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of each position of one body.

    Parameters
    ----------
    body : Body
    up : ndarray, shape (3,), float64
        The direction against gravity in the camera's axes.

    Returns
    -------
    ndarray, shape (5,), float64
        Supine, left, right, prone, upright; their sum is the detector's probability that there is a body. NaN where the shoulders are
        hidden or the trunk has no length.
    """
    solid = body.solid.astype(np.float64)
    head = (solid[LEFT_SHOULDER] + solid[RIGHT_SHOULDER] - solid[LEFT_HIP] - solid[RIGHT_HIP]) / 2.0
    left = solid[LEFT_SHOULDER] - solid[RIGHT_SHOULDER] + solid[LEFT_HIP] - solid[RIGHT_HIP]
    front = np.cross(left, head)
    seen = body.marks[[LEFT_SHOULDER, RIGHT_SHOULDER], 2].max() >= LEAST_SEEN
    lengths = [float(np.linalg.norm(axis)) for axis in (head, left, front)]
    if not seen or lengths[0] < LEAST_TRUNK_M or min(lengths) < 1e-3:
        return np.full(POSITIONS, np.nan)
    along, across, ahead = (float(axis @ up) / length for axis, length in zip((head, left, front), lengths, strict=True))
    told = np.exp(SHARPNESS * np.array([ahead, -across, across, -ahead, along]))
    return np.asarray(body.score * told / told.sum())


def settled(chances: NDArray[np.float64], *, stay: float = STAY, turn: float = TURN) -> NDArray[np.float32]:
    """Return the position at each step from its chances, shape (n, positions), with hysteresis; NaN where none is likely enough."""
    column = np.full(len(chances), np.nan, dtype=np.float32)
    held: int | None = None
    for step, row in enumerate(chances):
        if not np.isfinite(row).all():
            held = None
            continue
        best = int(row.argmax())
        held = best if row[best] >= turn else held
        if held is not None and row[held] >= stay:
            column[step] = held
    return column
