"""The entropy coder gives back what it was given, and refuses what no writer makes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from somnia_engine.errors import PacketError
from somnia_engine.packet.counting import Numbers
from somnia_engine.packet.rans import SCALES, TOTAL, Adaptive, Reader, Writer, geometric, scale_of


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-4000, 4000), max_size=200), st.lists(st.integers(0, 2**32 - 2), max_size=30), st.integers(0, 2**40 - 1))
def test_what_was_written_is_read(quotients: list[int], numbers: list[int], word: int) -> None:
    writer, sizes = Writer(), Numbers()
    writer.bits(word, 40)
    writer.quotients(quotients, len(quotients))
    for number in numbers:
        sizes.code(writer, number)
    reader, sizes = Reader(writer.finish()), Numbers()
    assert reader.bits(0, 40) == word
    assert reader.quotients([], len(quotients)) == quotients
    assert [sizes.code(reader, 0) for _ in numbers] == numbers
    reader.finish()


def test_every_distribution_fills_its_slots() -> None:
    for scale in range(1, SCALES + 1):
        table = geometric(scale)
        assert sum(table.counts) == len(table.symbols) == TOTAL
        assert min(table.counts) >= 1
    assert scale_of()[0] == 1
    assert scale_of()[-1] == SCALES


def test_a_learning_distribution_never_loses_a_symbol() -> None:
    model = Adaptive(16, 1)
    for symbol in np.random.default_rng(1).integers(0, 2, 5000).tolist():
        model.learn(0, symbol)
        assert min(np.diff(model.edges[0])) >= 1
    assert model.edges[0][0] == 0
    assert model.edges[0][-1] == TOTAL


def test_the_cost_told_is_the_length_made() -> None:
    writer = Writer()
    writer.quotients(np.random.default_rng(2).normal(0.0, 3.0, 4000).astype(int).tolist(), 4000)
    assert abs(len(writer.finish()) - writer.cost_bits() / 8.0) < 8


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80))
def test_noise_is_refused(content: bytes) -> None:
    with pytest.raises(PacketError):
        _read(content)


def _read(content: bytes) -> None:
    reader = Reader(content)
    reader.quotients([], 500)
    reader.finish()
