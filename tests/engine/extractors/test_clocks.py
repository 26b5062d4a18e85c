"""A phone whose clock drifts against a watch's: its times are corrected and that is told; without a drift nothing changes."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from somnia_engine.extractors.sound import DRIFT_SAID, extract_sound
from somnia_engine.types.features import Extraction
from somnia_engine.types.recording import Media
from somnia_engine.types.signals import Series
from tests.engine.make import night_of, recording

FS = 4000
HOURS = 3


def heard(folder: Path, *, end_s: float, watch: bool = True) -> tuple[Extraction, np.ndarray]:
    """Return the sound of a night in which a watch felt what the phone heard, and when the watch felt it."""
    rng = np.random.default_rng(6)
    seconds = HOURS * 3600
    sound = 0.001 * rng.normal(size=seconds * FS).astype(np.float32)
    counts = np.zeros(seconds // 15)
    at = np.sort(rng.uniform(60.0, seconds - 300.0, 40))
    felt_at = at + end_s * at / seconds
    for first, felt in zip(at, felt_at, strict=True):
        length = rng.uniform(3.0, 15.0)
        sound[round(first * FS) : round((first + length) * FS)] *= 30.0
        counts[int(felt // 15)] += 60.0 * length
    soundfile.write(folder / "phone.wav", sound, FS)
    phone = recording(media=(Media("audio", folder / "phone.wav", float(seconds), float(FS), 1),))
    series = Series("activity_count", np.arange(len(counts)) * 15.0, counts.astype(np.float32), "")
    others = (recording(series=(series,)),) if watch else ()
    (found,) = extract_sound(night_of(phone, *others, n_epochs=seconds // 30))
    return found, felt_at


def test_drift_is_corrected_and_told_with_its_estimate(tmp_path: Path) -> None:
    found, felt_at = heard(tmp_path, end_s=90.0)
    (note,) = [note for note in found.quality[0].notes if note.msgid == DRIFT_SAID.msgid]
    assert float(note.values["start"]) == pytest.approx(0.0, abs=12.0)  # type: ignore[arg-type]
    assert float(note.values["end"]) == pytest.approx(90.0, abs=15.0)  # type: ignore[arg-type]
    level = found.traces[0].samples
    onsets = 1 + np.flatnonzero((level[1:] > -40.0) & (level[:-1] <= -40.0))
    errors = np.array([np.abs(onsets - at).min() for at in felt_at])
    assert np.median(errors) <= 6.0
    assert np.isnan(level[200:-200]).sum() == 0


@pytest.mark.parametrize("watch", [True, False])
def test_clocks_that_agree_or_stand_alone_are_left_as_they_are(tmp_path: Path, watch: bool) -> None:
    found, felt_at = heard(tmp_path, end_s=0.0, watch=watch)
    assert not [note for note in found.quality[0].notes if note.msgid == DRIFT_SAID.msgid]
    assert found.traces[0].samples[int(felt_at[0]) + 1] > -40.0
