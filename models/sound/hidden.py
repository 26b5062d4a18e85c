"""Whether noise that hides a sleeper is noticed: composed half hours under rain, fans, traffic and machines, source by source."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.sound.augment import FS_HZ
from models.sound.compose import SNORE_RMS, Composer
from models.sound.data import load, read_clips
from somnia_engine.dsp.noise_floor import standing_out_db
from somnia_engine.dsp.spectra import band_spectrogram
from somnia_engine.extractors._heard import LEAST_STANDING_OUT_DB
from somnia_engine.hearing.listener import BAND_EDGES, ENVELOPE_HZ, FRAMES_PER_S, LEAST_MAGNITUDE, MEL_ENVELOPES, REACH

Sound = NDArray[np.float32]
Row = dict[str, Any]

RECORDS = ("00000995-100507", "00001006-100507", "00001010-100507")
HOURS = 0.5
SNRS_DB = (-5, 0, 10, 20, 30)
CLEAN_DB = (20, 30)
KINDS = (
    "fan", "rain", "wind", "sea_waves", "running_tap", "vacuum_cleaner", "washing_machine", "engine", "train", "airplane", "helicopter",
    "exercise_bike", "pink_noise", "white_noise",
)  # fmt: skip
HISS_RMS = 1e-4
PIECE_S = 60


def hidden_rows() -> list[Row]:
    """Return the share of half minutes called too noisy at each level of noise, the bound chosen on the other sources of noise."""
    noises = _noises()
    if not noises:
        return []
    nights = [_night(seed, record) for seed, record in enumerate(RECORDS)]
    found = {
        source: {snr: _told(nights[at % len(nights)] + noise * _gain(noise, snr)) for snr in SNRS_DB}
        for at, (source, noise) in enumerate(sorted(noises.items()))
    }
    quiet = np.concatenate([_told(night) for night in nights])
    rows = [_row("no noise but a hiss", float((quiet < LEAST_STANDING_OUT_DB).mean()), len(nights), bar=0.02)]
    rows[-1]["protocol"] = "composed half hours, the shipped bound"
    for snr in SNRS_DB:
        shares = [float((found[source][snr] < _bound(found, source)).mean()) for source in found]
        bar = 0.9 if snr == SNRS_DB[0] else 0.02 if snr in CLEAN_DB else None
        rows.append(_row(f"{snr} dB SNR", float(np.mean(shares)), len(found), bar=bar))
        shipped = [float((found[source][snr] < LEAST_STANDING_OUT_DB).mean()) for source in found]
        rows.append(_row(f"{snr} dB SNR", float(np.mean(shipped)), len(found), bar=bar))
        rows[-1]["protocol"] = f"composed half hours, the shipped bound of {LEAST_STANDING_OUT_DB:g} dB, chosen on these sources"
    return rows


def _noises() -> dict[str, Sound]:
    parts: dict[str, list[Sound]] = {}
    for clip in read_clips():
        if clip.kind in KINDS:
            parts.setdefault(f"{clip.kind} of {clip.source}", []).append(load(clip))
    count = round(HOURS * 3600 * FS_HZ)
    return {source: np.resize(np.concatenate(sounds), count).astype(np.float32) for source, sounds in parts.items()}


def _night(seed: int, record: str) -> Sound:
    clips = [clip for clip in read_clips() if clip.shippable]
    hiss = np.random.default_rng(seed).normal(0.0, HISS_RMS, FS_HZ * PIECE_S).astype(np.float32)
    night, _ = Composer(clips, seed=seed).compose(record, hours=HOURS, noise=hiss, noise_db=float(20.0 * np.log10(SNORE_RMS / HISS_RMS)))
    return night


def _gain(noise: Sound, snr_db: float) -> np.float32:
    return np.float32(SNORE_RMS * 10.0 ** (-snr_db / 20.0) / (np.sqrt(np.mean(noise**2, dtype=np.float64)) + 1e-9))


def _told(sound: Sound) -> Sound:
    return standing_out_db(_bands(sound), fs=float(ENVELOPE_HZ))


def _bands(sound: Sound) -> Sound:
    """Return the envelopes as a night has them."""
    parts = []
    for at in range(0, len(sound) - REACH, PIECE_S * FS_HZ):
        piece = sound[at : at + PIECE_S * FS_HZ + REACH]
        frames = band_spectrogram(np.pad(piece, (0, PIECE_S * FS_HZ + REACH - len(piece))))[: PIECE_S * FRAMES_PER_S]
        slices = np.add.reduceat(frames, BAND_EDGES[:-1], axis=1)[:, MEL_ENVELOPES]
        parts.append(slices.reshape(PIECE_S * ENVELOPE_HZ, -1, slices.shape[1]).mean(axis=1))
    return np.log(np.concatenate(parts) + np.float32(LEAST_MAGNITUDE))


def _bound(found: dict[str, dict[int, Sound]], source: str) -> float:
    """Return the middle between nine tenths of the hidden half minutes and two hundredths of the clean ones of the other sources."""
    kind = source.split(" of ", maxsplit=1)[0]
    others = [found[other] for other in found if other.split(" of ", maxsplit=1)[0] != kind]
    hidden = np.concatenate([other[SNRS_DB[0]] for other in others])
    clean = np.concatenate([other[snr] for other in others for snr in CLEAN_DB])
    return float(np.percentile(hidden, 90.0) + np.percentile(clean, 2.0)) / 2.0


def _row(told: str, value: float, units: int, *, bar: float | None) -> Row:
    return {
        "task": f"too noisy, told by the floor of a half minute: {told}",
        "protocol": "composed half hours under one source of noise each; the bound chosen on the other kinds of noise",
        "n_people": units, "n_units": units, "unit": "sources", "figure": "share", "value": round(value, 4), "low": None, "high": None,
        "ruler": None, "ruler_name": "", "bar": bar,
        "passed": None if bar is None else bool(value >= bar if bar > 0.5 else value <= bar), "coverage": 1.0,
    }  # fmt: skip
