"""What the labels of recorders mean: `ECG II` in µV is `ecg_mv`, `SpO2.1s` is `spo2_pct`."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.text import Text
from somnia_engine.types.features import FEATURES


class Meaning(NamedTuple):
    """A channel, what its values are multiplied by and moved by to be in its unit, and the highest rate [Hz] at which it is kept."""

    channel: str
    factor: float
    offset: float
    keep_hz: float
    drawn: bool


_ECG = re.compile(r"\b(e[ck]g|ml?ii|mli|mliii|avr|avl|avf|v[1-6])\d*\b|^(i|ii|iii|ecg.*|ekg.*)$")
_LABELS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("spo2_pct", re.compile(r"spo2|sao2|\bso2\b|\bosat\b|o2 ?sat|oxygen sat|oximetry|^saturation")),
    ("hr_bpm", re.compile(r"^(hr|pr|heart ?rate|pulse ?rate|pulse|bpm)\b|heart ?rate|pulse ?rate|derived ?hr")),
    ("ppg", re.compile(r"ppg|pleth|\bbvp\b")),
    ("resp_rate_bpm", re.compile(r"resp(iration)? ?rate|breath(ing)? ?rate|\brr ?\(bpm\)")),
    ("body_temp_c", re.compile(r"(rectal|core|body|oesoph|esoph|tympan|ear).*temp|temp.*(rectal|core|body|oesoph|esoph|tympan|ear)")),
    ("skin_temp_c", re.compile(r"(skin|wrist|finger|surface).*temp|temp.*(skin|wrist|finger|surface)")),
    ("light_lux", re.compile(r"\b(light|lux|illuminance)\b")),
)
_ACC = re.compile(r"^(?:.*\b)?acc(?:el|elero|elerometer|eleration)? ?(x|y|z)\b")
_NOT_A_MEASUREMENT = re.compile(r"quality|status|event|alarm|limit|setting|battery")
_VOLTS = {"v": 1000.0, "mv": 1.0, "uv": 1e-3, "nv": 1e-6}
_GRAVITY = {"g": 1.0, "mg": 1e-3, "m/s2": 1 / 9.80665, "m/s^2": 1 / 9.80665}
ECG_HZ, ACC_HZ, SLOW_HZ = 250.0, 100.0, 4.0
"""Rates [Hz] that lose nothing: beats are timed to a few ms at 250 Hz, and oximeters tell no more than 4 values a second."""
PLAUSIBLE = {name: (FEATURES[name].low, FEATURES[name].high) for name in FEATURES}


def meaning_of(label: str, unit: str, *, fs: float) -> Meaning | None:
    """Return what a recorder's label and unit mean; None when it is not one of the channels that are analyzed."""
    name = re.sub(r"[\s_.:\-]+", " ", label.strip().lower())
    measured_in = unit.strip().lower().replace("µ", "u").replace("μ", "u")
    if not name or _NOT_A_MEASUREMENT.search(name):
        return None
    acc = _ACC.match(name)
    if acc and measured_in in _GRAVITY:
        return Meaning(f"acc_{acc[1]}_g", _GRAVITY[measured_in], 0.0, ACC_HZ, True)
    found = next((channel for channel, pattern in _LABELS if pattern.search(name)), None)
    if found is None and _ECG.search(name) and measured_in in (*_VOLTS, ""):
        return Meaning("ecg_mv", _VOLTS.get(measured_in, 1.0), 0.0, ECG_HZ, True)
    return _slow(found, measured_in, fs=fs)


def _slow(channel: str | None, unit: str, *, fs: float) -> Meaning | None:
    if channel is None:
        return None
    if channel == "ppg" or (channel == "hr_bpm" and fs > 16.0 and "bpm" not in unit and "/min" not in unit):
        return Meaning("ppg", 1.0, 0.0, ECG_HZ, True)
    if channel.endswith("_temp_c") and unit.replace("deg", "").replace("°", "").strip() == "f":
        return Meaning(channel, 5 / 9, -160 / 9, SLOW_HZ, False)
    return Meaning(channel, 1.0, 0.0, SLOW_HZ, False)


NOT_MEASURED = (-1.0, 0.0, 127.0, 255.0, 511.0)
"""What oximeters write where they measured nothing."""


def plausible(channel: str, values: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """Return slow values with those out of the feature's bounds as NaN, and how many of them were not a sign for "not measured"."""
    if channel not in PLAUSIBLE:
        return values, 0
    low, high = PLAUSIBLE[channel]
    with np.errstate(invalid="ignore"):
        wrong = (values < low) | (values > high)
    signs = wrong & np.isin(np.round(values, 1), NOT_MEASURED)
    return np.where(wrong, np.nan, values).astype(np.float32), int(wrong.sum() - signs.sum())


def not_used_note(labels: Iterable[str]) -> tuple[Text, ...]:
    """Return a note that names channels that are not analyzed, the first 12 of many."""
    names = [label.strip()[:24] or "?" for label in labels]
    if not names:
        return ()
    shown = ", ".join(names[:12])
    if len(names) > 12:
        return (Text("Channels that are not used: {names} and {n} more.", {"names": shown, "n": len(names) - 12}),)
    return (Text("Channels that are not used: {names}.", {"names": shown}),)
