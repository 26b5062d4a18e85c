"""A night in the formats of others: what other programs read from it is what it says."""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyedflib
import pytest
from edfio import read_edf
from fhir.resources.R4B.bundle import Bundle
from referencing.jsonschema import DRAFT7

from models.reference import reference_folder
from somnia_engine.exports.edf_plus import edf_plus
from somnia_engine.exports.fhir import CODES, LOINC, OWN, fhir_bundle
from somnia_engine.exports.omh import sleep_episode
from somnia_engine.readers import read_recording
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.hypnogram import Stage
from somnia_engine.types.night import Lights, SleepStatistics
from somnia_engine.types.recording import ReadOptions
from somnia_server.store.opencsv import night_tables
from tests.components.made import BERLIN, night

ISSUED = datetime(2025, 11, 15, 9, 0, tzinfo=UTC)


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Path]:
    made = night(lights=Lights(600.0, 28200.0, off_marked=True, on_marked=True))
    path = tmp_path / "night.edf"
    path.write_bytes(edf_plus(made))
    return path


def test_another_program_reads_the_stages_the_events_and_the_lights(written: Path) -> None:
    with pyedflib.EdfReader(str(written)) as file:
        onsets, lengths, texts = file.readAnnotations()
        assert file.getStartdatetime() == datetime(2025, 11, 14, 23, 0)
        assert file.getPatientName() in ("", "X")
    stages = np.full(960, -9)
    for onset, length, text in zip(onsets, lengths, texts, strict=True):
        if text.startswith("Sleep stage "):
            letter = text.removeprefix("Sleep stage ")
            stages[round(onset / 30) : round((onset + length) / 30)] = Stage.UNSCORED if letter == "?" else Stage[letter]
    made = night()
    assert made.hypnogram is not None
    np.testing.assert_array_equal(stages, made.hypnogram.stages)
    assert list(texts).count("Desaturation") == len(made.events.of_kind(EventKind.DS))
    assert dict(zip(texts, onsets, strict=True))["Lights off"] == 600.0


def test_our_own_reader_reads_it_back(written: Path) -> None:
    found = read_recording(written, ReadOptions(zone="Europe/Berlin"))
    made = night()
    assert found.stages is not None
    assert made.hypnogram is not None
    grid = np.repeat(found.stages.stages, np.rint(found.stages.duration_s / 30).astype(int))
    np.testing.assert_array_equal(grid, made.hypnogram.stages)
    assert sorted(found.events.onset_s.tolist()) == pytest.approx(sorted(made.events.onset_s.tolist()), abs=1e-3)


def test_a_night_without_clock_or_stages_is_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "bare.edf"
    path.write_bytes(edf_plus(night(start=None, zone=None, hypnogram=None, device_hypnogram=None)))
    with pyedflib.EdfReader(str(path)) as file:
        assert file.getStartdatetime() == datetime(1985, 1, 1)
        assert not any(text.startswith("Sleep stage") for text in file.readAnnotations()[2])


def observations(bundle: dict[str, Any]) -> dict[str, dict[str, Any]]:
    resources = [entry["resource"] for entry in bundle["entry"]]
    return {one["code"]["coding"][-1]["code"]: one for one in resources if one["resourceType"] == "Observation"}


def test_the_bundle_is_valid_and_gives_the_numbers_back() -> None:
    made = night(measures={"odi3_per_h": 20.25, "spo2_min_pct": 78.0, "hr_mean_bpm": math.nan}, intervals={"odi3_per_h": (15.0, 25.0)})
    bundle = fhir_bundle(made, night_id="n1", person="ABCD1234", issued=ISSUED)
    Bundle.model_validate(bundle)
    found = observations(bundle)
    assert found["tst_min"]["valueQuantity"]["value"] == pytest.approx(made.statistics.tst_min, abs=1e-3)
    assert found["odi3_per_h"]["valueQuantity"] == {"value": 20.25, "unit": "/h", "system": "http://unitsofmeasure.org", "code": "/h"}
    assert found["odi3_per_h"]["note"] == [{"text": "90 % interval: 15.0 to 25.0"}]
    assert "hr_mean_bpm" not in found, "what was not measured is left out"
    for key, one in found.items():
        codes = {coding["system"]: coding["code"] for coding in one["code"]["coding"]}
        assert codes[OWN] == key
        assert codes.get(LOINC) == (CODES[key].code if key in CODES else None)


