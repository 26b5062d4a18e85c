"""The network: a convolution and a bidirectional LSTM over the whole night, trained in seconds on one core."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.sleep_stages.data import CLASSES, IGNORED, Variant


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one network is built and trained."""

    filters: int = 48
    width: int = 7
    units: int = 48
    dropout: float = 0.5
    steps: int = 90
    crop: int = 1000
    crops_per_night: int = 1
    rate: float = 1e-2
    decay: float = 0.02
    smoothing: float = 0.05
    weights: tuple[float, ...] = (1.7, 0.8, 1.2, 1.0)


class StageNetwork(nn.Module):
    """Inputs (batch, n, channels) to logits (batch, n, classes)."""

    def __init__(self, channels: int, recipe: Recipe) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, recipe.filters, recipe.width, padding="same")
        self.lstm = nn.LSTM(recipe.filters, recipe.units, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * recipe.units + recipe.filters, len(CLASSES))
        self.drop = nn.Dropout(recipe.dropout)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the logits of each epoch."""
        hidden = torch.relu(self.conv(inputs.transpose(1, 2))).transpose(1, 2)
        context, _ = self.lstm(self.drop(hidden))
        return self.head(self.drop(torch.cat([context, hidden], dim=2)))


def _crops(pool: list[list[Variant]], recipe: Recipe, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    inputs, labels = [], []
    for variants in pool * recipe.crops_per_night:
        variant = variants[int(rng.integers(len(variants)))]
        at = int(rng.integers(0, max(len(variant.labels) - recipe.crop, 0) + 1))
        x, y = variant.inputs[at : at + recipe.crop], variant.labels[at : at + recipe.crop]
        short = recipe.crop - len(y)
        inputs.append(np.pad(x, ((0, short), (0, 0))))
        labels.append(np.pad(y, (0, short), constant_values=IGNORED))
    return torch.from_numpy(np.stack(inputs)), torch.from_numpy(np.stack(labels))


def train_network(pool: list[list[Variant]], recipe: Recipe, *, seed: int) -> StageNetwork:
    """Train on the variants of some people (one list a person)."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = StageNetwork(pool[0][0].inputs.shape[1], recipe)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=recipe.steps, pct_start=0.2)
    loss_of = nn.CrossEntropyLoss(torch.tensor(recipe.weights), ignore_index=IGNORED, label_smoothing=recipe.smoothing)
    network.train()
    for _ in range(recipe.steps):
        inputs, labels = _crops(pool, recipe, rng)
        optimizer.zero_grad()
        loss = loss_of(network(inputs).flatten(0, 1), labels.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return network.eval()


@torch.no_grad()
def logits_of(network: StageNetwork, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logits of one whole night, shape (n, classes)."""
    return network(torch.from_numpy(inputs)[None])[0].numpy()
