"""Every reference and demo night that the product can read, analysed from its files."""

import csv
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from models.product import analysed
from models.sleep_stages.data import read_nights as watch_nights
from somnia_engine.analyse import AnalysisOptions, analyse, record_of
from somnia_engine.errors import SomniaError
from somnia_engine.readers import read_recording, survey
from somnia_engine.synthetic import DEMOS, write_demo
from somnia_engine.types.night import NightAnalysis, NightRecord
from somnia_engine.types.recording import ReadOptions

SAMPLES = (".csv", ".edf", ".xml", ".zip", ".hea")
LONGEST_H = 12.0


@dataclass(frozen=True, slots=True, eq=False)
class RawNight:
    """One night analysed from files: its set, who slept, how many bytes the files have, and the nights before it."""

    set: str
    person: str
    analysis: NightAnalysis
    raw_bytes: int = 0
    earlier: tuple[NightRecord, ...] = ()


def raw_nights(folder: Path, *, demos: bool = True) -> Iterator[RawNight]:
    """Yield the nights of a folder in the layout of the reference data, and the demo's; what is not there is left out."""
    for night in watch_nights(folder):
        found = analysed(night.samples)
        if found is not None:
            yield RawNight("sleep_accel", night.person, found)
    yield from _breathers(folder / "apnea")
    yield from _samples(folder / "imports")
    if demos:
        for demo in DEMOS:
            yield from _demo(demo.key, demo.zone)


def _breathers(apnea: Path) -> Iterator[RawNight]:
    """Yield HuGCDN2014-OXI and Apnea-ECG, as `models/apnea/data.py` reads them, without its signs."""
    for name, folder, archive in (("hugcdn", "hugcdn2014_oxi", "hugcdn_rr_spo2"), ("apnea_ecg", "apnea_ecg", "apnea_ecg_rr")):
        table = apnea / folder / "records.csv"
        if not table.is_file():
            continue
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        with np.load(apnea / folder / f"{archive}.npz", allow_pickle=False) as z:
            for row in rows:
                record, samples = row["record"], {}
                if f"{record}_rr_t" in z.files:
                    samples["rr_ms"] = (z[f"{record}_rr_t"] / 1000.0, z[f"{record}_rr_ms"] / 10.0)
                    oxygen = z[f"{record}_spo2_1hz"] / 10.0
                    samples["spo2_pct"] = (np.arange(len(oxygen), dtype=np.float64), np.where(oxygen > 0.0, oxygen, np.nan))
                elif f"{record}_beats" in z.files:
                    beats = z[f"{record}_beats"] / 100.0
                    samples["rr_ms"] = (beats[1:], 1000.0 * np.diff(beats))
                found = analysed(samples) if samples else None
                if found is not None:
                    yield RawNight(name, row.get("subject", record), found)


def _samples(imports: Path) -> Iterator[RawNight]:
    """Yield the first night of each export that can be read and has something of a body in it."""
    for path in sorted(path for path in imports.rglob("*") if path.suffix.lower() in SAMPLES):
        try:
            first = survey(path, ReadOptions(zone="Europe/Berlin")).nights[0].night
            recording = read_recording(path, ReadOptions(zone="Europe/Berlin", night=first))
            found = analyse([recording], options=AnalysisOptions(zone="Europe/Berlin"))
        except SomniaError:
            continue
        if found.features.columns and found.features.n_epochs <= LONGEST_H * 120:
            yield RawNight("imports", str(path.relative_to(imports)), found, path.stat().st_size)


def _demo(key: str, zone: str) -> Iterator[RawNight]:
    with tempfile.TemporaryDirectory() as folder:
        paths = write_demo(key, Path(folder))
        keys = [span.night for span in survey(paths[0], ReadOptions(zone=zone)).nights]
        earlier: tuple[NightRecord, ...] = ()
        for night in keys:
            files = [path for path in paths if len(keys) == 1 or _holds(path, night, zone=zone)]
            recordings = [read_recording(path, ReadOptions(zone=zone, night=night)) for path in files]
            found = analyse(recordings, options=AnalysisOptions(zone=zone))
            yield RawNight("demo", f"{key} {night}", found, sum(path.stat().st_size for path in files), earlier)
            earlier = (*earlier, record_of(found))


def _holds(path: Path, night: date | None, *, zone: str) -> bool:
    return any(span.night == night for span in survey(path, ReadOptions(zone=zone)).nights)
