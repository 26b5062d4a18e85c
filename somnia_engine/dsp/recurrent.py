"""Small networks as plain arrays: convolutions down to epochs, an LSTM both ways over the night, several members at once."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Committee:
    """Networks of one shape whose answers are averaged.

    Parameters
    ----------
    kernels : tuple of ndarray, each (members, taps * channels, filters)
        One for each convolution, taps first.
    offsets : tuple of ndarray, each (members, 1, filters)
    taps, strides : tuple of int
    inward, recurrent, bias : ndarray, (2, members, filters, 4 * units), (2, members, units, 4 * units), (2, members, 1, 4 * units)
        Forward, then backward; gates in the order input, forget, cell, output (Hochreiter 1997, doi 10.1162/neco.1997.9.8.1735).
    head : ndarray, (members, 2 * units); head_bias : ndarray, (members,)
    """

    kernels: tuple[Array, ...]
    offsets: tuple[Array, ...]
    taps: tuple[int, ...]
    strides: tuple[int, ...]
    inward: Array
    recurrent: Array
    bias: Array
    head: Array
    head_bias: Array

    def logits(self, waves: Array) -> NDArray[np.float64]:
        """Return the mean logit of each epoch, shape (n_epochs,), for waves of shape (channels, n_epochs * samples)."""
        hidden = np.broadcast_to(waves.T, (len(self.head), *waves.T.shape))
        for kernel, offset, taps, stride in zip(self.kernels, self.offsets, self.taps, self.strides, strict=True):
            hidden = np.stack([_convolved(one, k, o, taps=taps, stride=stride) for one, k, o in zip(hidden, kernel, offset, strict=True)])
        both = np.stack([hidden, hidden[:, ::-1]])
        states = self._lstm(np.matmul(both, self.inward) + self.bias)
        states[1] = states[1, :, ::-1].copy()
        joined = np.concatenate([states[0], states[1]], axis=2)
        scores = np.matmul(joined, self.head[:, :, None])[:, :, 0] + self.head_bias[:, None]
        return np.asarray(scores.mean(axis=0), dtype=np.float64)

    def _lstm(self, drive: Array) -> Array:
        """Return the outputs, shape (2, members, n, units), for what drives the gates."""
        units = self.recurrent.shape[2]
        output = np.zeros((*drive.shape[:2], 1, units), dtype=np.float32)
        cell = np.zeros_like(output)
        found = np.empty((*drive.shape[:3], units), dtype=np.float32)
        for i in range(drive.shape[2]):
            gates = drive[:, :, i : i + 1] + np.matmul(output, self.recurrent)
            opened = _logistic(gates[..., : 2 * units])
            cell = opened[..., units:] * cell + opened[..., :units] * np.tanh(gates[..., 2 * units : 3 * units])
            output = _logistic(gates[..., 3 * units :]) * np.tanh(cell)
            found[:, :, i] = output[:, :, 0]
        return found


def _logistic(values: Array) -> Array:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values), dtype=np.float32)


def _convolved(values: Array, kernel: Array, offset: Array, *, taps: int, stride: int) -> Array:
    """Return a convolution of rows (n, channels), zeros around them, and what is above zero of it, shape (n / stride, filters)."""
    padded = np.pad(values, ((taps // 2, taps // 2), (0, 0)))
    parts = np.lib.stride_tricks.sliding_window_view(padded, taps, axis=0)[::stride]
    rows = np.ascontiguousarray(parts.transpose(0, 2, 1)).reshape(len(parts), -1)
    return np.asarray(np.maximum(rows @ kernel + offset, 0.0), dtype=np.float32)


def load_committee(content: bytes, prefix: str = "") -> Committee:
    """Read a committee from the bytes of an npz file (never a pickle); `prefix` names one of several."""
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        taps, strides = (tuple(int(k) for k in kept[f"{prefix}{name}"]) for name in ("taps", "strides"))
        kernels, offsets = (tuple(kept[f"{prefix}{name}_{i}"] for i in range(len(taps))) for name in ("kernel", "offset"))
        rest = {name: kept[f"{prefix}{name}"] for name in ("inward", "recurrent", "bias", "head", "head_bias")}
        return Committee(kernels, offsets, taps, strides, **rest)


def packed_committee(committee: Committee, prefix: str = "") -> dict[str, NDArray[np.generic]]:
    """Return the arrays of a committee by the names that `load_committee` reads."""
    arrays: dict[str, NDArray[np.generic]] = {f"{prefix}{name}": np.array(getattr(committee, name)) for name in ("taps", "strides")}
    for i, (kernel, offset) in enumerate(zip(committee.kernels, committee.offsets, strict=True)):
        arrays |= {f"{prefix}kernel_{i}": kernel, f"{prefix}offset_{i}": offset}
    return arrays | {f"{prefix}{name}": getattr(committee, name) for name in ("inward", "recurrent", "bias", "head", "head_bias")}
