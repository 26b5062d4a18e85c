"""The signals of an EDF file: read in blocks, thinned to the rate that matters, gaps between records kept as NaN."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from somnia_engine.readers._edf_header import Channel, EdfHeader
from somnia_engine.readers._edf_marks import CHUNK_BYTES
from somnia_engine.readers._lab_channels import Meaning, meaning_of, plausible
from somnia_engine.text import Text
from somnia_engine.types.recording import Dropped
from somnia_engine.types.signals import Signal

MOST_LEADS = 2
LEAST_HZ = 1 / 120
"""Less than a value in 2 min [Hz] is a summary of days, not a night's stream."""
UNITS = {
    "ecg_mv": "mV",
    "spo2_pct": "%",
    "hr_bpm": "/min",
    "resp_rate_bpm": "/min",
    "body_temp_c": "°C",
    "skin_temp_c": "°C",
    "light_lux": "lx",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A signal that is analyzed: where it is, what it means, and by how much it is thinned."""

    channel: Channel
    meaning: Meaning
    fs: float
    thin: int

    @property
    def rate(self) -> float:
        """Sampling rate after thinning [Hz]."""
        return self.fs / self.thin


class Stretch(NamedTuple):
    """Records first..last-1, and the second of the result at which each begins."""

    first: int
    onsets_s: NDArray[np.float64]


def wanted_of(header: EdfHeader) -> tuple[list[Wanted], list[str]]:
    """Return the signals that are analyzed (of the ECG two leads, of others one), and the labels of the rest."""
    wanted: list[Wanted] = []
    rest: list[str] = []
    for channel in header.channels:
        fs = channel.n / header.record_s if header.record_s > 0 else 0.0
        usable = not channel.is_text and fs >= LEAST_HZ and np.isfinite(channel.gain)
        meaning = meaning_of(channel.label, channel.unit, fs=fs) if usable else None
        if meaning is not None and _has_room(meaning, fs, wanted):
            wanted.append(Wanted(channel, meaning, fs, _thinning(channel.n, fs, meaning.keep_hz)))
        elif not channel.is_text:
            rest.append(channel.label)
    return wanted, rest


def _has_room(meaning: Meaning, fs: float, wanted: list[Wanted]) -> bool:
    same = [w for w in wanted if w.meaning.channel == meaning.channel]
    return not same or (meaning.channel == "ecg_mv" and len(same) < MOST_LEADS and same[0].fs == fs)


def _thinning(n: int, fs: float, keep_hz: float) -> int:
    """Return the largest divisor of a record's samples that leaves at least `keep_hz`."""
    most = max(int(fs / keep_hz), 1)
    return next(k for k in range(min(most, n), 0, -1) if n % k == 0)


def read_signals(header: EdfHeader, wanted: list[Wanted], stretch: Stretch) -> tuple[tuple[Signal, ...], tuple[Dropped, ...]]:
    """Read the wanted signals of some records; what no sensor can measure becomes NaN and is counted."""
    length_s = float(stretch.onsets_s[-1]) + header.record_s if len(stretch.onsets_s) else 0.0
    kept = {w: np.full(max(round(length_s * w.rate), 1), np.nan, dtype=np.float32) for w in wanted}
    refused: dict[Wanted, int] = dict.fromkeys(wanted, 0)
    rows = max(CHUNK_BYTES // (2 * header.record_samples), 1)
    with header.path.open("rb") as file:
        file.seek(header.data_at + 2 * header.record_samples * stretch.first)
        for first in range(0, len(stretch.onsets_s), rows):
            onsets = stretch.onsets_s[first : first + rows]
            raw = np.fromfile(file, dtype="<i2", count=len(onsets) * header.record_samples)
            records = raw[: len(raw) // header.record_samples * header.record_samples].reshape(-1, header.record_samples)
            for w in wanted:
                values, wrong = _values(records, w)
                refused[w] += wrong
                _lay(kept[w], values, onsets[: len(values)], rate=w.rate)
    signals = tuple(
        Signal(w.meaning.channel, kept[w], w.rate, UNITS.get(w.meaning.channel, "g" if w.meaning.channel.startswith("acc_") else ""))
        for w in wanted
    )
    dropped = tuple(
        Dropped(Text("{column}: a value that no sensor can measure", {"column": w.channel.label[:24]}), refused[w])
        for w in wanted
        if refused[w]
    )
    return signals, dropped


def _values(records: NDArray[np.int16], wanted: Wanted) -> tuple[NDArray[np.float32], int]:
    """Return a signal's values, shape (n_records, n): means of the thinned samples of a drawn signal, single samples of a slow one."""
    channel, meaning = wanted.channel, wanted.meaning
    digital = records[:, channel.first : channel.first + channel.n].reshape(len(records), -1, wanted.thin)
    chosen = digital.mean(axis=2, dtype=np.float32) if meaning.drawn and wanted.thin > 1 else digital[:, :, 0].astype(np.float32)
    gain, offset = channel.gain * meaning.factor, channel.offset * meaning.factor + meaning.offset
    return plausible(meaning.channel, chosen * np.float32(gain) + np.float32(offset))


def _lay(kept: NDArray[np.float32], values: NDArray[np.float32], onsets_s: NDArray[np.float64], *, rate: float) -> None:
    """Put records where they belong; neighbors that join are laid at once."""
    at = np.round(onsets_s * rate).astype(np.int64)
    if len(at) and (np.diff(at) == values.shape[1]).all():
        part = values.reshape(-1)[: len(kept) - at[0]]
        kept[at[0] : at[0] + len(part)] = part
        return
    for place, row in zip(at.tolist(), values, strict=True):
        part = row[: max(len(kept) - place, 0)]
        kept[place : place + len(part)] = part
