"""Puts samples into the 30-s epochs of a night; an epoch without a sample stays NaN."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.types.hypnogram import EPOCH_S

Times = NDArray[np.float64]
Column = NDArray[np.float32]
_EDGE_S = 1e-6
"""Times are rounded to this [s], so that a sample at 30 s after an absolute time was subtracted does not fall at 29.9999999 s."""


def epoch_of(times_s: Times) -> NDArray[np.int64]:
    """Return the index of the epoch that holds each time [s], shape (n,); negative before the night."""
    return np.asarray(np.floor((times_s + _EDGE_S) / EPOCH_S), dtype=np.int64)


def epoch_count(epochs: NDArray[np.int64], n_epochs: int) -> NDArray[np.int64]:
    """Return how many samples each epoch holds, shape (n_epochs,)."""
    return np.bincount(epochs, minlength=n_epochs)


def epoch_sum(epochs: NDArray[np.int64], values: NDArray[np.float64], *, n_epochs: int) -> Column:
    """Return the sum of each epoch's samples, shape (n_epochs,)."""
    count = epoch_count(epochs, n_epochs)
    total = np.bincount(epochs, weights=values, minlength=n_epochs)
    return np.where(count > 0, total, np.nan).astype(np.float32)


def epoch_mean(epochs: NDArray[np.int64], values: NDArray[np.float64], *, n_epochs: int) -> Column:
    """Return the mean of each epoch's samples, shape (n_epochs,)."""
    count = epoch_count(epochs, n_epochs)
    total = np.bincount(epochs, weights=values, minlength=n_epochs)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def epoch_sd(epochs: NDArray[np.int64], values: NDArray[np.float64], *, n_epochs: int) -> Column:
    """Return the standard deviation (ddof 0) of each epoch's samples, shape (n_epochs,); NaN under two samples."""
    count = epoch_count(epochs, n_epochs)
    mean = np.bincount(epochs, weights=values, minlength=n_epochs) / np.maximum(count, 1)
    squares = np.bincount(epochs, weights=(values - mean[epochs]) ** 2, minlength=n_epochs)
    return np.where(count >= 2, np.sqrt(squares / np.maximum(count, 1)), np.nan).astype(np.float32)


def epoch_min(epochs: NDArray[np.int64], values: NDArray[np.float64], *, n_epochs: int) -> Column:
    """Return the lowest of each epoch's samples, shape (n_epochs,)."""
    lowest = np.full(n_epochs, np.inf)
    np.minimum.at(lowest, epochs, values)
    return np.where(np.isfinite(lowest), lowest, np.nan).astype(np.float32)


def epoch_max(epochs: NDArray[np.int64], values: NDArray[np.float64], *, n_epochs: int) -> Column:
    """Return the highest of each epoch's samples, shape (n_epochs,)."""
    return -epoch_min(epochs, -values, n_epochs=n_epochs)


def held(column: Column, limit_s: float) -> Column:
    """Return the column with every value held over following empty epochs for up to `limit_s` seconds."""
    index = np.arange(len(column))
    last = np.maximum.accumulate(np.where(np.isfinite(column), index, -1))
    near = (last >= 0) & ((index - last) * EPOCH_S <= limit_s)
    return np.where(near, column[np.maximum(last, 0)], np.nan).astype(np.float32)
