"""Sleep statistics of real scorings, against figures counted here by brute force and against the truth of the exports."""

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from somnia_engine.dsp.stages import device_hypnogram
from somnia_engine.metrics.architecture import sleep_statistics
from somnia_engine.types.hypnogram import Hypnogram, Stage, StageIntervals
from somnia_engine.types.night import Lights

PSG = (Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R)


def brute_force(letters: list[str]) -> dict[str, float]:
    """Count the statistics of a list of 30-s letters (W 1 2 3 R ?) by walking it, without the engine."""
    asleep = [i for i, x in enumerate(letters) if x in "123R"]
    first, last = asleep[0], asleep[-1]
    tst, tib = len(asleep) / 2, len(letters) / 2
    run = next((i for i in asleep if len(letters) >= i + 20 and all(x in "123R" for x in letters[i : i + 20])), None)
    rem = next((i for i, x in enumerate(letters) if x == "R"), None)
    bouts = sum(letters[i] == "W" and letters[i - 1] != "W" for i in range(first + 1, last))
    shifts = 0
    for before, after in pairwise(letters):
        if before in "123R" and (after == "W" or (after == "1" and before != "1")):
            shifts += 1
    counted = {
        "tib_min": tib,
        "tst_min": tst,
        "sol_min": first / 2,
        "spt_min": (last - first + 1) / 2,
        "waso_min": tib - first / 2 - tst,
        "spt_wake_min": (last - first + 1) / 2 - tst,
        "se_pct": 100 * tst / tib,
        "sme_pct": 200 * tst / (last - first + 1),
        "n1_min": letters.count("1") / 2,
        "n2_min": letters.count("2") / 2,
        "n3_min": letters.count("3") / 2,
        "rem_min": letters.count("R") / 2,
        "n3_pct": 50 * letters.count("3") / tst,
        "unscored_min": letters.count("?") / 2,
        "awakenings": bouts,
        "sfi_per_h": 60 * shifts / tst,
        "lps_min": float("nan") if run is None else run / 2,
        "rem_latency_min": float("nan") if rem is None else (rem - first) / 2,
    }
    if letters.count("?") > 0.1 * len(letters):
        counted |= dict.fromkeys(("waso_min", "spt_wake_min", "se_pct", "sme_pct"), float("nan"))
    return counted


def check(letters: list[str]) -> None:
    code = {"W": 0, "1": 1, "2": 2, "3": 3, "R": 4, "?": -1}
    night = Hypnogram(np.array([code[x] for x in letters], dtype=np.int8), PSG, "technician")
    got = sleep_statistics(night, Lights(0.0, len(letters) * 30.0))
    for name, value in brute_force(letters).items():
        assert getattr(got, name) == pytest.approx(value, nan_ok=True), name


def newcastle(path: Path) -> list[str]:
    rows = [line.split("\t") for line in path.read_text(encoding="latin-1").splitlines()]
    stages = {"W": "W", "N1": "1", "N2": "2", "N3": "3", "R": "R", "REM": "R", "Unscored": "?"}
    return [stages[row[0].strip()] for row in rows if len(row) >= 4 and row[0].strip() in stages]


def ucddb(folder: Path) -> Iterator[list[str]]:
    names = {0: "W", 1: "R", 2: "1", 3: "2", 4: "3", 5: "3", 8: "?"}
    nights: dict[str, list[str]] = {}
    with (folder / "epochs.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            nights.setdefault(row["record_id"], []).append(names[int(float(row["sleep_stage"] or 8))])
    return iter(nights.values())


def test_newcastle_nights_match_a_count_by_hand(reference: Path) -> None:
    nights = [newcastle(path) for path in sorted((reference / "newcastle_psg" / "psg").glob("*.txt"))]
    assert len(nights) == 28
    assert sum(map(len, nights)) == pytest.approx(32694, abs=100)
    for letters in nights:
        check(letters)


def test_ucddb_nights_match_a_count_by_hand(reference: Path) -> None:
    nights = list(ucddb(reference / "ucddb_epochs"))
    assert len(nights) > 15
    for letters in nights:
        check(letters)


def test_sleep_edf_nights_match_a_count_by_hand(reference: Path) -> None:
    import pyedflib

    names = {"W": "W", "1": "1", "2": "2", "3": "3", "4": "3", "R": "R"}
    codes = {"W": 0, "1": 1, "2": 2, "3": 3, "R": 4}
    files = sorted((reference / "sleep_edf_hypnograms").glob("*.edf"))
    assert len(files) == 20
    for path in files:
        with pyedflib.EdfReader(str(path)) as edf:
            onsets, durations, texts = edf.readAnnotations()
        rows = [(o, float(d), names.get(x.removeprefix("Sleep stage "))) for o, d, x in zip(onsets, durations, texts, strict=True)]
        letters = list("".join((x or "?") * round(d / 30) for _, d, x in rows).rstrip("?"))
        kept = [(o, d, codes[x]) for o, d, x in rows if x]
        columns = [np.array(c) for c in zip(*kept, strict=True)]
        intervals = StageIntervals(columns[0].astype(np.float64), columns[1].astype(np.float64), columns[2].astype(np.int8), "technician")
        night = device_hypnogram(intervals, -float(columns[0][0]), n_epochs=len(letters))
        assert night is not None
        got = sleep_statistics(night, Lights(0.0, len(letters) * 30.0))
        for name, value in brute_force(letters).items():
            assert getattr(got, name) == pytest.approx(value, nan_ok=True), (path.name, name)


@pytest.mark.parametrize(
    ("night", "figures"),
    [
        ("A", {"tib_min": 570, "tst_min": 530, "sol_min": 14, "waso_min": 26, "spt_wake_min": 11, "rem_latency_min": 102}),
        ("B", {"tib_min": 450, "tst_min": 420, "sol_min": 10, "waso_min": 20, "spt_wake_min": 5}),
    ],
)
def test_the_truth_of_the_exports_gives_its_published_figures(reference: Path, night: str, figures: dict[str, float]) -> None:
    truth = json.loads((reference / "imports" / "_synthetic" / "truth.json").read_text(encoding="utf-8"))[night]
    start = datetime.fromisoformat(truth["start_utc"])
    rows = [(datetime.fromisoformat(a), datetime.fromisoformat(b), Stage[s]) for a, b, s in truth["intervals"]]
    intervals = StageIntervals(
        np.array([(a - start).total_seconds() for a, _, _ in rows]),
        np.array([(b - a).total_seconds() for a, b, _ in rows]),
        np.array([s for *_, s in rows], dtype=np.int8),
        "truth",
    )
    tib_s = truth["tib_min"] * 60.0
    hypnogram = device_hypnogram(intervals, 0.0, n_epochs=int(tib_s // 30))
    assert hypnogram is not None
    got = sleep_statistics(hypnogram, Lights(0.0, tib_s))
    for name, value in figures.items():
        assert getattr(got, name) == value, name
    for stage, minutes in truth["stage_min"].items():
        field = {"W": "wake_min", "R": "rem_min"}.get(stage, f"{stage.lower()}_min")
        assert getattr(got, field) == minutes
