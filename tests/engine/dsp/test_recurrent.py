"""Committees of small networks answer as their definition says, step by step."""

import io

import numpy as np

from somnia_engine.dsp.recurrent import Committee, load_committee, packed_committee

MEMBERS, CHANNELS, UNITS, EPOCHS = 2, 3, 4, 15
SHAPE = ((5, 3, 2), (6, 5, 3))


def made(seed: int = 0) -> Committee:
    rng = np.random.default_rng(seed)

    def some(*shape: int) -> np.ndarray:
        return rng.normal(0.0, 0.5, shape).astype(np.float32)

    kernels, offsets, channels = [], [], CHANNELS
    for filters, taps, _ in SHAPE:
        kernels.append(some(MEMBERS, taps * channels, filters))
        offsets.append(some(MEMBERS, 1, filters))
        channels = filters
    gates = some(2, MEMBERS, channels, 4 * UNITS), some(2, MEMBERS, UNITS, 4 * UNITS), some(2, MEMBERS, 1, 4 * UNITS)
    taps, strides = zip(*((taps, stride) for _, taps, stride in SHAPE), strict=True)
    return Committee(tuple(kernels), tuple(offsets), taps, strides, *gates, some(MEMBERS, 2 * UNITS), some(MEMBERS))


def waves(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(CHANNELS, EPOCHS * 6)).astype(np.float32)


def by_hand(committee: Committee, given: np.ndarray, member: int) -> np.ndarray:
    """One member, written out: a second implementation."""
    rows = given.T.astype(np.float64)
    for kernel, offset, (filters, taps, stride) in zip(committee.kernels, committee.offsets, SHAPE, strict=True):
        weights = kernel[member].reshape(taps, rows.shape[1], filters)
        found = []
        for at in range(0, len(rows), stride):
            total = offset[member, 0].astype(np.float64)
            for k in range(taps):
                if 0 <= at + k - taps // 2 < len(rows):
                    total = total + rows[at + k - taps // 2] @ weights[k]
            found.append(np.maximum(total, 0.0))
        rows = np.array(found)
    outputs = []
    for way, order in enumerate((range(len(rows)), reversed(range(len(rows))))):
        h, c, kept = np.zeros(UNITS), np.zeros(UNITS), np.zeros((len(rows), UNITS))
        for i in order:
            i_, f, g, o = np.split(
                rows[i] @ committee.inward[way, member] + h @ committee.recurrent[way, member] + committee.bias[way, member, 0], 4
            )
            c = c / (1.0 + np.exp(-f)) + np.tanh(g) / (1.0 + np.exp(-i_))
            h = np.tanh(c) / (1.0 + np.exp(-o))
            kept[i] = h
        outputs.append(kept)
    return np.concatenate(outputs, axis=1) @ committee.head[member] + committee.head_bias[member]


def test_the_answer_is_the_mean_of_the_members_by_definition() -> None:
    committee, given = made(), waves()
    expected = np.mean([by_hand(committee, given, member) for member in range(MEMBERS)], axis=0)
    assert expected.std() > 0.01
    np.testing.assert_allclose(committee.logits(given), expected, atol=1e-5)


def test_a_night_does_not_remember_the_one_before() -> None:
    committee = made()
    first = committee.logits(waves(1))
    committee.logits(waves(2))
    np.testing.assert_array_equal(committee.logits(waves(1)), first)


def test_committees_survive_the_file_under_their_prefix() -> None:
    one, two, file = made(1), made(2), io.BytesIO()
    np.savez_compressed(file, **packed_committee(one, "a_"), **packed_committee(two, "b_"))
    for committee, prefix in ((one, "a_"), (two, "b_")):
        np.testing.assert_array_equal(load_committee(file.getvalue(), prefix).logits(waves()), committee.logits(waves()))
