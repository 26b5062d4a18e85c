"""Breathing heard in a file: where it waxes and wanes."""

from pathlib import Path

import numpy as np
import soundfile

from somnia_engine.extractors.breathing_sound import extract_breathing_sound
from somnia_engine.types.recording import Media
from tests.engine.dsp.test_periodic_breathing import breaths, waxing
from tests.engine.make import night_of, recording

FS = 16000


def test_epochs_in_waves_are_marked_with_their_length_and_even_breathing_is_not(tmp_path: Path) -> None:
    loud = np.concatenate((np.ones(720), waxing(60.0, seed=2)))
    sound = breaths(loud, seed=7)
    soundfile.write(tmp_path / "night.wav", sound, FS)
    media = Media("audio", tmp_path / "night.wav", len(loud), float(FS), 1)
    (found,) = extract_breathing_sound(night_of(recording(media=(media,)), n_epochs=len(loud) // 30))
    waves, cycle = found.columns["periodic_breathing_frac"], found.columns["breathing_cycle_s"]
    assert waves[:14].tolist() == [0.0] * 14
    assert (waves[27:] == 1.0).mean() >= 0.8
    assert abs(np.nanmedian(cycle) - 60.0) <= 6.0
    assert np.isnan(cycle[:14]).all()
