"""The product's own path for a judgement: samples as open CSV files on disk, read and analysed as an uploaded night is."""

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.analyse import AnalysisOptions, analyse
from somnia_engine.errors import SomniaError
from somnia_engine.readers import read_recording
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.recording import ReadOptions

START = datetime(2026, 1, 1, 21, tzinfo=UTC)
Samples = tuple[NDArray[np.float64], NDArray[np.float64]]


def analysed(channels: Mapping[str, Samples]) -> NightAnalysis | None:
    """Return the analysis of a night whose grid begins at time 0; None when the product refuses it.

    Parameters
    ----------
    channels : mapping of str to (times_s, values), each of shape (n,)
        By the names of the open CSV. Samples before time 0 and NaN are left out; a channel that has none is not written.
    """
    options = ReadOptions(start=START, zone="UTC")
    with tempfile.TemporaryDirectory() as folder:
        paths = [path for name, samples in channels.items() if (path := _written(Path(folder), name, samples)) is not None]
        try:
            return analyse([read_recording(path, options) for path in paths], options=AnalysisOptions(start=START, zone="UTC"))
        except SomniaError:
            return None


def _written(folder: Path, name: str, samples: Samples) -> Path | None:
    times_s, values = samples
    kept = np.isfinite(values) & (times_s >= 0.0)
    if not kept.any():
        return None
    path = folder / f"{name}.csv"
    np.savetxt(path, np.column_stack((times_s[kept], values[kept])), fmt=("%.3f", "%.4g" if name != "rr_ms" else "%.1f"), delimiter=",",
               header=f"time_s,{name}", comments="")  # fmt: skip
    return path


def column_of(night: NightAnalysis | None, name: str, n_epochs: int) -> NDArray[np.float64]:
    """Return a column of the night's first `n_epochs` epochs; NaN where there is none."""
    column = np.full(n_epochs, np.nan)
    if night is not None:
        given = night.features[name][:n_epochs]
        column[: len(given)] = given
    return column
