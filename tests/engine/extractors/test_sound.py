"""Sound level."""

from pathlib import Path

import numpy as np
import pytest

from somnia_engine.extractors.sound import EMPTY_SAID, FLOOR_SAID, PUMPING_SAID, STEP_SAID, extract_sound
from somnia_engine.hearing import level_db
from somnia_engine.types.recording import Media
from tests.engine.dsp.test_microphone import pumped, room
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


def notes(folder: Path, sound: np.ndarray, *, fs: int = 16000, suffix: str = "wav") -> list[str]:
    import soundfile

    path = folder / f"night.{suffix}"
    soundfile.write(path, sound, fs)
    media = Media("audio", path, len(sound) / fs, float(fs), 1)
    (found,) = extract_sound(night_of(recording(media=(media,)), n_epochs=len(sound) // fs // 30))
    return [note.msgid for note in found.quality[0].notes]


def test_a_clean_sound_has_nothing_to_tell_but_its_floor(tmp_path: Path) -> None:
    assert notes(tmp_path, room(1)) == [FLOOR_SAID.msgid]


@pytest.mark.parametrize(("fs", "suffix"), [(16000, "wav"), (44100, "flac"), (44100, "mp3")])
def test_clipping_is_told_at_any_rate_and_after_a_codec(tmp_path: Path, fs: int, suffix: str) -> None:
    rng = np.random.default_rng(0)
    sound = 0.01 * rng.normal(size=60 * fs)
    clean = notes(tmp_path, sound, fs=fs, suffix=suffix)
    sound[20 * fs : 24 * fs] *= 200.0
    overdriven = notes(tmp_path, np.clip(sound, -1.0, 1.0), fs=fs, suffix=suffix)
    assert not any("overdriven" in note for note in clean)
    assert any("overdriven" in note for note in overdriven)


def test_gaps_a_pumping_gain_and_another_device_are_told(tmp_path: Path) -> None:
    sound = room(2)
    sound[700 * 16000 :] *= 4.0
    sound[300 * 16000 : 320 * 16000] = 0.0
    assert notes(tmp_path, sound) == [FLOOR_SAID.msgid, EMPTY_SAID.msgid, STEP_SAID.msgid]
    assert PUMPING_SAID.msgid in notes(tmp_path, pumped(room(3), depth=0.2, recovery_s=6.0))


def test_a_calibrated_microphone_gives_dba_beside_the_relative_level_and_others_do_not(tmp_path: Path) -> None:
    import soundfile

    tone = 10.0 ** (-26.0 / 20.0) * np.sqrt(2.0) * np.sin(2 * np.pi * 1000.0 * np.arange(16000 * 60) / 16000)
    tone[16000 * 30 :] = 10.0 ** (-26.0 / 20.0) * np.sqrt(2.0) * np.sin(2 * np.pi * 100.0 * np.arange(16000 * 30) / 16000)
    soundfile.write(tmp_path / "night.wav", tone, 16000, subtype="FLOAT")
    for full_scale_db, expected in ((120.0, [94.0, 74.9]), (None, None)):
        media = Media("audio", tmp_path / "night.wav", 60.0, 16000.0, 1, full_scale_db=full_scale_db)
        (found,) = extract_sound(night_of(recording(media=(media,)), n_epochs=2))
        np.testing.assert_allclose(found.columns["sound_level_db"], -26.0, atol=0.05)
        assert ("sound_level_dba" in found.columns) is (expected is not None)
        assert [trace.channel for trace in found.traces] == ["sound_level_db", "sound_level_dba"][: len(found.traces)]
        if expected is not None:
            np.testing.assert_allclose(found.columns["sound_level_dba"], expected, atol=0.15)
            assert not any("relative" in note.msgid for note in found.quality[0].notes)
