"""Where columns were measured: the runs of each distinct mask, told once and shared by all columns that have it."""

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import PacketError
from somnia_engine.packet.counting import Numbers, bounded
from somnia_engine.packet.rans import BROKEN, Coder

Mask = NDArray[np.bool_]


def edges_of(mask: Mask) -> list[int]:
    """Return the epochs at which a mask turns on and off, in order."""
    found: list[int] = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8))).tolist()
    return found


def code_mask(coder: Coder, mask: Mask, *, numbers: Numbers, n: int) -> Mask:
    """Write or read a mask of `n` epochs that has at least one run."""
    edges = edges_of(mask)
    count = bounded(numbers.code(coder, len(edges) // 2 - 1), n) + 1
    read, at = np.zeros(n, dtype=np.bool_), 0
    for run in range(count):
        first = at + numbers.code(coder, edges[2 * run] - at if edges else 0, context=1)
        past = first + 1 + numbers.code(coder, edges[2 * run + 1] - edges[2 * run] - 1 if edges else 0, context=2)
        if past > n:
            raise PacketError(BROKEN)
        read[first:past] = True
        at = past
    return read


def rounded(mask: Mask, shortest: int) -> Mask:
    """Return a mask whose gaps and then runs of fewer than `shortest` epochs are gone; at least one run stays."""
    edges = edges_of(mask)
    runs = [[edges[0], edges[1]]]
    for first, past in zip(edges[2::2], edges[3::2], strict=True):
        if first - runs[-1][1] < shortest:
            runs[-1][1] = past
        else:
            runs.append([first, past])
    kept = [run for run in runs if run[1] - run[0] >= shortest] or [max(runs, key=lambda run: run[1] - run[0])]
    found = np.zeros(len(mask), dtype=np.bool_)
    for first, past in kept:
        found[first:past] = True
    return found
