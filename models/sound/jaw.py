"""False alarms of the rule for grinding-like sounds in licensed sound without any grinding, and how many made-up trains it finds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from models.sound.augment import FS_HZ
from models.sound.compose import Composer, fan
from models.sound.data import Clip, load, read_clips
from somnia_engine.extractors._heard import noisy_seconds
from somnia_engine.extractors.jaw import find_trains
from somnia_engine.hearing import hear

Sound = NDArray[np.float32]
Row = dict[str, Any]

RECORDS = ("00000995-100507", "00001006-100507", "00001010-100507")
HOURS = 1.0
ROOMS = {"quiet": 30.0, "noisy": 0.0}
"""How far the snores lie above the fan [dB]."""
TEETH, GRINDING = "teeth_", "teeth_grinding"
TRAINS, EVERY_S = 20, 30.0
SCRATCH_HZ = (1500, 6000)


def jaw_rows() -> list[Row]:
    """Return false alarms per hour of composed nights and of dense clips, and the share of made-up trains found."""
    clips = [clip for clip in read_clips() if clip.shippable and not clip.kind.startswith(TEETH)]
    if not clips:
        return []
    return [*_composed(clips), *_dense([clip for clip in clips if clip.set == "esc50"]), *_made(), *_real()]


def _composed(clips: list[Clip]) -> list[Row]:
    rows = []
    for name, noise_db in ROOMS.items():
        trains, judged_s = 0, 0
        for seed, record in enumerate(RECORDS):
            night, _ = Composer(clips, seed=seed).compose(record, hours=HOURS, noise=fan(), noise_db=noise_db)
            heard = hear([night])
            noisy = noisy_seconds(heard)
            trains += len(find_trains(heard, noisy))
            judged_s += int((~noisy).sum())
        told = f"false alarms, {name} hours (the snores {noise_db:.0f} dB above a fan)"
        protocol = f"composed: licensed clips on the schedules of {len(RECORDS)} real nights, {HOURS:.0f} h each, no grinding among them"
        asked = round(3600 * HOURS * len(RECORDS))
        rows.append(
            _row(
                told, protocol, figure="per hour heard", value=3600.0 * trains / judged_s if judged_s else float("nan"), units=len(RECORDS)
            )
        )
        rows[-1]["coverage"] = round(judged_s / asked, 4)
    return rows


def _dense(clips: list[Clip]) -> list[Row]:
    heards = [hear([load(clip)]) for clip in clips]
    seconds, trains = sum(len(heard.power) for heard in heards), sum(len(find_trains(heard)) for heard in heards)
    protocol = f"{len(clips)} licensed clips of 50 classes one after the other: no night is like this"
    return [_row("false alarms, nothing but loud events", protocol, figure="per hour", value=3600.0 * trains / seconds, units=len(clips))]


def _made() -> list[Row]:
    return [
        _row(
            f"made-up trains found at {snr_db} dB over a fan", "noise bursts of our own, 0.7 to 1.6 a second",
            figure="sensitivity", value=_found_share(snr_db), units=TRAINS,
        )
        for snr_db in (20, 10, 0)
    ]  # fmt: skip


def _real() -> list[Row]:
    """Return in how many of the recordings of grinding, whose licence is unknown, anything is found."""
    clips = [clip for clip in read_clips() if clip.kind == GRINDING]
    found = [bool(find_trains(hear([load(clip)]))) for clip in clips]
    protocol = "all recordings of grinding that were to be had (evaluation only); the rule was drawn up with an eye on them"
    return (
        [_row("recordings in which a train is found", protocol, figure="share", value=float(np.mean(found)), units=len(clips))]
        if clips
        else []
    )


def _found_share(snr_db: int) -> float:
    """Return the share of trains that are found; the level of a burst is told against the fan's in the same second."""
    rng = np.random.default_rng(0)
    sound = np.resize(fan(), round(TRAINS * EVERY_S * FS_HZ)).astype(np.float32)
    sound *= 0.002 / np.sqrt(np.mean(sound**2))
    shape = butter(4, SCRATCH_HZ, "bandpass", fs=FS_HZ, output="sos")
    for train in range(TRAINS):
        step_s = 1.0 / rng.uniform(0.7, 1.6)
        for burst in range(6):
            part = sosfilt(shape, rng.normal(size=round(rng.uniform(0.25, 0.35) * FS_HZ)))
            first = round((train * EVERY_S + 10.0 + burst * step_s) * FS_HZ)
            sound[first : first + len(part)] += 0.002 * 10.0 ** (snr_db / 20.0) * part / np.sqrt(np.mean(part**2))
    onsets = np.array([train.onset_s for train in find_trains(hear([sound]))])
    return float(np.mean([((onsets >= at * EVERY_S + 8.0) & (onsets < at * EVERY_S + 20.0)).any() for at in range(TRAINS)]))


def _row(task: str, protocol: str, *, figure: str, value: float, units: int) -> Row:
    return {
        "task": f"grinding-like sounds (experimental): {task}", "protocol": protocol, "n_people": units, "n_units": units, "unit": "pieces",
        "figure": figure, "value": None if np.isnan(value) else round(value, 4),
        "low": None, "high": None, "ruler": None, "ruler_name": "", "bar": None,
        "passed": None, "coverage": 1.0,
    }  # fmt: skip
