"""The student: a small separable convolution network over the mel bands of one second."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.sound.data import CLASSES

HEARD = CLASSES[:-1]
"""What the network answers; silence is the gate's answer."""
TEACHER_CLASSES = 521


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the network is built: output channels and (time, band) stride of the first convolution and of each separable block."""

    first: int = 24
    blocks: tuple[tuple[int, int], ...] = ((40, 2), (56, 1), (72, 2), (104, 1), (144, 2), (176, 1))
    dropout: float = 0.2


class SoundNetwork(nn.Module):
    """Mel bands (batch, 96, 64) to logits of the classes, of being too noisy, and of the teacher's classes."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.first = _conv(1, recipe.first, stride=2)
        blocks, width = [], recipe.first
        for channels, stride in recipe.blocks:
            blocks.append(nn.Sequential(_conv(width, width, stride=stride, groups=width), _conv(width, channels, kernel=1)))
            width = channels
        self.blocks = nn.ModuleList(blocks)
        self.drop = nn.Dropout(recipe.dropout)
        self.head = nn.Linear(width, len(HEARD) + 1)
        self.pupil = nn.Linear(width, TEACHER_CLASSES)

    def forward(self, bands: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (batch, classes + 1) and (batch, 521) logits."""
        hidden = self.first(bands[:, None])
        for block in self.blocks:
            hidden = block(hidden)
        pooled = self.drop(hidden.mean(dim=(2, 3)))
        return self.head(pooled), self.pupil(pooled)


def _conv(inside: int, outside: int, *, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Return pad, convolution, normalization, rectifier; the padding is TensorFlow's "same": a stride of 2 pads behind only."""
    before, behind = (0, 1) if stride == 2 else (kernel // 2, kernel // 2)
    pad = nn.ZeroPad2d((before, behind, before, behind))
    conv = nn.Conv2d(inside, outside, kernel, stride=stride, groups=groups, bias=False)
    return nn.Sequential(pad, conv, nn.BatchNorm2d(outside), nn.ReLU())


def folded(layer: nn.Sequential) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weights and biases of a convolution with its normalization folded in."""
    conv, norm = layer[1], layer[2]
    scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
    return (conv.weight.detach() * scale[:, None, None, None]).numpy(), (norm.bias - norm.running_mean * scale).detach().numpy()
