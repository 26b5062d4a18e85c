"""Windows of beats with their rhythm: MIT-BIH atrial fibrillation, normal Holters, arrhythmia records, and single-lead strips."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.reference import reference_folder
from somnia_engine.dsp.irregularity import MEASURES, WINDOW_S, irregularity
from somnia_engine.dsp.rr import clean_rr

FOLDER = Path(__file__).resolve().parent
BEATS = tuple("NLRBAaJSVrFejnE/fQ?")
FIBRILLATION = ("(AFIB", "(AF")
FLUTTER = ("(AFL",)
CERTAIN = 0.9
"""Windows with a share of fibrillation between this and its complement teach nothing certain."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One person's (or strip's) windows: measures (n, len(MEASURES)), share of fibrillation and of flutter of each window (n,).

    `beats_s` are the times of the beats from the record's start.
    """

    set: str
    name: str
    rows: NDArray[np.float64]
    share: NDArray[np.float64]
    flutter: NDArray[np.float64]
    beats_s: NDArray[np.float64]
    label: str = ""


def read_records(folder: Path | None = None) -> list[Record]:
    """Return every record that is there: sets `afdb`, `nsr`, `mitdb`, `cinc`."""
    af = (folder or reference_folder()) / "af"
    return [*_holters(af), *_normals(af), *_arrhythmias(af), *_strips(af)]


def _names(arrays: "np.lib.npyio.NpzFile") -> list[str]:
    return sorted({name.split("_")[0] for name in arrays.files})


def _windows(beats_s: NDArray[np.float64], n: int, window_s: float = WINDOW_S) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    ends = beats_s[1:]
    window = np.minimum(np.floor((ends - 1e-6) / window_s).astype(np.int64), n)
    return irregularity(clean_rr(ends, 1000.0 * np.diff(beats_s)), window, n_windows=n, window_s=window_s), window


def _share(marked: NDArray[np.bool_], window: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    inside = window < n
    count = np.bincount(window[inside], minlength=n)
    return np.bincount(window[inside], marked[inside].astype(np.float64), n) / np.maximum(count, 1)


def _record(set_: str, name: str, *, beats_s: NDArray[np.float64], marked: NDArray[np.bool_], flutter: NDArray[np.bool_]) -> Record:
    n = int(beats_s[-1] // WINDOW_S)
    rows, window = _windows(beats_s, n)
    return Record(set_, name, rows, _share(marked, window, n), _share(flutter, window, n), beats_s)


def _holters(af: Path) -> list[Record]:
    path = af / "afdb_rr" / "afdb7_rr.npz"
    if not path.is_file():
        return []
    with np.load(path, allow_pickle=False) as z:
        found = []
        for name in _names(z):
            marked = z[f"{name}_af"][1:].astype(bool)
            found.append(_record("afdb", name, beats_s=z[f"{name}_beats"] / 250.0, marked=marked, flutter=np.zeros_like(marked)))
        return found


def _normals(af: Path) -> list[Record]:
    path = af / "nsr2db_rr" / "nsr2db_rr.npz"
    if not path.is_file():
        return []
    with np.load(path, allow_pickle=False) as z:
        found = []
        for name in _names(z):
            beats_s = z[f"{name}_beats"] / 128.0
            none = np.zeros(len(beats_s) - 1, dtype=bool)
            found.append(_record("nsr", name, beats_s=beats_s, marked=none, flutter=none))
        return found


def _arrhythmias(af: Path) -> list[Record]:
    path = af / "mitdb" / "mitdb_rr.npz"
    if not path.is_file():
        return []
    with np.load(path, allow_pickle=False) as z:
        found = []
        for name in _names(z):
            beat = np.isin(z[f"{name}_sym"], BEATS)
            beats_s = z[f"{name}_beats"][beat] / 360.0
            at = np.searchsorted(z[f"{name}_rhy_t"] / 360.0, beats_s[1:], "right") - 1
            rhythm = np.where(at >= 0, z[f"{name}_rhy"][np.maximum(at, 0)], "")
            found.append(_record("mitdb", name, beats_s=beats_s, marked=np.isin(rhythm, FIBRILLATION), flutter=np.isin(rhythm, FLUTTER)))
        return found


def _strips(af: Path) -> list[Record]:
    """Return the strips in equal windows of about 30 s; N is normal, A fibrillation, O another rhythm, ~ noise."""
    path = af / "cinc2017" / "cinc2017_rr.npz"
    if not path.is_file():
        return []
    with np.load(path, allow_pickle=False) as z:
        beats, offset, label, seconds, names = (z[key] for key in ("beats", "offset", "label", "dur_s", "names"))
    found = []
    for i, name in enumerate(names):
        beats_s = beats[offset[i] : offset[i + 1]] / 300.0
        n = max(1, round(float(seconds[i]) / WINDOW_S))
        rows = _windows(beats_s, n, float(seconds[i]) / n)[0] if len(beats_s) > 2 else np.full((n, len(MEASURES)), np.nan)
        found.append(Record("cinc", str(name), rows, np.full(n, float(label[i] == "A")), np.zeros(n), beats_s, str(label[i])))
    return found
