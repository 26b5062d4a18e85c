"""Where noise hides a sleeper, and what is told of it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from somnia_engine.extractors.jaw import extract_jaw
from somnia_engine.extractors.snore import extract_snore
from somnia_engine.types.features import NightInput
from somnia_engine.types.recording import Media
from tests.engine.dsp.test_snore_tone import snore
from tests.engine.make import night_of, recording

FS = 16000
SECONDS = 720


def night(folder: Path, *, snr_db: float, seconds: int = SECONDS, level: float = 0.03) -> NightInput:
    """Return a night of dark bursts as slow as breaths, under white noise."""
    rng = np.random.default_rng(2)
    rumble = np.convolve(rng.normal(size=seconds * FS), np.ones(8) / np.sqrt(8.0), mode="same")
    breaths = level * rumble * (np.mod(np.arange(seconds * FS) / FS, 4.0) < 1.3)
    sound = breaths + level * 10.0 ** (-snr_db / 20.0) * rng.normal(size=seconds * FS)
    soundfile.write(folder / "night.wav", sound, FS)
    media = Media("audio", folder / "night.wav", float(seconds), float(FS), 1)
    return night_of(recording(media=(media,)), n_epochs=seconds // 30)


def test_noise_above_the_sleeper_leaves_snoring_and_grinding_unmeasured_and_says_so(tmp_path: Path) -> None:
    given = night(tmp_path, snr_db=-5.0)
    (snore,), (jaw,) = extract_snore(given), extract_jaw(given)
    assert np.isnan(snore.columns["snore_frac"]).mean() > 0.9
    assert np.isnan(jaw.columns["jaw_frac"]).mean() > 0.9
    assert int(snore.quality[0].notes[0].values["share"]) > 90  # type: ignore[arg-type]


@pytest.mark.parametrize(("snr_db", "level"), [(30.0, 0.03), (-5.0, 0.0002)])
def test_a_sleeper_above_the_noise_and_a_silent_room_are_heard(tmp_path: Path, snr_db: float, level: float) -> None:
    (jaw,) = extract_jaw(night(tmp_path, snr_db=snr_db, level=level))
    assert np.isfinite(jaw.columns["jaw_frac"]).mean() > 0.9


def test_a_minute_of_steady_breathing_is_not_called_noise(tmp_path: Path) -> None:
    (jaw,) = extract_jaw(night(tmp_path, snr_db=3.0, seconds=60))
    assert np.isfinite(jaw.columns["jaw_frac"]).all()


def test_snores_have_their_pitch_and_noise_has_none(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    snores = np.concatenate([np.pad(snore(60.0, (300.0, 900.0, 2500.0), seconds=1.5, seed=k), (0, 2 * FS)) for k in range(72)])
    sound = snores + 0.0003 * rng.normal(size=len(snores))
    soundfile.write(tmp_path / "night.wav", sound, FS)
    media = Media("audio", tmp_path / "night.wav", len(sound) / FS, float(FS), 1)
    (found,) = extract_snore(night_of(recording(media=(media,)), n_epochs=len(sound) // FS // 30))
    assert np.nanmedian(found.columns["snore_pitch_hz"]) == pytest.approx(60.0, rel=0.03)
    assert np.nanmedian(found.columns["snore_formant_1_hz"]) == pytest.approx(300.0, rel=0.12)
    (hiss,) = extract_snore(night(tmp_path, snr_db=-5.0))
    assert np.isnan(hiss.columns["snore_pitch_hz"]).all()
