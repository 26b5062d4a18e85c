"""What the detectors say of real people, where some truth is at hand; the table stands in docs/reports."""

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from somnia_engine.analyse import analyse
from somnia_engine.detectors import detectors, judge, judge_one
from somnia_engine.types.events import EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.findings import Finding, Level
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import Lights, NightHistory, NightRecord, SleepStatistics
from tests.engine.make import recording
from tests.reports import keep

pytestmark = pytest.mark.slow
BY_KEY = {detector.key: detector for detector in detectors()}
LEVELS = (Level.NOT_ASSESSED, Level.LOW, Level.MODERATE, Level.HIGH)
APNEAS = {"H", "HA", "OA", "X", "CA", "CAA", "A"}
STILL, WIDE = 20.0, 61
NOON, DAY = 720, 1440


def told(counts: Counter[Level]) -> str:
    return ", ".join(f"{counts[level]} {level.replace('_', ' ')}" for level in LEVELS if counts[level])


def rest_nights(path: Path) -> Iterator[NightRecord]:
    """Return the main rest of each day, noon to noon, of a log of activity a minute: asleep where an hour around is mostly still."""
    with gzip.open(path, "rt") as file:
        rows = [line.strip().split(",") for line in file][1:]
    begin = datetime.fromisoformat(rows[0][0]).replace(tzinfo=UTC)
    skip = (NOON - begin.hour * 60 - begin.minute) % DAY
    active = np.array([float(row[2]) for row in rows])[skip:]
    still = np.convolve(active < STILL, np.ones(WIDE) / WIDE, mode="same") >= 0.8
    for day in range(len(active) // DAY):
        part = still[day * DAY : (day + 1) * DAY]
        edges = np.flatnonzero(np.diff(np.concatenate(([False], part, [False])).astype(int)))
        runs = list(zip(edges[::2], edges[1::2], strict=True))
        if not runs:
            continue
        first, past = max(runs, key=lambda run: run[1] - run[0])
        if past - first < 180:
            continue
        start = begin + timedelta(minutes=int(skip + day * DAY + first))
        asleep = np.where(active[day * DAY + first : day * DAY + past] < STILL * 5, Stage.S, Stage.W).astype(np.int8)
        hypnogram = Hypnogram(asleep, (Stage.W, Stage.S), "stillness", epoch_s=60.0)
        yield NightRecord(start, "UTC", None, SleepStatistics(), {}, EventTable.empty(), hypnogram, Lights(0.0, 60.0 * len(asleep)))


def rhythm_of(path: Path) -> Finding:
    nights = tuple(rest_nights(path))
    return judge_one(BY_KEY["circadian"], NightHistory(nights))


def test_rhythms_of_depressed_people_and_controls(reference: Path) -> None:
    folder = reference / "circadian" / "depresjon"
    found = {}
    for group in ("control", "condition"):
        findings = [rhythm_of(path) for path in sorted((folder / group).glob("*.csv.gz"))]
        assert len(findings) >= 15
        sri = np.array([f.details["sri"] for f in findings if f.level is not Level.NOT_ASSESSED])
        found[f"circadian, Depresjon, {group} ({len(findings)} people): levels"] = told(Counter(f.level for f in findings))
        found[f"circadian, Depresjon, {group}: sleep regularity index, median (quartiles)"] = (
            f"{np.nanmedian(sri):.0f} ({np.nanpercentile(sri, 25):.0f} to {np.nanpercentile(sri, 75):.0f})"
        )
        assert sum(f.level is Level.LOW for f in findings) >= len(findings) / 3
    _keep(found)


def test_pauses_of_the_polysomnographic_database(reference: Path) -> None:
    stored = np.load(reference / "apnea" / "slpdb_annot" / "slpdb_rr_stage_apnea.npz")
    rows: Counter[tuple[str, Level]] = Counter()
    for name in sorted({key.split("_")[0] for key in stored}):
        beats = stored[f"{name}_beats"] / 250.0
        events = stored[f"{name}_events"]
        hours = 30.0 * len(events) / 3600.0
        per_h = sum(bool(APNEAS & set(one.split())) for one in events) / hours
        night = analyse([recording({"rr_ms": (beats[1:], 1000.0 * np.diff(beats))})])
        level = next(f.level for f in night.findings if f.disorder == "apnea")
        rows["15 or more" if per_h >= 15 else "under 15", level] += 1
        assert (hours >= 4.0) or level is Level.NOT_ASSESSED
    _keep(
        {
            f"apnea, slpdb, {truth} half minutes with a scored pause an hour": told(
                Counter({lv: n for (tr, lv), n in rows.items() if tr == truth})
            )
            for truth in ("under 15", "15 or more")
        }
    )
    assert rows["15 or more", Level.LOW] <= sum(n for (truth, _), n in rows.items() if truth == "15 or more") / 3


def test_one_scored_night_without_sensors_judges_nobody(reference: Path) -> None:
    folder = reference / "newcastle_psg"
    with (folder / "participants_info.csv").open(encoding="utf-8") as file:
        names = {row["id"]: row["Diagnosis"].strip() for row in csv.DictReader(file)}
    letters = {"W": Stage.W, "N1": Stage.N1, "N2": Stage.N2, "N3": Stage.N3, "R": Stage.R, "REM": Stage.R}
    judged: Counter[Level] = Counter()
    for path in sorted((folder / "psg").glob("*.txt")):
        cells = [line.split("\t") for line in path.read_text(encoding="latin-1").splitlines()]
        stages = [letters[row[0]] for row in cells if len(row) >= 4 and row[0] in letters]
        assert len(stages) > 500
        scored = Hypnogram(np.array(stages, np.int8), tuple(dict.fromkeys(letters.values())), "technician")
        night = NightRecord(
            datetime(2013, 6, 10, 22, tzinfo=UTC),
            "UTC",
            NightFeatures(None, len(stages), {}),
            SleepStatistics(),
            {},
            EventTable.empty(),
            scored,
        )
        judged.update(finding.level for finding in judge(NightHistory((night,))))
    assert set(judged) == {Level.NOT_ASSESSED}
    who = f"all eight, Newcastle, {len(names)} patients (two with REM behavior, two with insomnia), one scored night, no sensor"
    _keep({who: told(judged)})


_FOUND: dict[str, str] = {}


def _keep(found: dict[str, str]) -> None:
    _FOUND.update(found)
    title = (
        "Disorders: levels found on real people (groups and scores of the recordings; no truth of the disorder itself where it says group)"
    )
    keep("disorders-real", title, found=_FOUND, by="`tests/engine/detectors/test_real_people.py`")
