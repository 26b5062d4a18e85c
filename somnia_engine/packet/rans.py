"""The entropy coder of the packet: one range coder (rANS), written and read by the same calls, so that the format is said once."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import PacketError
from somnia_engine.text import Text

PRECISION = 12
TOTAL = 1 << PRECISION
LOWEST = 1 << 16
"""The state lies between 2^16 and 2^32 and moves by 16 bits (Duda 2013, arXiv 1311.2540)."""

REACH = 14
ESCAPE = 2 * REACH + 1
SCALES = 22
"""Two-sided geometric distributions of -14..14 and an escape; scale j has a mean magnitude of 0.03 * 2^(j / 2)."""
BROKEN = Text("This packet cannot be read: its content is not as the format says. Send the packet again from the device.")


class Table(NamedTuple):
    """A distribution: for each of the 4,096 slots its symbol; for each symbol its first slot and how many it has."""

    symbols: bytes
    starts: tuple[int, ...]
    counts: tuple[int, ...]


@cache
def geometric(scale: int) -> Table:
    """Return the distribution of a scale 1..SCALES: P(q) falls by theta with each step of |q|, the rest is the escape."""
    mean = 0.03 * 2.0 ** (scale / 2.0)
    theta = (np.sqrt(1.0 + mean * mean) - 1.0) / mean
    magnitude = np.abs(np.arange(-REACH, REACH + 1))
    p = (1.0 - theta) / (1.0 + theta) * theta**magnitude
    weights = np.append(p, max(1.0 - p.sum(), 0.0))
    return table_of(weights)


LOUDEST = 60
"""A larger magnitude moves the running mean as this one."""
QUIET_START = 2 << 8
SLOWEST = 4


@cache
def scale_of() -> tuple[int, ...]:
    """Return the scale for each running mean of magnitudes, in 256ths: the number of thresholds 7.68 * 2^(j / 2 + 1 / 4) under it."""
    thresholds = [7.68 * 2.0 ** (j / 2.0 + 0.25) for j in range(1, SCALES)]
    return tuple(1 + sum(mean >= threshold for threshold in thresholds) for mean in range((LOUDEST << 8) + 1))


def table_of(weights: NDArray[np.float64]) -> Table:
    """Return the table of some weights: each symbol has at least one slot, the heaviest takes what rounding leaves."""
    room = TOTAL - len(weights)
    counts = 1 + np.floor(weights / weights.sum() * room + 1e-9).astype(np.int64)
    counts[int(np.argmax(counts))] += TOTAL - int(counts.sum())
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    return Table(np.repeat(np.arange(len(counts), dtype=np.uint8), counts).tobytes(), tuple(starts.tolist()), tuple(counts.tolist()))


class Adaptive:
    """Distributions that learn, one a context: after each symbol the cumulative counts move by a sixteenth towards it."""

    RATE = 4

    def __init__(self, symbols: int, contexts: int) -> None:
        self.symbols = symbols
        step = (TOTAL - symbols) // symbols
        first = [i * (step + 1) for i in range(symbols)] + [TOTAL]
        self.edges = [first.copy() for _ in range(contexts)]
        self._targets = [[i if i <= s else TOTAL - symbols + i for i in range(symbols + 1)] for s in range(symbols)]

    def learn(self, context: int, symbol: int) -> None:
        """Move a context's distribution towards a symbol."""
        edges, target, rate = self.edges[context], self._targets[symbol], self.RATE
        self.edges[context] = [e + ((t - e) >> rate) for e, t in zip(edges, target, strict=True)]


class Coder(Protocol):
    """What a writer and a reader share: each call takes the value to be written, and returns the value read or written."""

    def bits(self, value: int, width: int) -> int:
        """Code an unsigned number of `width` bits."""
        ...

    def quotients(self, values: Sequence[int], count: int) -> list[int]:
        """Code `count` whole numbers, each under the geometric distribution of the magnitudes before it."""
        ...

    def symbol(self, value: int, model: Adaptive, *, context: int) -> int:
        """Code a symbol of a distribution that learns."""
        ...


def natural(coder: Coder, value: int, *, shift: int = 0) -> int:
    """Code a number from 0: its bits above `shift` as an Elias gamma code, then the low bits."""
    high = (value >> shift) + 1
    length = coder_length(coder, high.bit_length())
    rest = coder.bits(high & ((1 << (length - 1)) - 1), length - 1) if length > 1 else 0
    low = coder.bits(value & ((1 << shift) - 1), shift) if shift else 0
    return ((((1 << (length - 1)) | rest) - 1) << shift) | low


def coder_length(coder: Coder, length: int) -> int:
    """Code the length of a number in unary, at most 32."""
    n = 1
    while coder.bits(int(length > n), 1):
        n += 1
        if n > 32:
            raise PacketError(BROKEN)
    return n


