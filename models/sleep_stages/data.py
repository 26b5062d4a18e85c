"""The nights of Sleep-Accel (Walch 2019) on the 30-s grid, and their augmented variants."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.product import Samples
from models.reference import reference_folder
from somnia_engine.dsp.heart_waves import WAVES, heart_waves
from somnia_engine.staging.inputs import build_inputs
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S

FOLDER = Path(__file__).resolve().parent

EXCLUDED = ("7749105",)
"""Heart rate and counts for 67 min only."""

SEED, VARIANTS = 1, 16
"""Of the augmented copies: the seed, and how many of each night."""

CLASSES = ("W", "L", "N3", "R")
IGNORED = -1
CLASS_OF_SCORE = {0: 0, 1: 1, 2: 1, 3: 2, 4: 2, 5: 3}
"""PSG scores (0 W, 1 N1, 2 N2, 3 N3, 4 N4, 5 REM) to the index in `CLASSES`; N4 is N3."""

MODES = ("full", "heart", "motion")
HEART = ("hr_bpm", "hr_sd_bpm", *WAVES, "hr_rise_bpm", "hr_dip_bpm")


@dataclass(frozen=True, slots=True, eq=False)
class Night:
    """One person's night: `columns` of shape (n,), `labels` of shape (n,) as indices of `CLASSES`, -1 unscored.

    `samples` are the raw channels by their names in the open CSV; variants have none.
    """

    person: str
    columns: dict[str, NDArray[np.float32]]
    labels: NDArray[np.int64]
    samples: dict[str, Samples] = field(default_factory=dict)

    @property
    def n_epochs(self) -> int:
        """Number of 30-s epochs."""
        return len(self.labels)

    def features(self, mode: str = "full") -> NightFeatures:
        """Return the night as the engine gets it, with the columns of a mode."""
        kept = {"full": (*HEART, "activity_count"), "heart": HEART, "motion": ("activity_count",)}[mode]
        return NightFeatures(None, self.n_epochs, {name: self.columns[name] for name in kept})


def read_nights(folder: Path | None = None) -> tuple[Night, ...]:
    """Return every usable night, sorted by person."""
    cropped = (folder or reference_folder()) / "sleep_accel" / "cropped"
    people = sorted(path.name.removesuffix("_cleaned_psg.out") for path in cropped.glob("*_cleaned_psg.out"))
    return tuple(read_night(cropped, person) for person in people if person not in EXCLUDED)


def read_night(cropped: Path, person: str) -> Night:
    """Read the three files of one person onto the grid of the scoring."""
    score = np.loadtxt(cropped / f"{person}_cleaned_psg.out")
    heart = np.loadtxt(cropped / f"{person}_cleaned_hr.out")
    counts = np.loadtxt(cropped / f"{person}_cleaned_counts.out", delimiter=",")
    n = len(score)
    assert np.array_equal(score[:, 0], np.arange(n) * EPOCH_S), f"{person}: the scoring is not on a 30-s grid from 0"
    rate, spread = binned(heart[:, 0], heart[:, 1], n)
    activity, _ = binned(counts[:, 0], counts[:, 1], n)
    labels = np.array([CLASS_OF_SCORE.get(int(value), IGNORED) for value in score[:, 1]], dtype=np.int64)
    waves = heart_waves(heart[:, 0], heart[:, 1], n_epochs=n)
    samples = {"hr_bpm": (heart[:, 0], heart[:, 1]), "activity_count": (counts[:, 0], counts[:, 1])}
    return Night(person, {"hr_bpm": rate, "hr_sd_bpm": spread, **waves, "activity_count": activity}, labels, samples)


def binned(times_s: NDArray[np.float64], values: NDArray[np.float64], n: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean (at least one sample) and standard deviation (at least two) of the samples of each epoch, shape (n,)."""
    epoch = np.floor(times_s / EPOCH_S).astype(int)
    inside = (epoch >= 0) & (epoch < n)
    epoch, values = epoch[inside], values[inside]
    count = np.bincount(epoch, minlength=n).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(epoch, values, n) / count
        square = np.bincount(epoch, (values - mean[epoch]) ** 2, n) / count
    return mean.astype(np.float32), np.where(count >= 2, np.sqrt(square), np.nan).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """One augmented copy of a night, ready for the network: inputs (n, channels), labels (n,)."""

    inputs: NDArray[np.float32]
    labels: NDArray[np.int64]


def augmented(night: Night, rng: np.random.Generator) -> Variant:
    """Return a variant: cut ends, device noise, dropped stretches, and sometimes one modality only."""
    first, last = (int(cut) if rng.random() < 0.25 else 0 for cut in rng.integers(0, 60, 2))
    last = night.n_epochs - last
    columns = {name: column[first:last].copy() for name, column in night.columns.items()}
    n = last - first
    columns["hr_bpm"] += rng.normal(0.0, rng.uniform(0.0, 0.6), n).astype(np.float32)
    columns["hr_sd_bpm"] *= np.exp(rng.normal(0.0, 0.15, n)).astype(np.float32)
    columns["activity_count"] *= np.float32(np.exp(rng.normal(0.0, 0.3)))
    _noisy_waves(columns, rng)
    for names in (HEART, ("activity_count",)):
        for _ in range(int(rng.integers(0, 3))):
            at, length = int(rng.integers(0, n)), int(rng.integers(2, 30))
            for name in names:
                columns[name][at : at + length] = np.nan
    if rng.random() < 0.4:
        _count_twice(columns, rng)
    if rng.random() < 0.1:
        for name in HEART[1:]:
            columns[name][:] = np.nan
    mode = str(rng.choice(MODES, p=(0.6, 0.2, 0.2)))
    cut = Night(night.person, columns, night.labels[first:last])
    return Variant(build_inputs(cut.features(mode)), cut.labels)


def _noisy_waves(columns: dict[str, NDArray[np.float32]], rng: np.random.Generator) -> None:
    """Add the noise of another sensor and blur epochs a little: strongest in the shortest wave."""
    for share, name in zip((0.5, 0.25, 0.12, 0.06, 0.3, 0.3), HEART[2:], strict=True):
        n = len(columns[name])
        extra = np.float32(rng.uniform(0.0, share))
        columns[name] = np.hypot(columns[name] * np.exp(rng.normal(0.0, 0.1, n)), extra).astype(np.float32)


def _count_twice(columns: dict[str, NDArray[np.float32]], rng: np.random.Generator) -> None:
    """Add stretches in which the sensor counts beats twice, in part or wholly, whatever the stage."""
    n = len(columns["hr_bpm"])
    for _ in range(int(rng.integers(1, 25))):
        at, length = int(rng.integers(0, n)), 1 + int(rng.exponential(3.0))
        part = slice(at, at + length)
        columns["hr_bpm"][part] *= rng.uniform(1.1, 2.0, len(columns["hr_bpm"][part])).astype(np.float32)
        for name in HEART[1:]:
            columns[name][part] += rng.uniform(0.0, 10.0, len(columns[name][part])).astype(np.float32)


def pool_of(nights: tuple[Night, ...], *, variants: int, seed: int) -> list[list[Variant]]:
    """Return `variants` augmented copies of each night; the same for the same seed."""
    rng = np.random.default_rng(seed)
    return [[augmented(night, rng) for _ in range(variants)] for night in nights]
