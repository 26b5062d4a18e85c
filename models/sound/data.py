"""The licensed sounds of the reference data: which class each clip shows, whose it is, and whether it may train a shipped model."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.reference import reference_folder

FOLDER = Path(__file__).resolve().parent

CLASSES = (
    "snore", "breath", "cough", "speech", "laugh", "infant_cry", "sneeze", "pet", "traffic",
    "alarm", "footsteps", "rain_wind", "vacuum_engine", "other", "silence",
)  # fmt: skip

CLASS_OF_ESC = {
    "snoring": "snore", "breathing": "breath", "coughing": "cough", "laughing": "laugh", "crying_baby": "infant_cry",
    "sneezing": "sneeze", "dog": "pet", "cat": "pet", "train": "traffic", "airplane": "traffic", "helicopter": "traffic",
    "car_horn": "traffic", "clock_alarm": "alarm", "siren": "alarm", "footsteps": "footsteps", "rain": "rain_wind",
    "wind": "rain_wind", "thunderstorm": "rain_wind", "vacuum_cleaner": "vacuum_engine", "engine": "vacuum_engine",
    "chainsaw": "vacuum_engine", "washing_machine": "vacuum_engine",
}  # fmt: skip
CLASS_OF_FREESOUND = {
    "snoring": "snore", "coughing": "cough", "speech": "speech", "footsteps": "footsteps", "alarm": "alarm",
    "fan": "vacuum_engine", "breathing": "breath",
}  # fmt: skip
CLASS_OF_NOISE = {"exercise_bike": "vacuum_engine", "pink_noise": "rain_wind", "white_noise": "rain_wind"}

SHIPPABLE = frozenset(("CC0", "CC-BY", "CC-BY 4.0", "ODbL"))
"""Licences of clips that may train a shipped model; the others only judge it."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One file: its class, the source it comes from (author, speaker, app instance) and its licence."""

    path: Path
    set: str
    label: str
    kind: str
    source: str
    licence: str

    @property
    def shippable(self) -> bool:
        """Whether its licence lets it train a shipped model."""
        return self.licence in SHIPPABLE


def read_clips(folder: Path | None = None) -> list[Clip]:
    """Return every labelled clip that is there, sorted by path."""
    audio = (folder or reference_folder()) / "audio"
    return sorted([*_esc(audio), *_freesound(audio), *_cries(audio), *_words(audio)], key=lambda clip: clip.path)


def _rows(table: Path) -> list[dict[str, str]]:
    if not table.is_file():
        return []
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row for row in rows if row["file"] and (table.parent / row["file"]).is_file()]


def _esc(audio: Path) -> list[Clip]:
    folder = audio / "esc50_subset"
    return [
        Clip(folder / r["file"], "esc50", CLASS_OF_ESC.get(r["category"], "other"), r["category"], f"freesound:{r['author']}", r["licence"])
        for r in _rows(folder / "meta.csv")
    ]


def _freesound(audio: Path) -> list[Clip]:
    folder = audio / "freesound_night"
    return [
        Clip(
            folder / r["file"], "freesound", CLASS_OF_FREESOUND.get(r["label"], "other"), r["label"],
            f"freesound:{r['author'] or r['file']}", r["licence"],
        )
        for r in _rows(folder / "meta.csv")
    ]  # fmt: skip


def _cries(audio: Path) -> list[Clip]:
    folder = audio / "donateacry"
    return [
        Clip(folder / r["file"], "donateacry", "infant_cry", r["reason"], r["app_instance"], "ODbL") for r in _rows(folder / "meta.csv")
    ]


def _words(audio: Path) -> list[Clip]:
    folder = audio / "speech_commands_sample"
    words = [
        Clip(path, "speech_commands", "speech", path.parent.name, path.name.split("_")[0], "CC-BY 4.0")
        for path in folder.glob("*/*_nohash_*.flac")
    ]
    noise = [
        Clip(path, "speech_commands", CLASS_OF_NOISE.get(path.stem, "other"), path.stem, path.stem, "CC-BY 4.0")
        for path in folder.glob("background_noise/*.flac")
    ]
    return words + noise


def load(clip: Clip) -> NDArray[np.float32]:
    """Return a clip's samples at 16 kHz, shape (n,)."""
    samples, fs = soundfile.read(clip.path, dtype="float32")
    if samples.ndim > 1:
        samples = samples.mean(axis=1)
    if fs != 16000:
        import soxr

        samples = soxr.resample(samples, fs, 16000)
    return np.ascontiguousarray(samples, dtype=np.float32)


def level_db(sound: NDArray[np.float32]) -> float:
    """Return the level re full scale."""
    return float(10.0 * np.log10(np.mean(sound**2, dtype=np.float64) + 1e-12))
