"""Columns as levels: bursts and positions keep their moments exactly, and their sizes roughly."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.packet.plans import LEVELS
from somnia_engine.packet.rans import Adaptive, Coder

Column = NDArray[np.float64]
CONTEXTS = 10


def level_of(values: Column, name: str) -> NDArray[np.int64]:
    """Return the level of each value."""
    return np.searchsorted(LEVELS[name][0], values, side="right").astype(np.int64)


def value_of(levels: NDArray[np.int64], name: str) -> Column:
    """Return the value that stands for each level."""
    return np.asarray(LEVELS[name][1], dtype=np.float64)[levels]


def code_levels(coder: Coder, levels: NDArray[np.int64], *, name: str, n: int) -> NDArray[np.int64]:
    """Write or read `n` levels; each is expected by the two before it."""
    model = Adaptive(len(LEVELS[name][1]), CONTEXTS)
    given: list[int] = levels.tolist()
    found, last, before = [], 0, 0
    for at in range(n):
        symbol = coder.symbol(given[at] if given else 0, model, context=2 * min(last, 4) + (before > 0))
        found.append(symbol)
        last, before = symbol, last
    return np.array(found, dtype=np.int64)
