"""The loudest moments as clips: at most so many, at most so long, never with a voice in them."""

from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile

from somnia_engine.clips import CLIP_S, MOST_CLIPS, loudest_clips, voiced_seconds
from somnia_engine.hearing import hear
from somnia_engine.placing import AnalysisOptions
from somnia_engine.types.recording import Media, Recording
from tests.engine.dsp.test_snore_tone import snore
from tests.engine.make import recording

FS = 16000


def kept(folder: Path, sound: np.ndarray) -> Recording:
    soundfile.write(folder / "night.wav", sound, FS)
    return recording(media=(Media("audio", folder / "night.wav", len(sound) / FS, float(FS), 1),))


def snores(minutes: int, *, every_s: float = 20.0) -> np.ndarray:
    rng = np.random.default_rng(1)
    sound = 0.0005 * rng.normal(size=minutes * 60 * FS)
    for number, at in enumerate(np.arange(8.0, minutes * 60 - 5.0, every_s)):
        first = round(at * FS)
        sound[first : first + FS] += (1.0 + number / 10.0) * snore(60.0, (300.0, 900.0, 2500.0), seed=number)
    return sound.astype(np.float32)


def decoded(clip: bytes) -> np.ndarray:
    return np.asarray(soundfile.read(BytesIO(clip), dtype="float32")[0])


def test_there_are_at_most_twenty_of_ten_seconds_and_they_are_the_loudest(tmp_path: Path) -> None:
    clips = loudest_clips([kept(tmp_path, snores(15))], AnalysisOptions())
    assert len(clips) == MOST_CLIPS
    assert all(abs(len(decoded(clip.sound)) / FS - CLIP_S) < 0.2 for clip in clips)
    assert min(clip.onset_s for clip in clips) > 300.0  # they grow louder, so the first ones stay out
    onsets = np.array([clip.onset_s for clip in clips])
    assert (np.diff(onsets) >= CLIP_S).all()
    assert all(clip.picture.startswith(b"\x89PNG") and len(clip.picture) < 40_000 for clip in clips)
    assert sum(len(clip.sound) for clip in clips) < 2_000_000


def test_speech_is_blanked_with_its_neighbors(tmp_path: Path, reference: Path) -> None:
    folder = reference / "audio" / "speech_commands_sample"
    words = [path for path in sorted(folder.glob("*/*")) if path.parent.name != "background_noise"][::7][:12]
    assert words
    sound = snores(6)
    spoken = np.zeros(len(sound) // FS, dtype=bool)
    for number, path in enumerate(words):
        word = soundfile.read(path, dtype="float32")[0][:FS]
        at = 24 + 25 * number
        if (at + 2) * FS > len(sound):
            break
        sound[at * FS : at * FS + len(word)] += 0.5 * word / max(np.abs(word).max(), 1e-3)
        spoken[at] = True
    told = voiced_seconds(hear([sound]))[: len(spoken)]
    assert (spoken & told).sum() >= 0.9 * spoken.sum()
    for clip in loudest_clips([kept(tmp_path, sound)], AnalysisOptions()):
        samples, first = decoded(clip.sound), round(clip.onset_s)
        for second in np.flatnonzero(told[first : first + CLIP_S]):
            middle = samples[second * FS + 2000 : (second + 1) * FS - 2000]
            assert np.abs(middle).max() < 0.02


def test_a_quiet_night_has_no_loud_moments(tmp_path: Path) -> None:
    quiet = (0.001 * np.random.default_rng(0).normal(size=120 * FS)).astype(np.float32)
    assert loudest_clips([kept(tmp_path, quiet)], AnalysisOptions()) == ()
    assert loudest_clips([kept(tmp_path, quiet[: 3 * FS])], AnalysisOptions()) == ()
