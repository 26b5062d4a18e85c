"""Sound level."""

from pathlib import Path

import numpy as np
import pytest

from somnia_engine.extractors.sound import extract_sound
from somnia_engine.hearing import level_db
from somnia_engine.types.recording import Media
from tests.engine.make import night_of, recording


def test_a_full_scale_sine_has_minus_three_decibels_and_silence_is_unmeasured() -> None:
    np.testing.assert_allclose(level_db(np.array([0.5, 0.0])), [-3.0103, np.nan], atol=1e-3)


def test_a_recording_gives_level_peak_and_a_trace_at_its_place(tmp_path: Path) -> None:
    import soundfile

    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(16000 * 60) / 16000)
    tone[16000 * 40 : 16000 * 41] *= 5.0
    soundfile.write(tmp_path / "night.wav", tone, 16000, subtype="FLOAT")
    media = Media("audio", tmp_path / "night.wav", 60.0, 16000.0, 1, onset_s=30.0)
    (found,) = extract_sound(night_of(recording(media=(media,)), n_epochs=4))
    level, peak = found.columns["sound_level_db"], found.columns["sound_peak_db"]
    assert level[1] == pytest.approx(-23.01, abs=0.05)
    assert peak[2] == pytest.approx(-9.03, abs=0.05)
    assert np.isnan(level[[0, 3]]).all()
    assert np.isfinite(found.traces[0].samples).sum() == 60
    assert found.quality[0].coverage == 0.5