def test_every_reference_leads_to_a_resource_of_the_bundle_and_names_nobody() -> None:
    bundle = fhir_bundle(night(), night_id="n1", person="ABCD1234", issued=ISSUED)
    there = {entry["fullUrl"] for entry in bundle["entry"]}

    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from [part["reference"]] if "reference" in part else []
            for value in part.values():
                yield from references(value)
        elif isinstance(part, list):
            for value in part:
                yield from references(value)

    assert set(references(bundle)) <= there
    patient = next(entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Patient")
    assert set(patient) == {"resourceType", "id", "identifier"}
    assert fhir_bundle(night(), night_id="n1", person="ABCD1234", issued=ISSUED) == bundle
    assert there.isdisjoint(entry["fullUrl"] for entry in fhir_bundle(night(), night_id="n2", person="A", issued=ISSUED)["entry"])


def test_the_period_is_the_time_in_bed_and_the_stages_come_as_samples() -> None:
    made = night(lights=Lights(600.0, 28200.0))
    found = observations(fhir_bundle(made, night_id="n1", person="A", issued=ISSUED))
    assert found["tst_min"]["effectivePeriod"] == {"start": "2025-11-14T23:10:00+01:00", "end": "2025-11-15T06:50:00+01:00"}
    samples = found["hypnogram"]["valueSampledData"]
    assert samples["period"] == 30_000.0
    assert len(samples["data"].split()) == 960
    assert samples["data"].split().count("E") == 20


def test_a_night_of_nothing_is_a_valid_bundle_without_numbers() -> None:
    bare = night(start=None, zone=None, statistics=SleepStatistics(), measures={}, hypnogram=None, device_hypnogram=None)
    bundle = fhir_bundle(bare, night_id="n1", person="A", issued=ISSUED)
    Bundle.model_validate(bundle)
    assert observations(bundle) == {}


UNITS = {"type": "object", "properties": {"value": {"type": "number"}, "unit": {"type": "string"}}, "required": ["value", "unit"]}
MOMENT = {"type": "string", "format": "date-time"}
PARTS = {
    "unit-value-1.x.json": UNITS,
    "duration-unit-value-1.x.json": {**UNITS, "properties": {"value": {"type": "number"}, "unit": {"enum": ["sec", "min", "h", "d"]}}},
    "date-time-1.x.json": MOMENT,
    "time-frame-1.x.json": {
        "type": "object",
        "properties": {
            "time_interval": {"type": "object", "properties": {"start_date_time": MOMENT, "end_date_time": MOMENT}, "minProperties": 2}
        },
    },
}
"""The parts that the schema refers to and that do not lie beside it, as the standard words them."""


def episode_schema() -> Any:
    from jsonschema import Draft7Validator
    from referencing import Registry, Resource

    path = reference_folder() / "standards" / "omh" / "sleep-episode-1.1.json"
    if not path.is_file():
        pytest.skip(f"{path} is missing")
    kinds = [(name, Resource(part, specification=DRAFT7)) for name, part in PARTS.items()]
    return Draft7Validator(json.loads(path.read_text(encoding="utf-8")), registry=Registry().with_resources(kinds))


def test_the_sleep_episode_fits_its_schema_and_begins_when_sleep_does() -> None:
    s = SleepStatistics("x", tib_min=480.0, spt_min=450.0, tst_min=420.0, sol_min=12.0, spt_wake_min=30.0, sme_pct=93.33, awakenings=4.0)
    made = sleep_episode(night(statistics=s, lights=Lights(0.0, 28800.0)), night_id="n1", issued=ISSUED)
    assert made is not None
    episode_schema().validate(made["body"])
    interval = made["body"]["effective_time_frame"]["time_interval"]
    assert interval == {"start_date_time": "2025-11-14T23:12:00+01:00", "end_date_time": "2025-11-15T06:42:00+01:00"}
    assert made["body"]["latency_to_arising"] == {"value": 18.0, "unit": "min"}
    assert made["body"]["sleep_maintenance_efficiency_percentage"]["value"] == pytest.approx(100 * 420 / 450, abs=0.01)
    in_bed = observations(fhir_bundle(night(statistics=s, lights=Lights(0.0, 28800.0)), night_id="n1", person="A", issued=ISSUED))
    assert in_bed["tst_min"]["effectivePeriod"]["start"] == "2025-11-14T23:00:00+01:00"


def test_without_a_clock_or_sleep_there_is_no_episode() -> None:
    assert sleep_episode(night(start=None), night_id="n1", issued=ISSUED) is None
    assert sleep_episode(night(statistics=SleepStatistics()), night_id="n1", issued=ISSUED) is None


@pytest.mark.parametrize("start", [datetime(2025, 10, 25, 23, 0, tzinfo=BERLIN), datetime(2025, 3, 29, 23, 0, tzinfo=BERLIN)])
def test_a_night_with_a_clock_change_is_as_long_in_every_format_as_it_was(start: datetime) -> None:
    s = SleepStatistics("x", spt_min=450.0, tst_min=420.0, sol_min=12.0)
    made = night(start=start, statistics=s, lights=Lights(0.0, 28800.0))
    bundle = observations(fhir_bundle(made, night_id="n1", person="A", issued=ISSUED))
    episode = sleep_episode(made, night_id="n1", issued=ISSUED)
    assert episode is not None
    assert _length(bundle["tst_min"]["effectivePeriod"], "start", "end") == timedelta(hours=8)
    assert _length(episode["body"]["effective_time_frame"]["time_interval"], "start_date_time", "end_date_time") == timedelta(minutes=450)
    assert episode["body"]["latency_to_arising"]["value"] == 18.0
    lines = "".join(dict(night_tables(made))["epochs.csv"]).splitlines()
    column = lines[0].split(",").index("time")
    moments = [datetime.fromisoformat(line.split(",")[column]) for line in lines[1:]]
    assert {after - before for before, after in pairwise(moments)} == {timedelta(seconds=30)}


def _length(period: dict[str, str], first: str, last: str) -> timedelta:
    return datetime.fromisoformat(period[last]) - datetime.fromisoformat(period[first])


def test_obstructive_apneas_alone_do_not_borrow_the_code_of_obstructive_apneas_and_hypopneas() -> None:
    events = EventTable.of([Event(EventKind.OA, 1000.0, 20.0, 0.9, "psg.edf")])
    found = observations(fhir_bundle(night(events=events), night_id="n1", person="A", issued=ISSUED))
    assert [coding["system"] for coding in found["oa_index"]["code"]["coding"]] == [OWN]


def test_the_fraction_of_a_second_of_the_start_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "night.edf"
    path.write_bytes(edf_plus(night(start=datetime(2025, 11, 14, 23, 0, 0, 900_000, tzinfo=BERLIN))))
    assert read_edf(path).starttime.microsecond == 900_000  # pyEDFlib 0.1.42 reads a tenth of it
