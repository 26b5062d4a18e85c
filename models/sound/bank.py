"""The training windows: disturbed 1-s windows of licensed and made-up sounds, each with its class and the teacher's opinion."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.sound import synthesise
from models.sound.augment import disturbed
from models.sound.data import CLASSES, Clip, load, reference_folder
from somnia_engine.dsp.spectra import N_MELS, PATCH_SAMPLES, band_spectrogram

TEACHER_FLOOR = 1e-3
TEACHER_RMS = 0.1
LOUD_DB, QUIET_DB = -15.0, -28.0
"""A window this far below its clip's loud windows shows its class for sure, or no longer."""

SHARE = {"snore": 4500, "breath": 2500, "cough": 2500, "speech": 3000, "laugh": 1800, "infant_cry": 3000, "sneeze": 2000, "pet": 1500}
OTHERS = 2000
OTHER = 5000
MADE: tuple[tuple[Callable[..., NDArray[np.float32]], int], ...] = (
    (synthesise.snore, 5000),
    (synthesise.breath, 1500),
    (synthesise.steady, 3000),
    (synthesise.bumps, 2000),
)


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """Windows (n, PATCH_SAMPLES) float16 at an rms of 0.1; truth (n, classes), NaN = not known; teacher (n, 521); source of each."""

    windows: NDArray[np.float16]
    truth: NDArray[np.float32]
    teacher: NDArray[np.float16]
    sources: NDArray[np.str_]
    labels: NDArray[np.str_]


class Teacher:
    """YAMNet (Apache-2.0) on log-mel patches; scores of 521 AudioSet classes."""

    def __init__(self, folder: Path | None = None) -> None:
        from tflite_runtime.interpreter import Interpreter

        path = (folder or reference_folder()) / "teachers" / "yamnet" / "yamnet_spectra_in_coral.tflite"
        self._interpreter = Interpreter(model_path=str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def __call__(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores of one window of PATCH_SAMPLES."""
        self._interpreter.set_tensor(self._input, np.log(band_spectrogram(window)[:, :N_MELS] + TEACHER_FLOOR)[None])
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)[0].copy()


def levelled(window: NDArray[np.float32], rms: float = TEACHER_RMS) -> NDArray[np.float32]:
    """Return a window at a root mean square of `rms`."""
    return (window * (rms / (np.sqrt(np.mean(window**2, dtype=np.float64)) + 1e-9))).astype(np.float32)


def build_bank(clips: list[Clip], *, seed: int) -> Bank:
    """Cut and disturb windows of the clips, add made-up sounds, ask the teacher about each."""
    rng, teacher = np.random.default_rng(seed), Teacher()
    rows: list[tuple[NDArray[np.float32], NDArray[np.float32], str, str]] = []
    for label in CLASSES:
        mine = [clip for clip in clips if clip.label == label]
        if mine:
            rows += _cut(mine, label, {**dict.fromkeys(CLASSES, OTHERS), "other": OTHER, **SHARE}[label], rng=rng)
    for make, count in MADE:
        for _ in range(count):
            sound = make(rng)
            at = int(rng.integers(0, max(len(sound) - PATCH_SAMPLES, 1)))
            window = disturbed(np.pad(sound, (0, PATCH_SAMPLES))[at : at + 2 * PATCH_SAMPLES], rng)[:PATCH_SAMPLES]
            rows.append((_fitted(window), np.full(len(CLASSES), np.nan, dtype=np.float32), "made", make.__name__))
    windows = np.stack([levelled(row[0]) for row in rows])
    opinions = np.stack([teacher(window) for window in windows])
    return Bank(
        windows.astype(np.float16), np.stack([row[1] for row in rows]), opinions.astype(np.float16),
        np.array([row[2] for row in rows]), np.array([row[3] for row in rows]),
    )  # fmt: skip


def _cut(
    clips: list[Clip], label: str, count: int, *, rng: np.random.Generator
) -> list[tuple[NDArray[np.float32], NDArray[np.float32], str, str]]:
    """Cut `count` windows, the same number from every source, of parts in which the clip is heard."""
    sources = sorted({clip.source for clip in clips})
    sounds = {clip: load(clip) for clip in clips}
    rows, tries = [], 0
    while len(rows) < count and tries < 4 * count:
        source = sources[tries % len(sources)]
        tries += 1
        mine = [clip for clip in clips if clip.source == source]
        clip = mine[int(rng.integers(len(mine)))]
        sound = sounds[clip]
        longest = int(1.4 * PATCH_SAMPLES)
        at = int(rng.integers(0, max(len(sound) - PATCH_SAMPLES, 0) + 1))
        part = sound[at : at + longest]
        below = _level_db(part[:PATCH_SAMPLES]) - _loud_db(sound)
        if below < QUIET_DB:
            continue
        truth = np.zeros(len(CLASSES), dtype=np.float32)
        truth[CLASSES.index(label)] = 1.0 if below >= LOUD_DB else np.nan
        rows.append((_fitted(disturbed(part, rng)), truth, source, clip.kind))
    return rows


def _fitted(window: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.pad(window, (0, max(PATCH_SAMPLES - len(window), 0)))[:PATCH_SAMPLES]


def _level_db(sound: NDArray[np.float32]) -> float:
    return float(10.0 * np.log10(np.mean(sound**2, dtype=np.float64) + 1e-12))


def _loud_db(sound: NDArray[np.float32]) -> float:
    step = 4000
    parts = [sound[at : at + step] for at in range(0, max(len(sound) - step, 1), step)]
    return float(np.percentile([_level_db(part) for part in parts], 90))
