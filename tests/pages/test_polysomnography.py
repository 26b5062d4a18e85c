"""A polysomnography that a technician scored: its stages and events as they are, the engine's own beside them, on the review page."""

import json

import numpy as np
import pytest
from plotly.utils import PlotlyJSONEncoder

from components import review
from components.review_data import review_data
from pages import _reviewing as reviewing
from somnia_engine.analyse import AnalysisOptions, analyse
from somnia_engine.readers import read_recording
from somnia_engine.types.events import EventKind
from somnia_engine.types.hypnogram import Stage
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.recording import ReadOptions
from tests.engine.edf_files import write_edf

HOURS = 4
COURSE = ("W", "N1", "N2", "N3", "N2", "R")


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> NightAnalysis:
    """A night of four hours with oxygen and pulse; ten minutes of each stage in turn, three apneas with their desaturations."""
    n, rng = HOURS * 3600, np.random.default_rng(4)
    spo2 = np.full(n, 96.0)
    marks: list[tuple[float, float | None, str]] = [(0.0, None, "Lights off"), (n - 30.0, None, "Lights on")]
    marks += [(30.0 * i, 30.0, f"Sleep stage {COURSE[i // 20 % len(COURSE)]}") for i in range(n // 30)]
    for at in (3000, 5000, 7000):
        marks.append((at, 20.0, "Obstructive apnea"))
        spo2[at + 5 : at + 45] = np.interp(np.arange(40), (0, 12, 25, 39), (96, 88, 88, 96))
    pulse = 60 + np.cumsum(rng.normal(0, 0.1, n)).clip(-10, 10)
    path = write_edf(tmp_path_factory.mktemp("lab") / "psg.edf", {("SpO2", "%"): spo2, ("Pulse", "bpm"): pulse}, marks=marks)
    zone = ReadOptions(zone="Europe/Berlin")
    return analyse([read_recording(path, zone)], options=AnalysisOptions(zone="Europe/Berlin"))


def test_the_technicians_stages_stay_as_they_were_scored(laboratory: NightAnalysis) -> None:
    scored = laboratory.device_hypnogram
    assert scored is not None
    assert {Stage(int(s)) for s in scored.stages} >= {Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R}
    assert laboratory.lights.off_marked
    assert laboratory.lights.on_marked


def test_its_events_and_its_signals_are_on_the_review_page(laboratory: NightAnalysis) -> None:
    data = review_data(laboratory, (), None)
    assert [event[1:3] for event in data["events"] if event[0] == EventKind.OA.value] == [[3000.0, 20.0], [5000.0, 20.0], [7000.0, 20.0]]
    assert {"spo2_pct", "hr_bpm"} <= {signal["key"] for signal in data["signals"]}
    technician = data["lanes"][-1]
    assert {"1", "2", "3", "4", "5"} <= set(technician["stages"])


def test_the_engine_stands_beside_the_technician_with_agreement(laboratory: NightAnalysis) -> None:
    assert laboratory.hypnogram is not None
    pairs = reviewing.beside(laboratory, reviewing.start_marks(laboratory), ())
    technician = pairs[-1]
    assert laboratory.device_hypnogram is not None
    assert technician.name.startswith(laboratory.device_hypnogram.scorer)
    assert technician.stages.n > 400
    assert technician.breathing is not None
    assert technician.breathing.both == 3
    said = json.dumps(review.agreement(pairs, laboratory.statistics, laboratory.statistics), cls=PlotlyJSONEncoder, ensure_ascii=False)
    assert "κ" in said
