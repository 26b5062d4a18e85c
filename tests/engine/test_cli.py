"""The command line, end to end: real nights and the exports of known truth."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from somnia_engine.cli import main

PROJECT = Path(__file__).resolve().parent.parent.parent
SCHEMA = json.loads((PROJECT / "docs" / "night.schema.json").read_text(encoding="utf-8"))
PERSON = "1455390"
RING = "imports/wellue_o2ring/O2Ring_20250306222056.csv"


def run(tmp_path: Path, *argv: str | Path) -> dict[str, Any]:
    """Analyze and return the document, checked against the schema."""
    out = tmp_path / "night.json"
    assert main(["analyse", *map(str, argv), "--out", str(out)]) == 0
    document: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA, format_checker=jsonschema.FormatChecker())
    return document


def columns(path: Path, delimiter: str | None) -> np.ndarray:
    return np.loadtxt(path, delimiter=delimiter, ndmin=2)


def write_csv(path: Path, *streams: tuple[str, np.ndarray]) -> Path:
    """Write streams of (time, value) rows as the open CSV, one after the other."""
    names = [name for name, _ in streams]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["time_s", *names])
        for number, (_, rows) in enumerate(streams):
            for at, value in rows.tolist():
                writer.writerow([at, *("" if i != number else value for i in range(len(names)))])
    return path


@pytest.fixture(scope="module")
def watch(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray, np.ndarray, np.ndarray]:
    """Return a sleep_accel night as an open CSV, its heart rate, its counts and its technician's stages."""
    folder = reference / "sleep_accel" / "cropped"
    heart = columns(folder / f"{PERSON}_cleaned_hr.out", None)
    counts = columns(folder / f"{PERSON}_cleaned_counts.out", ",")
    psg = columns(folder / f"{PERSON}_cleaned_psg.out", None)
    zero = psg[0, 0]
    for stream in (heart, counts, psg):
        stream[:, 0] -= zero
    path = write_csv(tmp_path_factory.mktemp("watch") / "watch.csv", ("hr_bpm", heart), ("activity_count", counts))
    return path, heart, counts, psg


def test_a_watch_night_has_the_features_counted_by_hand(watch: tuple[Path, ...], tmp_path: Path) -> None:
    path, heart, counts, psg = watch
    start = "2025-03-08T22:00:00+01:00"
    document = run(tmp_path, path, "--start", start)
    assert document["start"] == start
    got = np.array(document["features"]["hr_bpm"], dtype=float)
    moved = np.array(document["features"]["activity_count"], dtype=float)
    spread = np.array(document["features"]["hr_sd_bpm"], dtype=float)
    for epoch in range(0, len(psg) - 1, 7):
        at = slice(epoch * 30, (epoch + 1) * 30)
        beats = heart[(heart[:, 0] >= at.start) & (heart[:, 0] < at.stop), 1]
        steps = counts[(counts[:, 0] >= at.start) & (counts[:, 0] < at.stop), 1]
        assert got[epoch] == pytest.approx(beats.mean() if len(beats) else np.nan, nan_ok=True, rel=1e-5)
        assert moved[epoch] == pytest.approx(steps.mean() if len(steps) else np.nan, nan_ok=True, rel=1e-5)
        assert spread[epoch] == pytest.approx(beats.std() if len(beats) > 1 else np.nan, nan_ok=True, rel=1e-3, abs=1e-4)


def test_a_watch_night_is_staged_much_like_the_technician_did(watch: tuple[Path, ...], tmp_path: Path) -> None:
    path, _, _, psg = watch
    document = run(tmp_path, path, "--start", "2025-03-08T22:00:00+01:00")
    assert document["hypnogram"]["classes"] == ["W", "L", "N3", "R"]
    truth = [{-1: "?", 0: "W", 1: "L", 2: "L", 3: "N3", 4: "N3", 5: "R"}[int(s)] for s in psg[:, 1]]
    pairs = [(a, b) for a, b in zip(truth, document["hypnogram"]["stages"], strict=False) if a != "?"]
    assert np.mean([(a == "W") == (b == "W") for a, b in pairs]) > 0.85
    assert np.mean([a == b for a, b in pairs]) > 0.55
    technician = sum(a not in "?W" for a in truth) / 2
    assert document["statistics"]["tst_min"] == pytest.approx(technician, abs=60)
    assert document["statistics"]["n1_min"] is None


def test_movement_alone_tells_sleep_from_wake_and_says_so(watch: tuple[Path, ...], tmp_path: Path) -> None:
    path = write_csv(tmp_path / "counts.csv", ("activity_count", watch[2]))
    document = run(tmp_path, path, "--start", "2025-03-08T22:00:00+01:00")
    assert document["hypnogram"]["classes"] == ["W", "S"]
    assert any("sleep and wake" in note for note in document["notes"])


def test_the_same_night_a_month_later_has_the_same_numbers(watch: tuple[Path, ...], tmp_path: Path) -> None:
    first = run(tmp_path, watch[0], "--start", "2025-03-08T22:00:00+01:00")
    later = run(tmp_path, watch[0], "--start", "2025-04-09T23:30:00+02:00")
    for key in ("hypnogram", "statistics", "features", "events", "measures", "findings"):
        assert first[key] == later[key]


