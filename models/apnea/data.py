"""Nights with scored breathing: HuGCDN2014-OXI (oxygen and beats) and Apnea-ECG (beats), as signs on the 30-s grid."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.product import Samples
from models.reference import reference_folder
from somnia_engine.dsp.breathing_signs import signs
from somnia_engine.dsp.breathing_waves import waves
from somnia_engine.dsp.desaturations import clean_spo2
from somnia_engine.dsp.resampling import even_trace
from somnia_engine.dsp.rr import clean_rr
from somnia_engine.extractors.oximetry import HOLD_S

FOLDER = Path(__file__).resolve().parent
KINDS = ("both", "beats", "oxygen")
NET_KIND = "beats"
"""What networks read beside the trees: of oxygen they learned the laboratory's sensor, and missed a ring's coarse steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Night:
    """One night: signs (n, columns) by kind of input, waves of the beats, truth of each epoch (n,) and minute; folds go by `person`.

    `samples` are the raw channels, by their names in the open CSV.
    """

    set: str
    name: str
    person: str
    rows: dict[str, NDArray[np.float64]]
    waves: NDArray[np.float32]
    epochs: NDArray[np.float64]
    minutes: NDArray[np.float64]
    samples: dict[str, Samples]


def read_nights(folder: Path | None = None) -> list[Night]:
    """Return every night that is there: sets `hugcdn` and `apnea_ecg`."""
    apnea = (folder or reference_folder()) / "apnea"
    return [*_hugcdn(apnea / "hugcdn2014_oxi"), *_apnea_ecg(apnea / "apnea_ecg")]


def _records(folder: Path) -> list[dict[str, str]]:
    table = folder / "records.csv"
    if not table.is_file():
        return []
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _hugcdn(folder: Path) -> list[Night]:
    rows = _records(folder)
    if not rows:
        return []
    found = []
    with np.load(folder / "hugcdn_rr_spo2.npz", allow_pickle=False) as z:
        for name in (row["record"] for row in rows):
            if f"{name}_rr_t" not in z.files:
                continue
            epochs = z[f"{name}_lab30s"].astype(np.float64)
            raw = z[f"{name}_spo2_1hz"] / 10.0
            spo2 = seconds_of(raw, 30 * len(epochs))
            beats = (z[f"{name}_rr_t"] / 1000.0, z[f"{name}_rr_ms"] / 10.0)
            rr = clean_rr(*beats)
            parts = {"both": signs(len(epochs), rr=rr, spo2_pct=spo2), "beats": signs(len(epochs), rr=rr)}
            parts["oxygen"] = signs(len(epochs), spo2_pct=spo2)
            samples = {"rr_ms": beats, "spo2_pct": (np.arange(len(raw), dtype=np.float64), np.where(raw > 0.0, raw, np.nan))}
            found.append(
                Night("hugcdn", name, name, parts, waves(len(epochs), rr=rr), epochs, z[f"{name}_lab1m"].astype(np.float64), samples)
            )
    return found


def seconds_of(spo2: NDArray[np.float64], n: int) -> NDArray[np.float32]:
    """Return n seconds of blood oxygen, freed of slips and filled over short gaps just as the product does."""
    times_s = np.arange(len(spo2), dtype=np.float64)
    good = clean_spo2(times_s, spo2.astype(np.float32))
    return even_trace(times_s[good], spo2[good], fs=1.0, duration_s=float(n), hold_s=HOLD_S)


def _apnea_ecg(folder: Path) -> list[Night]:
    rows = _records(folder)
    if not rows:
        return []
    found = []
    with np.load(folder / "apnea_ecg_rr.npz", allow_pickle=False) as z:
        for row in rows:
            name = row["record"]
            if f"{name}_beats" not in z.files:
                continue
            beats_s, minutes = z[f"{name}_beats"] / 100.0, z[f"{name}_lab"].astype(np.float64)
            beats = (beats_s[1:], 1000.0 * np.diff(beats_s))
            rr = clean_rr(*beats)
            parts, drawn = {"beats": signs(2 * len(minutes), rr=rr)}, waves(2 * len(minutes), rr=rr)
            found.append(Night("apnea_ecg", name, row["subject"], parts, drawn, np.repeat(minutes, 2), minutes, {"rr_ms": beats}))
    return found


def grow(nights: list[Night], kind: str, *, seed: int = 0) -> object:
    """Return a classifier of the epochs of some nights, fitted on one kind of input."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = np.concatenate([night.rows[kind] for night in nights])
    truth = np.concatenate([night.epochs for night in nights])
    seen = np.isfinite(rows[:, 0])
    model = HistGradientBoostingClassifier(
        max_iter=200, learning_rate=0.06, max_leaf_nodes=24, min_samples_leaf=60, l2_regularization=2.0, max_features=0.3, random_state=seed
    )
    return model.fit(rows[seen], truth[seen])
