"""Composed nights: real snores, coughs and voices laid on the real schedules of apnea nights, in rooms and under noise, truth known.

    python models/sound/compose.py OUT [--hours H] [--record NAME] [--noise-db DB] [--seed N]

writes OUT.flac and OUT.json. For evaluation only: nobody slept like this, and whatever is measured on them is called composed.
"""

import argparse
import csv
import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.reference import reference_folder
from models.sound import synthesise
from models.sound.augment import FS_HZ, reverberant
from models.sound.data import Clip, load, read_clips
from somnia_engine.dsp.resampling import runs

Sound = NDArray[np.float32]

BREATH_S = (3.2, 4.8)
SNORE_RMS, BREATH_RMS, VOICE_RMS, GASP_GAIN = 0.03, 0.0012, 0.03, 2.0
SNORING_STRETCH_S, QUIET_STRETCH_S = (300.0, 1500.0), (300.0, 1200.0)
OTHERS_PER_H = {"cough": 2.0, "speech": 1.0, "footsteps": 0.5, "traffic": 0.5, "other": 1.0}
APNEAS = frozenset(("ObstructiveApnea", "MixedApnea", "CentralApnea"))
SHORTEST_S, LONGEST_S = 0.4, 3.0
LOUD_SHARE = 0.5


@dataclass(slots=True)
class Truth:
    """What was put where: (onset, duration) in seconds."""

    record: str
    hours: float
    snores: list[tuple[float, float]] = field(default_factory=list)
    pauses: list[tuple[float, float]] = field(default_factory=list)
    others: dict[str, list[tuple[float, float]]] = field(default_factory=dict)


def schedule(record: str, hours: float) -> list[tuple[float, float]]:
    """Return onset and duration [s] of the apneas of one record's first hours."""
    with (reference_folder() / "audio" / "psg_audio_events" / "events.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["record"] == record and row["event"] in APNEAS]
    found = [(float(row["start_s"]), float(row["duration_s"])) for row in rows]
    return [(onset, duration) for onset, duration in found if onset + duration < hours * 3600.0 - 30.0]


def single_snores(clips: list[Clip]) -> list[Sound]:
    """Return the single snores of clips, cut where their loudness rises half of the way above its floor."""
    snores = []
    step = FS_HZ // 20
    for clip in clips:
        sound = load(clip)
        count = len(sound) // step
        loudness = np.log(np.sqrt((sound[: count * step].reshape(count, step) ** 2).mean(axis=1)) + 1e-6)
        low, high = np.percentile(loudness, (15.0, 95.0))
        for first, end in runs(loudness > low + LOUD_SHARE * (high - low)):
            part = sound[first * step : end * step]
            if SHORTEST_S <= len(part) / FS_HZ <= LONGEST_S:
                snores.append(_at_level(part, SNORE_RMS))
    return snores


def _at_level(sound: Sound, rms: float) -> Sound:
    return (sound * (rms / (np.sqrt(np.mean(sound**2, dtype=np.float64)) + 1e-9))).astype(np.float32)


class Composer:
    """Lays sounds of one sleeper on a night."""

    def __init__(self, clips: list[Clip], *, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        snorers = sorted({clip.source for clip in clips if clip.label == "snore"})
        self.snorer = snorers[int(self.rng.integers(len(snorers)))]
        self.snores = single_snores([clip for clip in clips if clip.source == self.snorer and clip.label == "snore"])
        self.clips = {label: [clip for clip in clips if clip.label == label] for label in OTHERS_PER_H}
        self.echo_s = float(self.rng.uniform(0.1, 0.5))

    def compose(self, record: str, *, hours: float, noise: Sound, noise_db: float) -> tuple[Sound, Truth]:
        """Return the night, shape (hours * 3600 * 16000,), and its truth; `noise_db` is the snores' level over the noise's."""
        truth = Truth(record, hours)
        night = np.zeros(round(hours * 3600 * FS_HZ), dtype=np.float32)
        pauses = schedule(record, hours)
        self._breathe(night, truth, pauses)
        truth.pauses = pauses
        for label, per_h in OTHERS_PER_H.items():
            truth.others[label] = self._scatter(night, label, round(per_h * hours))
        night += np.resize(_at_level(noise, SNORE_RMS * 10.0 ** (-noise_db / 20.0)), len(night))
        return np.clip(night, -0.99, 0.99), truth

    def _breathe(self, night: Sound, truth: Truth, pauses: list[tuple[float, float]]) -> None:
        at, until, snoring = 5.0, 0.0, False
        quiet = [_at_level(synthesise.breath(self.rng), BREATH_RMS) for _ in range(30)]
        ends = iter([*pauses, (float("inf"), 0.0)])
        onset, length = next(ends)
        while at < len(night) / FS_HZ - 6.0:
            gasp = False
            if at >= onset:
                at, gasp = onset + length, True
                onset, length = next(ends)
            if at >= until:
                snoring = not snoring
                until = at + self.rng.uniform(*(SNORING_STRETCH_S if snoring else QUIET_STRETCH_S))
            if gasp or snoring:
                sound = self.snores[int(self.rng.integers(len(self.snores)))] * np.float32(
                    self.rng.uniform(0.6, 1.4) * (GASP_GAIN if gasp else 1.0)
                )
                truth.snores.append((at, len(sound) / FS_HZ))
            else:
                sound = quiet[int(self.rng.integers(len(quiet)))]
            self._lay(night, sound, at)
            at += self.rng.uniform(*BREATH_S)

    def _scatter(self, night: Sound, label: str, count: int) -> list[tuple[float, float]]:
        if not self.clips[label]:
            return []
        found = []
        for _ in range(count):
            clip = self.clips[label][int(self.rng.integers(len(self.clips[label])))]
            sound = _at_level(load(clip)[: 5 * FS_HZ], VOICE_RMS * float(self.rng.uniform(0.5, 2.0)))
            at = float(self.rng.uniform(10.0, len(night) / FS_HZ - 20.0))
            self._lay(night, sound, at)
            found.append((at, len(sound) / FS_HZ))
        return sorted(found)

    def _lay(self, night: Sound, sound: Sound, at_s: float) -> None:
        heard = reverberant(np.pad(sound, (0, FS_HZ // 4)), self.rng, decay_s=self.echo_s, wet=0.3)
        first = round(at_s * FS_HZ)
        part = night[first : first + len(heard)]
        part += heard[: len(part)]


def fan(seconds: float = 60.0) -> Sound:
    """Return a fan's noise from the clips, or white noise when they are not there."""
    clips = [load(clip) for clip in read_clips() if clip.kind == "fan"]
    if clips:
        return np.resize(np.concatenate(clips), round(seconds * FS_HZ))
    return np.random.default_rng(0).normal(0.0, 0.1, round(seconds * FS_HZ)).astype(np.float32)


def main() -> None:
    """Write one night and its truth."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--record", default="00000995-100507")
    parser.add_argument("--noise-db", type=float, default=30.0, help="how far the snores lie above the fan")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    composer = Composer(read_clips(), seed=arguments.seed)
    night, truth = composer.compose(arguments.record, hours=arguments.hours, noise=fan(), noise_db=arguments.noise_db)
    soundfile.write(arguments.out.with_suffix(".flac"), night, FS_HZ)
    arguments.out.with_suffix(".json").write_text(json.dumps(asdict(truth)), encoding="utf-8")


if __name__ == "__main__":
    main()
