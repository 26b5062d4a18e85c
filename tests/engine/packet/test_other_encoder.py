"""An encoder written from docs/packet.md alone, sharing no code with ours: what it writes is read as it was meant."""

from math import floor, log2, sqrt

import numpy as np
import pytest

from somnia_engine.packet.letter import read_letter
from somnia_engine.types.events import EventKind

Steps = list[tuple[int, int]]


def finish(steps: Steps) -> bytes:
    x, words = 1 << 16, []
    for start, count in reversed(steps):
        if x >= count * 2**20:
            words.insert(0, x % 65536)
            x //= 65536
        x = 4096 * (x // count) + x % count + start
    words = [x // 65536, x % 65536, *words]
    return b"".join(word.to_bytes(2, "big") for word in words)


def bits(v: int, w: int) -> Steps:
    found = []
    while w > 0:
        k = min(w, 12)
        found.append(((v % 2**k) * 2 ** (12 - k), 2 ** (12 - k)))
        v, w = v // 2**k, w - k
    return found


class Context:
    def __init__(self, n: int) -> None:
        self.n = n
        self.edges = [i * (floor((4096 - n) / n) + 1) for i in range(n)] + [4096]

    def symbol(self, s: int) -> Steps:
        step = (self.edges[s], self.edges[s + 1] - self.edges[s])
        for i in range(self.n + 1):
            t = i if i <= s else 4096 - self.n + i
            self.edges[i] += floor((t - self.edges[i]) / 16)
        return [step]

    def number(self, v: int) -> Steps:
        k = floor(log2(v + 1))
        return self.symbol(k) + bits(v + 1 - 2**k, k)

    def signed(self, v: int) -> Steps:
        return self.number(2 * v if v >= 0 else -2 * v - 1)


def quotients(values: list[int]) -> Steps:
    found, m = [], 512
    for number, q in enumerate(values):
        j = 1 + sum(m >= 7.68 * 2 ** (i / 2 + 0.25) for i in range(1, 22))
        a = 0.03 * 2 ** (j / 2)
        theta = (sqrt(1 + a * a) - 1) / a
        weights = [(1 - theta) / (1 + theta) * theta ** abs(i) for i in range(-14, 15)]
        weights.append(max(1 - sum(weights), 0.0))
        counts = [1 + floor(w / sum(weights) * 4066 + 1e-9) for w in weights]
        counts[counts.index(max(counts))] += 4096 - sum(counts)
        symbol = q + 14 if abs(q) <= 14 else 29
        found.append((sum(counts[:symbol]), counts[symbol]))
        if symbol == 29:
            v = abs(q) - 15
            h = v // 8 + 1
            b = h.bit_length()
            found += bits(int(q < 0), 1)
            for one in [1] * (b - 1) + [0]:
                found += bits(one, 1)
            found += bits(h % 2 ** (b - 1), b - 1) + bits(v % 8, 3)
        r = 2 if number < 4 else 3 if number < 12 else 4
        m += floor((256 * min(abs(q), 60) - m) / 2**r)
    return found


def words(said: str) -> Steps:
    content = said.encode()
    return bits(len(content), 6) + [step for byte in content for step in bits(byte, 8)]


N = 60
QUOTIENTS = [7, -20, 0, 3, 0, -1, 40, 2, 0, 0, 1, -400, 1]
COUNTS = [0, 0, 3, 1, 0, 8, 8, 0] + [0] * (N - 8)


def levels() -> Steps:
    contexts, found, a, b = [Context(9) for _ in range(10)], [], 0, 0
    for level in COUNTS:
        found += contexts[2 * min(a, 4) + (b > 0)].symbol(level)
        a, b = level, a
    return found


def events() -> Steps:
    numbers = [Context(33) for _ in range(4)]
    found = bits(1, 6) + bits(5, 6) + bits(0, 1) + bits(14, 4) + bits(1, 1) + bits(1, 3) + bits(0, 2) + bits(3 + 16384, 15)
    found += numbers[0].number(1)
    for gap, length, value in ((50, 10, 4), (120, 12, 9)):
        found += numbers[1].number(gap) + numbers[2].number(length) + numbers[3].number(value - 3)
    return found


def a_letter() -> bytes:
    numbers, masks, spectra = Context(33), [Context(33) for _ in range(3)], Context(33)
    steps = bits(N - 1, 12) + words("Asia/Tokyo") + bits(1, 1) + bits(820_000_000_000, 43) + bits(540 + 1024, 11)
    steps += bits(100 + 864_000, 21) + bits(18_000 + 864_000, 21) + bits(1, 1) + bits(0, 1) + words("mat")
    steps += [step for at in range(38) for step in (bits(1, 1) + numbers.number(748) if at == 0 else bits(0, 1))]
    steps += bits(1, 5) + masks[0].number(1)
    for gap, length in ((0, 20), (5, 35)):
        steps += masks[1].number(gap) + masks[2].number(length - 1)
    steps += bits(2, 6) + bits(3, 8) + bits(0, 5) + levels()
    steps += bits(1, 8) + bits(0, 5) + bits(60, 7) + bits(1, 3) + bits(0, 3)
    steps += spectra.signed(62) + spectra.number(len(QUOTIENTS)) + quotients(QUOTIENTS)
    return finish(steps + events())


def test_what_another_encoder_writes_is_read_as_it_was_meant() -> None:
    found = read_letter(a_letter())
    assert found.start is not None
    assert (found.zone, found.device, found.features.n_epochs) == ("Asia/Tokyo", "mat", N)
    assert found.start.utcoffset().total_seconds() == 9 * 3600  # type: ignore[union-attr]
    assert (found.lights.off_s, found.lights.on_s, found.lights.off_marked, found.lights.on_marked) == (10.0, 1800.0, True, False)
    assert found.measures == {"odi3_per_h": pytest.approx(14.96)}
    assert [(e.kind, e.onset_s, e.duration_s, e.value) for e in found.events] == [
        (EventKind.DS, 101.0, 20.0, 4.0),
        (EventKind.DS, 341.0, 24.0, 9.0),
    ]
    counts = found.features["activity_count"]
    assert np.flatnonzero(np.isnan(counts)).tolist() == [20, 21, 22, 23, 24]
    assert counts[:8].tolist() == [0.0, 0.0, 28.0, 4.0, 0.0, 900.0, 900.0, 0.0]
    k = np.arange(N)
    steps = 1.4 * 2.0 ** ((60 - 64) / 8) * np.sqrt(1.0 + (k / N * 2.0) ** 2)
    basis = np.sqrt(2.0 / N) * np.cos(np.pi * (k[:, None] + 0.5) * k[None, :] / N)
    basis[:, 0] = np.sqrt(1.0 / N)
    told = np.pad(np.array(QUOTIENTS, dtype=float), (0, N - len(QUOTIENTS)))
    wanted = np.clip(basis @ (told * steps) + 62 * steps[0], 20.0, 240.0)
    rate = found.features["hr_bpm"]
    assert np.allclose(rate[np.isfinite(rate)], wanted[np.isfinite(rate)], atol=1e-3)
