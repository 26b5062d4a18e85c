"""The training windows: disturbed and mixed seconds of licensed and made-up sounds, as mel bands, with where they come from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.reference import reference_folder
from models.sound import synthesise
from models.sound.augment import FS_HZ, disturbed, speeded
from models.sound.data import Clip, level_db, load
from models.sound.teacher import RMS
from somnia_engine.dsp.spectra import N_MELS, PATCH_FRAMES, PATCH_SAMPLES, band_spectrogram

Sound = NDArray[np.float32]

LOUD_DB, QUIET_DB = -15.0, -26.0
"""A window not further than the first below its clip's loud ones shows its class for sure; beyond the second it shows nothing."""
SHARE_MADE, SHARE_BREATHS, SHARE_MIXED, SHARE_CUT = 0.22, 0.08, 0.22, 0.1
MADE = (synthesise.snore, synthesise.breath, synthesise.steady, synthesise.bumps)
MADE_SHARES = (0.55, 0.15, 0.15, 0.15)
SHARES = {
    "snore": 5.0,
    "breath": 2.5,
    "cough": 2.0,
    "speech": 2.0,
    "infant_cry": 2.0,
    "laugh": 1.2,
    "sneeze": 1.2,
    "pet": 1.2,
    "other": 5.0,
}
"""How often each class is cut, against 1 for those not named."""
CUT_SAMPLES = 24000


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """Mel bands (n, PATCH_FRAMES, N_MELS) of windows at the teacher's level; sources, joined by "|"; the class surely heard, or ""."""

    bands: NDArray[np.float16]
    sources: NDArray[np.str_]
    labels: NDArray[np.str_]
    kinds: NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    sound: Sound
    source: str
    label: str
    kind: str


def levelled(window: Sound, rms: float = RMS) -> Sound:
    """Return a window at a root mean square of `rms`."""
    return (window * (rms / (np.sqrt(np.mean(window**2, dtype=np.float64)) + 1e-9))).astype(np.float32)


class Cutter:
    """Cuts windows of clips, of breathing recordings and of made-up sounds."""

    def __init__(self, clips: list[Clip], *, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.clips: dict[str, dict[str, list[Clip]]] = {}
        for clip in clips:
            self.clips.setdefault(clip.label, {}).setdefault(clip.source, []).append(clip)
        self.sounds = {clip: load(clip) for clip in clips}
        self.loud_db = {clip: loud_db(sound) for clip, sound in self.sounds.items()}
        self.labels = list(self.clips)
        shares = np.array([SHARES.get(label, 1.0) for label in self.labels])
        self.shares = shares / shares.sum()
        self.breaths = sorted((reference_folder() / "audio" / "rrujo_resp").rglob("*.flac"))

    def bank(self, count: int) -> Bank:
        """Return `count` windows."""
        bands = np.empty((count, PATCH_FRAMES, N_MELS), dtype=np.float16)
        rows = []
        for row in range(count):
            window = self._mixed() if self.rng.random() < SHARE_MIXED else self._one()
            sound = np.nan_to_num(self._interrupted(window.sound))
            bands[row] = band_spectrogram(sound)[:, :N_MELS]
            rows.append((window.source, window.label, window.kind))
        sources, labels, kinds = (np.array(column) for column in zip(*rows, strict=True))
        return Bank(bands, sources, labels, kinds)

    def _mixed(self) -> _Window:
        one, other = self._one(), self._one()
        sound = levelled(one.sound + other.sound * np.float32(10.0 ** (self.rng.uniform(-12.0, 12.0) / 20.0)))
        return _Window(sound, f"{one.source}|{other.source}", "", "mixed")

    def _interrupted(self, sound: Sound) -> Sound:
        if self.rng.random() >= SHARE_CUT:
            return sound
        sound = sound.copy()
        sound[: int(self.rng.integers(2000, 13000))] *= np.float32(0.02)
        return sound[::-1].copy() if self.rng.random() < 0.5 else sound

    def _one(self) -> _Window:
        chance = self.rng.random()
        if chance < SHARE_MADE:
            return self._made()
        if chance < SHARE_MADE + SHARE_BREATHS and self.breaths:
            return self._breathing()
        label = self.labels[int(self.rng.choice(len(self.labels), p=self.shares))]
        sources = list(self.clips[label].values())
        mine = sources[int(self.rng.integers(len(sources)))]
        clip = mine[int(self.rng.integers(len(mine)))]
        whole = self.sounds[clip]
        for _ in range(6):
            at = int(self.rng.integers(0, max(len(whole) - PATCH_SAMPLES, 0) + 1))
            part = whole[at : at + CUT_SAMPLES]
            below_db = level_db(part[:PATCH_SAMPLES]) - self.loud_db[clip]
            if below_db > QUIET_DB:
                break
        return _Window(self._disturbed(part), clip.source, label if below_db >= LOUD_DB else "", clip.kind)

    def _made(self) -> _Window:
        make = MADE[int(self.rng.choice(len(MADE), p=MADE_SHARES))]
        sound = make(self.rng)
        at = int(self.rng.integers(-6000, max(len(sound) - PATCH_SAMPLES, 1)))
        sound = np.pad(sound, (max(-at, 0), CUT_SAMPLES))[max(at, 0) :][:CUT_SAMPLES]
        return _Window(self._disturbed(sound), "made", "", make.__name__)

    def _breathing(self) -> _Window:
        """Return a second or, played faster, two of a stethoscope's breathing, sometimes with air added along its envelope."""
        import soxr

        path = self.breaths[int(self.rng.integers(len(self.breaths)))]
        info = soundfile.info(path)
        start = int(self.rng.integers(0, max(info.frames - 2 * info.samplerate, 1)))
        samples, fs = soundfile.read(path, start=start, frames=2 * info.samplerate, dtype="float32")
        sound = soxr.resample(samples, fs, FS_HZ)
        if self.rng.random() < 0.7:
            sound = speeded(sound, float(np.exp(self.rng.uniform(0.0, 0.6))))
        if self.rng.random() < 0.6:
            shape = np.convolve(np.abs(sound), np.full(800, 1.0 / 800.0), "same")
            sound = sound + self.rng.normal(0.0, self.rng.uniform(0.0, 1.5), len(sound)) * shape
        return _Window(self._disturbed(np.asarray(sound, dtype=np.float32)), "rrujo", "", "breathing")

    def _disturbed(self, sound: Sound) -> Sound:
        sound = disturbed(sound, self.rng)
        return levelled(np.pad(sound, (0, max(PATCH_SAMPLES - len(sound), 0)))[:PATCH_SAMPLES])


def loud_db(sound: Sound) -> float:
    """Return the level that a tenth of a clip's quarter seconds exceed."""
    step = FS_HZ // 4
    return float(np.percentile([level_db(sound[at : at + step]) for at in range(0, max(len(sound) - step, 1), step)], 90))


def save(bank: Bank, folder: Path) -> None:
    """Keep a bank for the next run."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "bands.npy", bank.bands)
    np.savez(folder / "rows.npz", sources=bank.sources, labels=bank.labels, kinds=bank.kinds)


def saved(folder: Path) -> Bank:
    """Return a bank that was kept."""
    rows = np.load(folder / "rows.npz")
    return Bank(np.load(folder / "bands.npy", mmap_mode="r"), rows["sources"], rows["labels"], rows["kinds"])
