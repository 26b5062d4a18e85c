"""Distillation: windows under noise, hiss and other timbres, each to be answered as the teacher answers the clean one."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from models.sound.bank import Bank
from models.sound.network import HEARD, SoundNetwork, thinned
from models.sound.targets import targets
from models.sound.teacher import Teacher
from somnia_engine.dsp.spectra import N_MELS
from somnia_engine.hearing.classifier import relative_log

BATCH = 128
STEPS = 10000
FASTEST, DECAY = 2e-3, 0.02
NOISY_SHARE, HISS_SHARE, TIMBRE_SHARE = 0.5, 0.25, 0.3
LOWEST_SNR_DB, HIGHEST_SNR_DB = -10.0, 25.0
HEARD_SNR_DB, TOLD_SNR_DB = 12.0, 15.0
"""Under the first a noise's own classes are wanted too; above the second the teacher's opinion of the clean window still holds."""
HIDDEN_DB, HIDDEN_SLOPE_DB = 1.5, 5.0
"""Too noisy is wanted fully 3.5 dB below, not at all above 1.5 dB."""
SNORE_WEIGHT, CLASS_WEIGHT, TEACHER_WEIGHT, RANK_WEIGHT = 3.0, 10.0, 0.5, 0.3
LEAST, MOST = 3e-4, 0.995
STEADY_KINDS = (
    "rain", "wind", "vacuum_cleaner", "engine", "washing_machine", "airplane", "train", "helicopter", "pink_noise", "white_noise",
    "exercise_bike", "running_tap", "steady", "thunderstorm", "sea_waves", "insects", "crickets",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """The windows that may be learned from, and what is wanted for each."""

    bank: Bank
    logits: NDArray[np.float16]
    wanted: NDArray[np.float32]
    chances: NDArray[np.float64]
    steady: NDArray[np.int64]
    is_noise: NDArray[np.bool_]

    @classmethod
    def of(cls, bank: Bank, logits: NDArray[np.float16], kept: NDArray[np.bool_]) -> "Lesson":
        """Return the lesson of the windows that are `kept`; windows with something of a snore come more often."""
        is_noise = np.isin(bank.kinds, STEADY_KINDS)
        wanted = targets(bank, logits)
        chances = np.where(np.nan_to_num(wanted[:, HEARD.index("snore")]) > 0.1, 2.0, 1.0) * kept
        return cls(bank, logits, wanted, np.cumsum(chances) / chances.sum(), np.flatnonzero(kept & is_noise), is_noise)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Bands and wanted answers; `told` weights the teacher's classes, `noisy` and its weight the answer "too noisy"."""

    bands: NDArray[np.float32]
    wanted: NDArray[np.float32]
    logits: NDArray[np.float32]
    told: NDArray[np.float32]
    noisy: NDArray[np.float32]
    noisy_told: NDArray[np.float32]


def batch_of(lesson: Lesson, rng: np.random.Generator) -> Batch:
    """Return one batch: half of it under noise, some with hiss, some of another timbre."""
    rows = np.searchsorted(lesson.chances, rng.random(BATCH))
    bands, wanted = lesson.bank.bands[rows].astype(np.float32), lesson.wanted[rows].copy()
    told, noisy = np.ones(BATCH, dtype=np.float32), np.zeros(BATCH, dtype=np.float32)
    noisy_told = np.where(lesson.is_noise[rows] | (lesson.bank.kinds[rows] == "mixed"), 0.5, 1.0).astype(np.float32)
    under = np.flatnonzero(rng.random(BATCH) < NOISY_SHARE)
    snr_db = rng.uniform(LOWEST_SNR_DB, HIGHEST_SNR_DB, len(under)).astype(np.float32)
    behind = lesson.steady[rng.integers(len(lesson.steady), size=len(under))]
    noise = _steadied(lesson.bank.bands[behind].astype(np.float32), rng)
    level = np.sqrt((bands[under] ** 2).mean(axis=(1, 2)) / ((noise**2).mean(axis=(1, 2)) + 1e-12)) * 10.0 ** (-snr_db / 20.0)
    bands[under] = np.sqrt(bands[under] ** 2 + (level[:, None, None] * noise) ** 2)
    heard = np.nan_to_num(lesson.wanted[behind]) * np.clip((HEARD_SNR_DB - snr_db) / HEARD_SNR_DB, 0.0, 1.0)[:, None]
    wanted[under] = np.where(np.isnan(wanted[under]), np.nan, np.maximum(wanted[under], heard))
    told[under] = snr_db > TOLD_SNR_DB
    noisy[under] = np.clip((HIDDEN_DB - snr_db) / HIDDEN_SLOPE_DB, 0.0, 1.0)
    noisy_told[under] = ~lesson.is_noise[rows[under]]
    bands = _timbred(_hissing(bands, rng), rng)
    return Batch(bands.astype(np.float32), wanted, lesson.logits[rows].astype(np.float32), told, noisy, noisy_told)


