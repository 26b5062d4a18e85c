"""Movement in a pair of pictures: the share of the picture that changed by more than noise and light explain."""

import numpy as np
from numpy.typing import NDArray

BLOCK = 4
"""Side of the squares that are averaged before they are compared [px]; a square's mean has a quarter of a pixel's noise."""
LEAST_STEP = 4.0
MOST_STEP = 16.0
"""A square changed when its gray value did by five times the noise of the pair, at least and at most by these [of 255]."""
NOISE_TIMES = 5.0
LIGHT_SHARE = 0.75
"""When more than this share of the squares changes, a light or the camera's filter was switched: nothing is told of the pair."""
MAD_TO_SD = 1.4826


def moved_pct(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """Return the share of the picture that moved between two moments [%].

    Parameters
    ----------
    before, after : ndarray, shape (height, width), uint8
        Gray pictures of the same size.

    Returns
    -------
    float
        0 to 75; NaN where nearly everything changed at once, as a lamp does.
    """
    change = _blocks(after) - _blocks(before)
    change -= np.median(change)  # a room that grows brighter as a whole does not move
    sizes = np.abs(change)
    step = min(max(NOISE_TIMES * MAD_TO_SD * float(np.median(sizes)), LEAST_STEP), MOST_STEP)
    share = float((sizes > step).mean())
    return 100.0 * share if share <= LIGHT_SHARE else float("nan")


def _blocks(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    rows, columns = (length // BLOCK * BLOCK for length in picture.shape)
    squares = picture[:rows, :columns].reshape(rows // BLOCK, BLOCK, columns // BLOCK, BLOCK)
    return np.asarray(squares.mean(axis=(1, 3), dtype=np.float32))
