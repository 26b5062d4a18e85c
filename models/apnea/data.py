"""Nights with scored breathing: HuGCDN2014-OXI (oxygen and beats) and Apnea-ECG (beats), as signs on the 30-s grid."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.reference import reference_folder
from somnia_engine.dsp.breathing_signs import signs
from somnia_engine.dsp.rr import clean_rr

FOLDER = Path(__file__).resolve().parent
KINDS = ("both", "beats", "oxygen")
LEAST_PCT, MOST_PCT = 50.0, 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Night:
    """One night: signs by kind of input (n, columns), truth of each epoch (n,) and minute; `person` is what folds are grouped by."""

    set: str
    name: str
    person: str
    rows: dict[str, NDArray[np.float64]]
    epochs: NDArray[np.float64]
    minutes: NDArray[np.float64]


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
            spo2 = _seconds(z[f"{name}_spo2_1hz"] / 10.0, 30 * len(epochs))
            rr = clean_rr(z[f"{name}_rr_t"] / 1000.0, z[f"{name}_rr_ms"] / 10.0)
            parts = {"both": signs(len(epochs), rr=rr, spo2_pct=spo2), "beats": signs(len(epochs), rr=rr)}
            parts["oxygen"] = signs(len(epochs), spo2_pct=spo2)
            found.append(Night("hugcdn", name, name, parts, epochs, z[f"{name}_lab1m"].astype(np.float64)))
    return found


def _seconds(spo2: NDArray[np.float64], n: int) -> NDArray[np.float32]:
    usable = np.where((spo2 >= LEAST_PCT) & (spo2 <= MOST_PCT), spo2, np.nan)
    return np.concatenate((usable, np.full(max(0, n - len(usable)), np.nan)))[:n].astype(np.float32)


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
            rr = clean_rr(beats_s[1:], 1000.0 * np.diff(beats_s))
            found.append(
                Night("apnea_ecg", name, row["subject"], {"beats": signs(2 * len(minutes), rr=rr)}, np.repeat(minutes, 2), minutes)
            )
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
