"""The network that reads a night's waves: convolutions down to epochs, then an LSTM both ways; half a minute of training a member."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.apnea.data import Night
from somnia_engine.dsp.breathing_waves import SAMPLES
from somnia_engine.dsp.recurrent import Committee

torch.set_num_threads(1)
SEEDS = (0, 1, 2)
SHAPE = ((24, 11, 2), (24, 9, 2), (48, 7, 3), (48, 5, 5))
"""Filters, taps and stride of each convolution: 60 samples of an epoch become one row."""
Waves = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a member is trained."""

    units: int = 48
    rounds: int = 12
    crop: int = 240
    batch: int = 8
    rate: float = 2e-3
    decay: float = 1e-2


class BreathingNetwork(nn.Module):
    """Waves (batch, channels, n * SAMPLES) to logits (batch, n)."""

    def __init__(self, channels: int, recipe: Recipe) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for i, (filters, taps, stride) in enumerate(SHAPE):
            layers += [nn.Conv1d(channels, filters, taps, stride=stride, padding=taps // 2), nn.BatchNorm1d(filters), nn.ReLU()]
            layers += [nn.Dropout(0.1)] if i == 1 else []
            channels = filters
        self.down = nn.Sequential(*layers)
        self.between = nn.Dropout(0.3)
        self.lstm = nn.LSTM(channels, recipe.units, bidirectional=True, batch_first=True)
        self.drop = nn.Dropout(0.4)
        self.head = nn.Linear(2 * recipe.units, 1)

    def forward(self, waves: torch.Tensor) -> torch.Tensor:
        """Return the logit of each epoch."""
        context, _ = self.lstm(self.between(self.down(waves).transpose(1, 2)))
        return self.head(self.drop(context))[..., 0]


def _varied(waves: Waves, truth: NDArray[np.float64], recipe: Recipe, rng: np.random.Generator) -> tuple[Waves, Waves]:
    """Return a stretch of a night as other people and sensors might give it; -1 marks what is padded."""
    at = int(rng.integers(0, max(len(truth) - recipe.crop, 0) + 1))
    some = waves[:, at * SAMPLES : (at + recipe.crop) * SAMPLES].copy()
    some[0] *= rng.uniform(0.6, 1.6)
    some[2] *= rng.uniform(0.6, 1.5)
    some[:3] += rng.normal(0.0, rng.uniform(0.0, 0.15), (3, some.shape[1])).astype(np.float32)
    labels = truth[at : at + recipe.crop].astype(np.float32)
    short = recipe.crop - len(labels)
    return np.pad(some, ((0, 0), (0, short * SAMPLES))), np.pad(labels, (0, short), constant_values=-1.0)


def train_member(nights: list[Night], *, seed: int, recipe: Recipe | None = None) -> BreathingNetwork:
    """Train on the waves of some nights."""
    recipe = recipe or Recipe()
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pool = [(night.waves, night.epochs) for night in nights]
    network = BreathingNetwork(len(pool[0][0]), recipe)
    steps = recipe.rounds * max(1, sum(max(1, len(truth) // recipe.crop) for _, truth in pool) // recipe.batch)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=steps)
    share = np.array([len(truth) for _, truth in pool], dtype=np.float64)
    network.train()
    for _ in range(steps):
        drawn = [_varied(*pool[i], recipe, rng) for i in rng.choice(len(pool), recipe.batch, p=share / share.sum())]
        waves, truth = (torch.from_numpy(np.stack(part)) for part in zip(*drawn, strict=True))
        known = truth >= 0.0
        loss = nn.functional.binary_cross_entropy_with_logits(network(waves)[known], truth[known])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return network.eval()


def train_committee(nights: list[Night]) -> Committee:
    """Train one member for each of the fixed seeds and return them as the engine evaluates them."""
    return committee_of([train_member(nights, seed=seed) for seed in SEEDS])


@torch.no_grad()
def committee_of(members: list[BreathingNetwork]) -> Committee:
    """Return trained members as plain arrays, the scaling after each convolution folded into it."""
    folded = [[_folded(member.down[i], member.down[i + 1]) for i in _convolutions(member)] for member in members]
    kernels, offsets = ([np.stack(layer) for layer in zip(*([pair[k] for pair in one] for one in folded), strict=True)] for k in (0, 1))
    return Committee(
        tuple(kernels),
        tuple(offsets),
        tuple(taps for _, taps, _ in SHAPE),
        tuple(stride for _, _, stride in SHAPE),
        _gates(members, lambda lstm, way: getattr(lstm, f"weight_ih_l0{way}").T),
        _gates(members, lambda lstm, way: getattr(lstm, f"weight_hh_l0{way}").T),
        _gates(members, lambda lstm, way: (getattr(lstm, f"bias_ih_l0{way}") + getattr(lstm, f"bias_hh_l0{way}"))[None]),
        np.stack([member.head.weight[0].numpy() for member in members]),
        np.array([float(member.head.bias[0]) for member in members], dtype=np.float32),
    )


def _convolutions(member: BreathingNetwork) -> list[int]:
    return [i for i, layer in enumerate(member.down) if isinstance(layer, nn.Conv1d)]


def _folded(convolution: nn.Conv1d, scaling: nn.BatchNorm1d) -> tuple[Waves, Waves]:
    gain = scaling.weight / torch.sqrt(scaling.running_var + scaling.eps)
    kernel = (convolution.weight * gain[:, None, None]).permute(2, 1, 0).reshape(-1, convolution.out_channels)
    offset = (convolution.bias - scaling.running_mean) * gain + scaling.bias
    return kernel.numpy().copy(), offset.numpy()[None].copy()


def _gates(members: list[BreathingNetwork], part: object) -> Waves:
    return np.stack([np.stack([part(member.lstm, way).numpy() for member in members]) for way in ("", "_reverse")])