def test_a_ring_night_has_its_oxygen_and_its_zone(reference: Path, tmp_path: Path) -> None:
    document = run(tmp_path, reference / RING, "--zone", "Europe/Budapest")
    rows = list(csv.DictReader((reference / RING).read_text(encoding="utf-8").splitlines()))
    levels = np.array([float(row["Oxygen Level"]) for row in rows if row["Oxygen Level"] != "--"])
    assert document["start"] == "2025-03-06T22:20:56+01:00"
    assert document["measures"]["spo2_mean_pct"] == pytest.approx(levels.mean(), abs=0.05)
    assert document["measures"]["t90_pct"] == pytest.approx(100 * (levels < 90).mean(), abs=0.2)
    assert document["measures"]["spo2_valid_min"] == pytest.approx(len(levels) * 4 / 60, abs=2)
    assert document["measures"]["odi4_per_h"] <= document["measures"]["odi3_per_h"]
    assert {e["kind"] for e in document["events"]} >= {"DS"}
    apnea = next(f for f in document["findings"] if f["disorder"] == "apnea")
    assert apnea["level"] != "not_assessed"


@pytest.mark.parametrize(
    ("night", "zone", "figures"),
    [
        ("2025-10-25", "Europe/Berlin", {"tib_min": 570, "tst_min": 530, "sol_min": 14, "waso_min": 26, "spt_wake_min": 11}),
        ("2025-11-10", "Asia/Kolkata", {"tib_min": 450, "tst_min": 420, "sol_min": 10, "waso_min": 20, "spt_wake_min": 5}),
    ],
)
@pytest.mark.parametrize("file", ["SYNTHETIC_export.zip", "SYNTHETIC_overlap_export.xml"])
def test_an_apple_export_has_the_figures_of_its_truth(
    reference: Path, tmp_path: Path, file: str, night: str, zone: str, figures: dict[str, float]
) -> None:
    document = run(tmp_path, reference / "imports" / "apple_health" / file, "--night", night, "--zone", zone)
    for statistics in (document["statistics"], document["device_statistics"]):
        assert {name: statistics[name] for name in figures} == figures
    assert document["hypnogram"] is None
    assert document["device_hypnogram"]["classes"] == ["W", "L", "N3", "R"]
    assert document["lights"]["off_marked"]


def test_an_export_of_many_nights_lists_them(reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export = reference / "imports" / "apple_health" / "SYNTHETIC_export.zip"
    assert main(["analyse", str(export), "--out", str(tmp_path / "x.json")]) == 2
    assert "2025-10-25, 2025-11-10" in capsys.readouterr().err
    assert not (tmp_path / "x.json").exists()


def test_the_order_of_the_files_does_not_matter(watch: tuple[Path, ...], reference: Path, tmp_path: Path) -> None:
    ring, start = reference / RING, ["--zone", "Europe/Budapest", "--start", "2025-03-06T22:20:56"]
    assert run(tmp_path, watch[0], ring, *start) == run(tmp_path, ring, watch[0], *start)


def refused(capsys: pytest.CaptureFixture[str], *argv: str | Path, out: Path) -> list[str]:
    assert main(["analyse", *map(str, argv), "--out", str(out)]) == 2
    assert not out.exists()
    return [line for line in capsys.readouterr().err.splitlines() if not line.endswith("%")]


def test_every_refused_file_has_one_line_and_nothing_is_written(
    watch: tuple[Path, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junk, gone = tmp_path / "junk.bin", tmp_path / "gone.csv"
    junk.write_bytes(bytes(range(256)) * 8)
    lines = refused(capsys, watch[0], junk, gone, tmp_path, out=tmp_path / "x.json")
    assert len(lines) == 3
    assert lines[0].startswith("junk.bin looks like")
    assert "I can read:" in lines[0]
    assert lines[1].startswith("gone.csv cannot be opened")
    assert tmp_path.name in lines[2]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--start", "2025-03-08T22:00", "no time zone"),
        ("--lights-off", "yesterday", "is not a time"),
        ("--night", "8 March", "is not a date"),
        ("--zone", "Mars/Base", "is not a time zone"),
        ("--zone", "../../etc/passwd", "is not a time zone"),
        ("--subject", "/nowhere/subject.json", "cannot be opened"),
    ],
)
def test_a_wrong_option_is_refused_by_name(
    watch: tuple[Path, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, words: str
) -> None:
    (line,) = refused(capsys, watch[0], option, value, out=tmp_path / "x.json")
    assert words in line


def test_lights_bound_the_time_in_bed(watch: tuple[Path, ...], tmp_path: Path) -> None:
    options = [
        "--start",
        "2025-03-08T22:00",
        "--lights-off",
        "2025-03-08T22:30",
        "--lights-on",
        "2025-03-09T04:30",
        "--zone",
        "Europe/Paris",
    ]
    document = run(tmp_path, watch[0], *options)
    assert document["lights"] == {"off_s": 1800.0, "on_s": 23400.0, "off_marked": True, "on_marked": True}
    assert document["statistics"]["tib_min"] == 360
    assert len(document["hypnogram"]["stages"]) == 780


def test_the_module_runs_as_a_command_and_writes_to_standard_output(watch: tuple[Path, ...]) -> None:
    command = [sys.executable, "-m", "somnia_engine", "analyse", str(watch[0]), "--start", "2025-03-08T22:00:00Z", "--out", "-"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert done.returncode == 0
    jsonschema.validate(json.loads(done.stdout), SCHEMA)
    assert "100 %" in done.stderr
