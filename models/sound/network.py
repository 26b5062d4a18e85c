"""The student: the teacher's first layers with half of their channels, fitted to do without the others, and two heads of its own."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.sound.data import CLASSES
from models.sound.teacher import N_CLASSES, Layer, Teacher

HEARD = CLASSES[:-1]
"""What the network answers; silence is the gate's answer."""
WIDTHS = (16, 32, 64, 96, 160, 192, 320, 256)
"""Channels of the first convolution and behind each depthwise one; the teacher has 32, 64, 128, 128, 256, 256, 512, 512."""
FITTED_ROWS = 20000


class SoundNetwork(nn.Module):
    """Log of mel bands (batch, 96, 64) to logits of the classes and of being too noisy, and of the teacher's classes."""

    def __init__(self, layers: list[Layer]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        width = layers[-1].weight.shape[0]
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(width, len(HEARD) + 1)
        self.pupil = nn.Linear(width, N_CLASSES)

    def forward(self, log_bands: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (batch, classes + 1) and (batch, 521) logits."""
        hidden = log_bands[:, None]
        for layer in self.layers:
            hidden = layer(hidden)
        pooled = self.drop(hidden.mean(dim=(2, 3)))
        return self.head(pooled), self.pupil(pooled)


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """The channels that stay, and the linear map from them to all of their layer: (all, kept) and (all,)."""

    channels: NDArray[np.int64]
    slope: NDArray[np.float64]
    offset: NDArray[np.float64]


def thinned(teacher: Teacher, log_bands: torch.Tensor, widths: tuple[int, ...] = WIDTHS) -> SoundNetwork:
    """Return a network of the teacher's first layers in which each keeps the channels that best predict the others.

    What a convolution takes from a channel that is gone it takes from those that stay, by least squares over the activations of
    `log_bands`, shape (n, 96, 64).
    """
    layers: list[Layer] = []
    inside: _Kept | None = None
    hidden = log_bands[:, None]
    for number, width in enumerate(widths):
        wide = teacher.layers[2 * number]
        narrow = teacher.layers[2 * number + 1]
        hidden = narrow(wide(hidden))
        outside = _kept(hidden, width)
        layers.append(_pointwise(wide, inside, outside.channels))
        if number + 1 < len(widths):
            layers.append(_depthwise(narrow, outside.channels))
        inside = outside
    return SoundNetwork(layers)


def _kept(activations: torch.Tensor, width: int) -> _Kept:
    from scipy.linalg import lstsq, qr

    channels = activations.shape[1]
    table = activations.permute(0, 2, 3, 1).reshape(-1, channels).numpy().astype(np.float64)
    table = table[:: max(len(table) // FITTED_ROWS, 1)]
    centred = table - table.mean(axis=0)
    order = qr(centred, mode="r", pivoting=True)[1]
    kept = np.sort(order[:width])
    known = np.concatenate((table[:, kept], np.ones((len(table), 1))), axis=1)
    solved = lstsq(known, table)[0]
    return _Kept(kept, solved[:-1].T, solved[-1])


def _pointwise(layer: Layer, inside: _Kept | None, outside: NDArray[np.int64]) -> Layer:
    weight, bias = layer.weight.numpy().astype(np.float64)[outside], layer.bias.numpy().astype(np.float64)[outside]
    if inside is not None:
        flat = weight[:, :, 0, 0]
        bias = bias + flat @ inside.offset
        weight = (flat @ inside.slope)[:, :, None, None]
    return Layer(np.ascontiguousarray(weight, dtype=np.float32), bias.astype(np.float32), stride=layer.stride, groups=1)


def _depthwise(layer: Layer, channels: NDArray[np.int64]) -> Layer:
    weight, bias = layer.weight.numpy()[channels], layer.bias.numpy()[channels]
    return Layer(np.ascontiguousarray(weight), np.ascontiguousarray(bias), stride=layer.stride, groups=len(channels))
