"""Columns as spectra: a cosine transform of the night, quantised more coarsely where it changes fast."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import PacketError
from somnia_engine.packet.counting import Numbers, bounded
from somnia_engine.packet.plans import MIXED, SWING, SWING_FROM, SWINGS, Course, course_of
from somnia_engine.packet.rans import BROKEN, Coder
from somnia_engine.types.features import FEATURES

Column = NDArray[np.float64]
Whole = NDArray[np.int64]

STEPS_PER_DOUBLING = 8
SAME = 64
"""The quantiser step is the plan's times 2^((fineness - 64) / 8)."""
DEAD = 0.6
"""An encoder may round what lies under 0.6 steps to 0; the decoder does not know."""
FEWEST = 8
LARGEST = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """How one group of columns is quantised: its names, the plan, the step's exponent and the two shape exponents."""

    names: tuple[str, ...]
    fineness: int
    corner: int
    keep: int

    @property
    def plan(self) -> Course:
        """The plan whose step is scaled."""
        return SWING if self.names == SWINGS else course_of(self.names[0])

    def steps(self, n: int) -> Column:
        """Return the quantiser step of each carried coefficient of a course of `n` epochs."""
        count = min(n, max(FEWEST, -(-n >> self.keep)))
        step = self.plan.step * 2.0 ** ((self.fineness - SAME) / STEPS_PER_DOUBLING)
        return np.asarray(step * np.sqrt(1.0 + (np.arange(count) / n * 2.0**self.corner) ** 2), dtype=np.float64)


@cache
def logs_from(names: tuple[str, ...]) -> tuple[float, ...]:
    """Return what is added before the logarithm of each column; 0 for none."""
    return SWING_FROM if names == SWINGS else (course_of(names[0]).log_from,)


def carried(columns: Sequence[Column], names: tuple[str, ...]) -> Column:
    """Return columns without gaps as they are carried, shape (n, m): logarithms taken, swings mixed."""
    rows = [np.log(column + start) if start else column for column, start in zip(columns, logs_from(names), strict=True)]
    stacked = np.stack(rows, axis=1)
    return np.asarray(stacked @ MIXED if names == SWINGS else stacked, dtype=np.float64)


def restored(rows: Column, names: tuple[str, ...]) -> list[Column]:
    """Return the columns of what was carried, within their bounds."""
    plain = rows @ MIXED.T if names == SWINGS else rows
    found = []
    for number, (name, start) in enumerate(zip(names, logs_from(names), strict=True)):
        values = np.exp(np.minimum(plain[:, number], 20.0)) - start if start else plain[:, number]
        found.append(np.clip(values, FEATURES[name].low, FEATURES[name].high))
    return found


def quantised(rows: Column, shape: Shape) -> tuple[Whole, Whole]:
    """Return the mean of each row in steps, and the quotients of its spectrum, shapes (m,) and (k, m)."""
    from scipy.fft import dct

    steps = shape.steps(len(rows))
    means = np.round(rows.mean(axis=0) / steps[0])
    spectrum = dct(rows - means * steps[0], axis=0, norm="ortho")[: len(steps)] / steps[:, None]
    quotients = np.where(np.abs(spectrum) < DEAD, 0.0, np.round(spectrum))
    return means.astype(np.int64), np.clip(quotients, -LARGEST, LARGEST).astype(np.int64)


def course(means: Whole, quotients: Whole, *, shape: Shape, n: int) -> Column:
    """Return the rows, shape (n, m), that quotients stand for."""
    from scipy.fft import idct

    steps = shape.steps(n)
    spectrum = np.zeros((n, len(means)))
    spectrum[: len(steps)] = quotients * steps[:, None]
    return np.asarray(idct(spectrum, axis=0, norm="ortho") + means * steps[0], dtype=np.float64)


def code_course(coder: Coder, means: Whole, *, quotients: Whole, n: int, shape: Shape, numbers: Numbers) -> tuple[Whole, Whole]:
    """Write or read the means and quotients of a group; when read, the arrays given are only their shapes."""
    most = len(shape.steps(n))
    width = len(shape.names)
    read_means, read = np.zeros(width, dtype=np.int64), np.zeros((most, width), dtype=np.int64)
    for row in range(width):
        values: list[int] = quotients[:, row].tolist()
        last = int(np.flatnonzero(quotients[:, row])[-1]) + 1 if quotients[:, row].any() else 0
        mean = numbers.code_signed(coder, int(means[row]))
        count = bounded(numbers.code(coder, last), most)
        if abs(mean) > LARGEST:
            raise PacketError(BROKEN)
        found = coder.quotients(values[:count], count)
        if any(abs(value) > LARGEST for value in found):
            raise PacketError(BROKEN)
        read_means[row], read[:count, row] = mean, found[:count]
    return read_means, read
