"""Events found in composed nights against what was put there, through the product's own path."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.reference import reference_folder
from models.sound.augment import FS_HZ
from models.sound.compose import Composer, Truth, fan
from models.sound.data import read_clips
from somnia_engine.analyse import AnalysisOptions, analyse
from somnia_engine.readers import read_recording
from somnia_engine.types.events import EventKind, EventTable
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.recording import ReadOptions

RECORDS = ("00000995-100507", "00001006-100507", "00001010-100507")
NOISES_DB = (30.0, 10.0, 0.0)
HOURS = 3.0
START = datetime(2026, 1, 1, 22, tzinfo=UTC)
PROTOCOL = "composed: clips that the model was not trained on, laid on the schedules of {n} real nights, {hours:.0f} h each"

Spans = NDArray[np.float64]


def composed_rows() -> list[dict[str, Any]]:
    """Return precision and recall of snores, pauses and coughs, and the error of the snore index, by level of a fan's noise."""
    if not (reference_folder() / "audio" / "psg_audio_events" / "events.csv").is_file():
        return []
    clips = [clip for clip in read_clips() if not clip.shippable]
    rows = []
    for noise_db in NOISES_DB:
        nights = [_night(Composer(clips, seed=seed), record, noise_db) for seed, record in enumerate(RECORDS)]
        rows += _rows(nights, f"the snores {noise_db:.0f} dB above a fan")
    return rows


def _night(composer: Composer, record: str, noise_db: float) -> tuple[NightAnalysis, Truth]:
    night, truth = composer.compose(record, hours=HOURS, noise=fan(), noise_db=noise_db)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "composed.flac"
        soundfile.write(path, night, FS_HZ)
        found = analyse([read_recording(path, ReadOptions(start=START))], options=AnalysisOptions(start=START))
    return found, truth


def _rows(nights: list[tuple[NightAnalysis, Truth]], told: str) -> list[dict[str, Any]]:
    rows = []
    for name, kind, spans in (
        ("snores", EventKind.SN, lambda truth: truth.snores),
        ("pauses", EventKind.BP, lambda truth: truth.pauses),
        ("coughs", EventKind.CO, lambda truth: truth.others["cough"]),
    ):
        counts = np.sum(
            [_matched(_spans(found.events.of_kind(kind)), np.array(spans(truth)).reshape(-1, 2)) for found, truth in nights], axis=0
        )
        hits, asked, given = counts.tolist()
        rows.append(_row(f"{name} found, {told}", "recall", hits / max(asked, 1), nights))
        rows.append(_row(f"{name} found, {told}", "precision", hits / given if given else float("nan"), nights))
    errors = [abs(len(found.events.of_kind(EventKind.SN)) - len(truth.snores)) / max(len(truth.snores), 1) for found, truth in nights]
    rows.append(_row(f"snore index, {told}", "mean relative error", float(np.mean(errors)), nights))
    return rows


def _spans(events: EventTable) -> Spans:
    return np.stack((events.onset_s, events.duration_s), axis=1)


def _matched(found: Spans, truth: Spans) -> tuple[int, int, int]:
    """Return how many overlap one to one in order of time, how many were put, how many were found."""
    hits, at = 0, 0
    for onset, duration in truth:
        while at < len(found) and found[at, 0] + found[at, 1] <= onset:
            at += 1
        if at < len(found) and found[at, 0] < onset + duration:
            hits, at = hits + 1, at + 1
    return hits, len(truth), len(found)


def _row(task: str, figure: str, value: float, nights: list[tuple[NightAnalysis, Truth]]) -> dict[str, Any]:
    return {
        "task": task, "protocol": PROTOCOL.format(n=len(nights), hours=HOURS), "n_people": len(nights),
        "n_units": round(len(nights) * HOURS),
        "unit": "hours", "figure": figure, "value": None if np.isnan(value) else round(value, 4), "low": None, "high": None, "ruler": None,
        "ruler_name": "", "bar": None, "passed": None, "coverage": 1.0,
    }  # fmt: skip