def _steadied(noise: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a third of the noises with their mean spectrum only, as a perfectly steady machine would sound."""
    flat = np.flatnonzero(rng.random(len(noise)) < 0.35)
    chance = rng.gamma(3.0, 1.0 / 3.0, (len(flat), *noise.shape[1:])).astype(np.float32)
    noise[flat] = noise[flat].mean(axis=1, keepdims=True) * np.sqrt(chance)
    return noise


def _hissing(bands: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a quarter of the windows with a microphone's hiss 24 to 80 dB below them."""
    rows = np.flatnonzero(rng.random(len(bands)) < HISS_SHARE)
    level = 10.0 ** rng.uniform(-4.0, -1.2, len(rows)) * bands[rows].mean(axis=(1, 2))
    hiss = level[:, None, None] * np.sqrt(rng.gamma(3.0, 1.0 / 3.0, (len(rows), *bands.shape[1:])))
    bands[rows] = np.sqrt(bands[rows] ** 2 + hiss**2)
    return bands


def _timbred(bands: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    rows = np.flatnonzero(rng.random(len(bands)) < TIMBRE_SHARE)
    colour = np.exp(np.cumsum(rng.normal(0.0, 0.06, (len(rows), N_MELS)), axis=1))
    bands[rows] = bands[rows] * colour[:, None, :]
    return bands


def loss_of(network: SoundNetwork, batch: Batch) -> torch.Tensor:
    """Return the sum of what the classes, the teacher's classes and the noise answer lack."""
    inputs = torch.from_numpy(relative_log(batch.bands))
    answers, pupil = network(inputs)
    wanted, told = torch.from_numpy(batch.wanted), torch.from_numpy(batch.told)
    known = ~torch.isnan(wanted)
    weight = torch.ones(len(HEARD))
    weight[HEARD.index("snore")] = SNORE_WEIGHT
    weight = weight * known
    wanted = torch.nan_to_num(wanted)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits
    classes = (entropy(answers[:, :-1], wanted, reduction="none") * weight).sum() / known.sum()
    order = (((answers[:, :-1] - torch.logit(wanted.clamp(LEAST, MOST))) / 8.0) ** 2 * weight).sum() / known.sum()
    opinion = torch.sigmoid(torch.from_numpy(batch.logits))
    teacher = (entropy(pupil, opinion, reduction="none").sum(dim=1) * told).sum() / told.sum().clamp(min=1.0)
    noisy_told = torch.from_numpy(batch.noisy_told)
    noisy = (entropy(answers[:, -1], torch.from_numpy(batch.noisy), reduction="none") * noisy_told).sum() / noisy_told.sum()
    return CLASS_WEIGHT * (classes + RANK_WEIGHT * order) + TEACHER_WEIGHT * teacher + noisy


def fit(bank: Bank, logits: NDArray[np.float16], kept: NDArray[np.bool_], *, seed: int = 1, steps: int = STEPS) -> SoundNetwork:
    """Return a network trained on the windows that are `kept`, shape (n,)."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    lesson = Lesson.of(bank, logits, kept)
    some = np.sort(rng.choice(np.flatnonzero(kept), 400, replace=False))
    with torch.no_grad():
        network = thinned(Teacher(), torch.from_numpy(relative_log(bank.bands[some].astype(np.float32))))
    network = network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=FASTEST, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, FASTEST, total_steps=steps, pct_start=0.1)
    started, total = time.monotonic(), 0.0
    for step in range(steps):
        loss = loss_of(network, batch_of(lesson, rng))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        total += loss.item()
        if step % 500 == 499:
            print(f"{step + 1} steps, loss {total / 500:.3f}, {time.monotonic() - started:.0f} s", flush=True)
            total = 0.0
    return network.eval()