class Writer:
    """Collects what is to be coded; `finish` codes it from the last to the first, as rANS does."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, int]] = []

    def bits(self, value: int, width: int) -> int:
        """Write an unsigned number of `width` bits, the low 12 first."""
        if not 0 <= value < 1 << width:
            raise ValueError(f"{value} does not fit into {width} bits")
        rest = value
        while width > 0:
            part = min(width, PRECISION)
            self._steps.append(((rest & ((1 << part) - 1)) << (PRECISION - part), 1 << (PRECISION - part)))
            rest, width = rest >> part, width - part
        return value

    def quotients(self, values: Sequence[int], count: int) -> list[int]:
        """Write whole numbers; those beyond REACH as an escape, the sign and what is beyond."""
        scales, mean = scale_of(), QUIET_START
        for number, value in enumerate(values[:count]):
            table, size = geometric(scales[mean]), abs(value)
            symbol = value + REACH if size <= REACH else ESCAPE
            self._steps.append((table.starts[symbol], table.counts[symbol]))
            if size > REACH:
                self.bits(int(value < 0), 1)
                natural(self, size - REACH - 1, shift=3)
            mean += ((min(size, LOUDEST) << 8) - mean) >> (2 if number < 4 else 3 if number < 12 else SLOWEST)
        return list(values)

    def symbol(self, value: int, model: Adaptive, *, context: int) -> int:
        """Write a symbol of a distribution that learns."""
        edges = model.edges[context]
        self._steps.append((edges[value], edges[value + 1] - edges[value]))
        model.learn(context, value)
        return value

    def cost_bits(self) -> float:
        """Return how many bits the steps so far take."""
        counts = np.fromiter((count for _, count in self._steps), dtype=np.float64, count=len(self._steps))
        return float((PRECISION - np.log2(counts)).sum())

    def finish(self) -> bytes:
        """Return the coded bytes."""
        state, words = LOWEST, []
        for start, count in reversed(self._steps):
            if state >= count << (32 - PRECISION):
                words.append(state & 0xFFFF)
                state >>= 16
            state = ((state // count) << PRECISION) + state % count + start
        words += [state & 0xFFFF, state >> 16]
        return np.array(words[::-1], dtype=">u2").tobytes()


class Reader:
    """Reads what a writer wrote; content that no writer makes raises PacketError."""

    def __init__(self, content: bytes) -> None:
        if len(content) < 4 or len(content) % 2:
            raise PacketError(BROKEN)
        words: list[int] = np.frombuffer(content, dtype=">u2").tolist()
        self._state, self._words, self._at = (words[0] << 16) | words[1], words, 2
        if self._state < LOWEST:
            raise PacketError(BROKEN)

    def bits(self, value: int, width: int) -> int:
        """Read an unsigned number of `width` bits."""
        read, place = 0, 0
        while width > place:
            part = min(width - place, PRECISION)
            slot = self._state & (TOTAL - 1)
            symbol = slot >> (PRECISION - part)
            self._advance(symbol << (PRECISION - part), 1 << (PRECISION - part), slot)
            read, place = read | symbol << place, place + part
        return read

    def quotients(self, values: Sequence[int], count: int) -> list[int]:
        """Read whole numbers; the loop is written out because it is the packet's hot one."""
        state, words, at, end, found = self._state, self._words, self._at, len(self._words), []
        scales, tables, mean = scale_of(), [geometric(max(scale, 1)) for scale in range(SCALES + 1)], QUIET_START
        for number in range(count):
            symbols, starts, counts = tables[scales[mean]]
            slot = state & 4095
            symbol = symbols[slot]
            state = counts[symbol] * (state >> 12) + slot - starts[symbol]
            if state < LOWEST:
                if at >= end:
                    raise PacketError(BROKEN)
                state = (state << 16) | words[at]
                at += 1
            value = symbol - REACH
            if symbol == ESCAPE:
                self._state, self._at = state, at
                value = self._beyond()
                state, at = self._state, self._at
            size = value if value >= 0 else -value
            mean += ((min(size, LOUDEST) << 8) - mean) >> (2 if number < 4 else 3 if number < 12 else SLOWEST)
            found.append(value)
        self._state, self._at = state, at
        return found

    def _beyond(self) -> int:
        negative = self.bits(0, 1)
        size = natural(self, 0, shift=3) + REACH + 1
        return -size if negative else size

    def symbol(self, value: int, model: Adaptive, *, context: int) -> int:
        """Read a symbol of a distribution that learns."""
        edges, slot = model.edges[context], self._state & 4095
        symbol = bisect_right(edges, slot) - 1
        start = edges[symbol]
        self._advance(start, edges[symbol + 1] - start, slot)
        model.learn(context, symbol)
        return symbol

    def finish(self) -> None:
        """Make sure that everything was read and nothing is left."""
        if self._state != LOWEST or self._at != len(self._words):
            raise PacketError(BROKEN)

    def _advance(self, start: int, count: int, slot: int) -> None:
        self._state = count * (self._state >> PRECISION) + slot - start
        if self._state < LOWEST:
            if self._at >= len(self._words):
                raise PacketError(BROKEN)
            self._state = (self._state << 16) | self._words[self._at]
            self._at += 1
