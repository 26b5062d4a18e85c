"""Pressure maps of a bed as numbers that do not depend on where in the bed somebody lies, how heavy, or on which mat."""

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 64, 32
CELLS = (32, 16)
CORE = 0.125
"""Values under this share of the peak's root do not pull the center of the body."""
LEAST_CONTRAST = 4.0
"""An empty mat: the strongest cell stands less than this many times the typical deviation above the median cell."""


def mat_features(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the shape of the pressure in each frame.

    Parameters
    ----------
    frames : ndarray, shape (n, rows, columns), float32
        Pressure in any unit, the head at the first row.

    Returns
    -------
    ndarray, shape (n, 512), float32
        Root of the pressure above the mat's median, brought to 64 x 32, smoothed, centered, of unit power, averaged to 32 x 16. NaN for
        frames of an empty mat.
    """
    return np.stack([_features(frame) for frame in frames]) if len(frames) else np.empty((0, CELLS[0] * CELLS[1]), np.float32)


def _features(frame: NDArray[np.float32]) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter, median_filter, shift, zoom

    brought = np.nan_to_num(frame)
    if brought.shape != (ROWS, COLUMNS):
        brought = zoom(brought, (ROWS / frame.shape[0], COLUMNS / frame.shape[1]), order=1)
    clean = median_filter(brought, 3)
    above = clean - np.median(clean)
    if above.max() <= LEAST_CONTRAST * float(np.median(np.abs(above))):
        return np.full(CELLS[0] * CELLS[1], np.nan, np.float32)
    root = gaussian_filter(np.sqrt(np.clip(above, 0.0, None)), 1.0)
    body = np.where(root > CORE * root.max(), root, 0.0)
    down, along = (float((body.sum(axis=1 - axis) * np.arange(body.shape[axis])).sum() / body.sum()) for axis in (0, 1))
    centered = shift(root, ((ROWS - 1) / 2 - down, (COLUMNS - 1) / 2 - along), order=1)
    power = float(np.sqrt((centered**2).mean()))
    cells = centered.reshape(CELLS[0], ROWS // CELLS[0], CELLS[1], COLUMNS // CELLS[1]).mean(axis=(1, 3))
    return np.asarray((cells / max(power, 1e-9)).ravel(), dtype=np.float32)


def mirrored(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features of the same bodies mirrored: left becomes right."""
    return features.reshape(-1, *CELLS)[:, :, ::-1].reshape(len(features), -1)


def position_chances(features: NDArray[np.float32], *, weights: NDArray[np.float32], bias: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probability of each position, shape (n, classes), of a linear model: softmax(features @ weights.T + bias)."""
    told = features @ weights.T + bias
    told = np.exp(told - told.max(axis=1, keepdims=True)) if len(told) else told
    return np.asarray(told / told.sum(axis=1, keepdims=True), dtype=np.float32)
