"""Grinding-like sounds of a night."""

from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import butter, sosfilt

from somnia_engine.extractors.jaw import extract_jaw
from somnia_engine.types.events import EventKind
from somnia_engine.types.features import Extraction
from somnia_engine.types.recording import Media
from tests.engine.make import night_of, recording

FS = 16000


def scratches(*, every_s: float, level: float) -> np.ndarray:
    """Return two minutes of a quiet room with ten scratches from 60 s on."""
    rng = np.random.default_rng(0)
    sound = 0.0005 * rng.normal(size=120 * FS)
    scratch = sosfilt(butter(4, (1500, 6000), "bandpass", fs=FS, output="sos"), rng.normal(size=round(0.3 * FS)))
    for at in range(10):
        first = round((60.0 + at * every_s) * FS)
        sound[first : first + len(scratch)] += level * scratch
    return sound


def found_in(sound: np.ndarray, folder: Path, *, onset_s: float = 0.0) -> Extraction:
    soundfile.write(folder / "night.wav", sound, FS)
    media = Media("audio", folder / "night.wav", len(sound) / FS, float(FS), 1, onset_s=onset_s)
    (found,) = extract_jaw(night_of(recording(media=(media,)), n_epochs=6))
    return found


def test_a_rhythmic_scratch_is_an_event_at_its_time_and_marks_its_epoch(tmp_path: Path) -> None:
    found = found_in(scratches(every_s=1.0, level=0.05), tmp_path, onset_s=30.0)
    assert {event.kind for event in found.events} == {EventKind.GR}
    first = next(iter(found.events))
    assert 89.0 <= first.onset_s <= 93.0
    assert first.confidence < 0.5
    assert found.columns["jaw_frac"][3] == 1.0
    np.testing.assert_array_equal(found.columns["jaw_frac"][[1, 2]], [0.0, 0.0])
    assert np.isnan(found.columns["jaw_frac"][[0, 5]]).all()


def test_scratches_as_slow_as_breaths_are_none(tmp_path: Path) -> None:
    assert len(found_in(scratches(every_s=4.0, level=0.05), tmp_path).events) == 0
