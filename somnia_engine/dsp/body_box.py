"""The arithmetic around MediaPipe's two pose models: where a body lies in a square picture, and its landmarks seen upright.

Bazarevsky et al. 2020, "BlazePose: On-device real-time body pose tracking", arXiv 2006.10204; sizes and anchors as in the graphs
of the package that brings the models.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DETECTOR_PX, LANDMARK_PX = 224, 256
STRIDES = ((8, 2), (16, 2), (32, 6))
"""Cells of the detector's grids [px] and anchors in each cell."""
ROOM = 1.25
"""The circle around the hips that reaches the head is made larger by this."""
SAME = 0.3
"""Boxes that share more than this of their area are one body."""
MARKS = 33


class Body(NamedTuple):
    """Landmarks of one body.

    `score`: the detector's probability; `presence`: that of the landmark model. `marks`, shape (33, 3): x, y in shares of the square
    picture (y down) and the visibility 0..1. `solid`, shape (33, 3): meters from the hips, x to the right of the picture, y down,
    z away from the camera.
    """

    score: float
    presence: float
    marks: NDArray[np.float32]
    solid: NDArray[np.float32]


class Place(NamedTuple):
    """Where a body is: hips and the end of the vector to the head, in shares of the picture."""

    score: float
    hips: tuple[float, float]
    head: tuple[float, float]


def squared(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a gray picture in the middle of a black square, 0..1, its contrast stretched when it is dark or flat."""
    side = max(picture.shape)
    low, high = np.percentile(picture, (1.0, 99.0))
    gray = np.clip((picture - low) / max(float(high - low), 32.0), 0.0, 1.0) if high - low < 160 else picture / 255.0
    square = np.zeros((side, side), dtype=np.float32)
    down, along = ((side - length) // 2 for length in picture.shape)
    square[down : down + picture.shape[0], along : along + picture.shape[1]] = gray
    return square


def cut_out(square: NDArray[np.float32], *, center: tuple[float, float], side: float, turn: float, px: int) -> NDArray[np.float32]:
    """Return a turned square out of a picture, bilinear, black outside; `center` and `side` in shares of the picture, `turn` in rad."""
    step = (np.arange(px) + 0.5) / px - 0.5
    x, y = np.meshgrid(step * side, step * side)
    cos, sin = np.cos(turn), np.sin(turn)
    width = square.shape[0]
    at_x = (center[0] + cos * x - sin * y) * width - 0.5
    at_y = (center[1] + sin * x + cos * y) * width - 0.5
    padded = np.pad(square, 1)
    at_x, at_y = (np.clip(at + 1.0, 0.0, width + 0.999) for at in (at_x, at_y))
    i, j = at_y.astype(np.intp), at_x.astype(np.intp)
    u, v = (at_y - i).astype(np.float32), (at_x - j).astype(np.float32)
    above = padded[i, j] * (1 - v) + padded[i, j + 1] * v
    below = padded[i + 1, j] * (1 - v) + padded[i + 1, j + 1] * v
    return np.asarray(above * (1 - u) + below * u, dtype=np.float32)


@cache
def _anchors() -> NDArray[np.float32]:
    grids = []
    for stride, count in STRIDES:
        cells = DETECTOR_PX // stride
        y, x = np.divmod(np.arange(cells * cells), cells)
        grids.append(np.repeat(np.stack(((x + 0.5) / cells, (y + 0.5) / cells), axis=1), count, axis=0))
    return np.asarray(np.concatenate(grids), dtype=np.float32)


def _share(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0))), dtype=np.float32)


def place_of(boxes: NDArray[np.float32], logits: NDArray[np.float32]) -> Place:
    """Return the likeliest body of the detector's raw answers, shapes (2254, 12) and (2254,); boxes of the same body are averaged."""
    scores = _share(logits)
    best = int(scores.argmax())
    near = np.flatnonzero(scores > scores[best] / 2.0)
    anchors = _anchors()[near]
    middles, sizes = boxes[near, :2] / DETECTOR_PX + anchors, boxes[near, 2:4] / DETECTOR_PX
    top = int(np.flatnonzero(near == best)[0])
    low = np.maximum(middles - sizes / 2, middles[top] - sizes[top] / 2)
    high = np.minimum(middles + sizes / 2, middles[top] + sizes[top] / 2)
    shared = np.prod(np.clip(high - low, 0.0, None), axis=1)
    same = shared / np.maximum(np.prod(sizes, axis=1) + np.prod(sizes[top]) - shared, 1e-9) > SAME
    same[top] = True
    weights = scores[near][same][:, None] / scores[near][same].sum()
    hips, head = ((weights * (boxes[near, k : k + 2] / DETECTOR_PX + anchors)[same]).sum(axis=0) for k in (4, 6))
    return Place(float(scores[best]), (float(hips[0]), float(hips[1])), (float(head[0]), float(head[1])))


def window_of(place: Place) -> tuple[float, float]:
    """Return the side of the square around a body, as a share of the picture, and its turn [rad]; upright is 0."""
    x, y = place.head[0] - place.hips[0], place.head[1] - place.hips[1]
    return 2.0 * ROOM * float(np.hypot(x, y)), float(np.arctan2(y, x) + np.pi / 2)


def landmarks(raw: NDArray[np.float32], solid: NDArray[np.float32], *, place: Place) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return `Body.marks` and `Body.solid` from the landmark model's raw answers, shapes (195,) and (117,)."""
    side, turn = window_of(place)
    cos, sin = np.cos(turn), np.sin(turn)
    told = raw.reshape(-1, 5)[:MARKS]
    x, y = ((told[:, k] / LANDMARK_PX - 0.5) * side for k in (0, 1))
    visible = _share(np.minimum(told[:, 3], told[:, 4]))
    marks = np.stack((place.hips[0] + cos * x - sin * y, place.hips[1] + sin * x + cos * y, visible), axis=1)
    meters = solid.reshape(-1, 3)[:MARKS]
    turned = np.stack((cos * meters[:, 0] - sin * meters[:, 1], sin * meters[:, 0] + cos * meters[:, 1], meters[:, 2]), axis=1)
    return marks.astype(np.float32), turned.astype(np.float32)


def turned_back(body: Body, quarters: int) -> Body:
    """Return a body that was found in a picture turned by `quarters` (np.rot90, counterclockwise) as it lies in the picture itself."""
    marks, solid = body.marks.copy(), body.solid.copy()
    for _ in range(quarters % 4):
        marks[:, 0], marks[:, 1] = 1.0 - marks[:, 1], marks[:, 0].copy()
        solid[:, 0], solid[:, 1] = -solid[:, 1], solid[:, 0].copy()
    return Body(body.score, body.presence, marks, solid)
