"""A made night whose every number is known: eight hours, a ring, a watch, a microphone."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from somnia_engine.text import Text
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import NightFeatures, StreamQuality
from somnia_engine.types.findings import Evidence, Finding, Level
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import Lights, NightAnalysis, SleepStatistics
from somnia_engine.types.signals import Signal

EPOCHS = 960
SECONDS = EPOCHS * 30
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2025, 11, 14, 23, 0, tzinfo=BERLIN)
CLASSES = (Stage.W, Stage.L, Stage.N3, Stage.R)
HIGH = Finding(
    "apnea", Level.HIGH, Text("Your blood oxygen fell 20 times an hour."), 1.0,
    evidence=(Evidence(Text("Falls by 3 % or more"), 20.0, "/h", 5.0, "ring.csv", "Someone 1999"),),
    next_step=Text("Show this page to a doctor."), rule="apnea-oximetry 1",
)  # fmt: skip
UNKNOWN = Finding("insomnia", Level.NOT_ASSESSED, Text("Not assessed: needs 7 nights; there is 1."), 0.14, rule="insomnia 1")


def stages() -> np.ndarray:
    """Return awake, light, deep, REM in turn, with ten minutes unscored."""
    found = np.tile(np.repeat([0, 5, 3, 4], 30), 8).astype(np.int8)
    found[400:420] = -1
    return found


def oxygen() -> np.ndarray:
    """Return 96 % with a dip to 78 % that lasts one second, and one hour without data."""
    samples = np.full(SECONDS, 96, np.float32)
    samples[5000:20000:7] = 95
    samples[12345] = 78
    samples[20000:23600] = np.nan
    return samples


def night(**changes: object) -> NightAnalysis:
    """Return the night; `changes` replace its fields."""
    rng = np.random.default_rng(1)
    traces = (
        Signal("hr_bpm", rng.normal(60, 5, SECONDS).round().astype(np.float32), 1.0, "/min"),
        Signal("spo2_pct", oxygen(), 1.0, "%"),
        Signal("sound_level_db", rng.normal(-50, 6, SECONDS).astype(np.float32), 1.0, "dB"),
    )
    columns = {
        "hr_bpm": np.full(EPOCHS, 60, np.float32),
        "spo2_pct": np.full(EPOCHS, 96, np.float32),
        "sound_level_db": np.full(EPOCHS, -50, np.float32),
        "activity_count": rng.integers(0, 40, EPOCHS).astype(np.float32),
        "room_temp_c": np.linspace(19, 18, EPOCHS).astype(np.float32),
    }
    table = stages()
    p = np.full((EPOCHS, 4), 0.1, np.float32)
    p[np.arange(EPOCHS), [CLASSES.index(Stage(max(s, 0))) for s in table.tolist()]] = 0.7
    p[table < 0] = np.nan
    made = NightAnalysis(
        start=START, zone="Europe/Berlin", zone_origin=Text("You chose it."), lights=Lights(0.0, float(SECONDS)),
        features=NightFeatures(START, EPOCHS, columns, {"hr_bpm": ("watch.csv",), "spo2_pct": ("ring.csv",)}),
        hypnogram=Hypnogram(table, CLASSES, "model 1", p), device_hypnogram=Hypnogram(table, CLASSES, "Watch"),
        statistics=SleepStatistics("model 1", tib_min=480, tst_min=390, sol_min=15, waso_min=65, se_pct=81.25),
        device_statistics=SleepStatistics("Watch", tib_min=480, tst_min=400), events=events(135), measures={"odi3_per_h": 18.4},
        traces=traces, findings=(UNKNOWN, HIGH), quality=(StreamQuality("spo2_pct", "ring.csv", 0.875, 0.0, float(SECONDS)),),
        versions={"engine": "0.1.0"},
    )  # fmt: skip
    return replace(made, **changes) if changes else made


def events(n: int) -> EventTable:
    """Return evenly spread desaturations of 30 s and 4 %."""
    return EventTable.of(Event(EventKind.DS, 600.0 + i * 25000 / n, 30.0, 0.9, "ring.csv", 4.0) for i in range(n))
