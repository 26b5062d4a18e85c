"""A night as an HL7 FHIR R4B bundle: a report and its observations, under LOINC codes where there are any."""

import math
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from somnia_engine.report import Row, report_night
from somnia_engine.types.hypnogram import EPOCH_S, Stage
from somnia_engine.types.night import NightAnalysis

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
OWN = "urn:somnia:codes"
"""Our code system, for what LOINC has no code for; it lies in the bundle."""
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
PANEL = ("90568-7", "Polysomnography panel")
SPACE = uuid.uuid5(uuid.NAMESPACE_URL, OWN)
Json = dict[str, Any]


class Code(NamedTuple):
    """A LOINC code and its words."""

    code: str
    display: str


CODES: Mapping[str, Code] = {
    "tst_min": Code("93832-4", "Sleep duration"),
    "n3_min": Code("93831-6", "Deep sleep duration"),
    "light_min": Code("93830-8", "Light sleep duration"),
    "rem_min": Code("93829-0", "REM sleep duration"),
    "awakenings": Code("103211-9", "Number of awakenings"),
    "sol_min": Code("103212-7", "Time to fall asleep"),
    "tib_min": Code("103213-5", "Time in bed"),
    "waso_min": Code("103215-0", "Wake after sleep onset"),
    "odi3_per_h": Code("90567-9", "Oxygen desaturation index"),
    "odi4_per_h": Code("90567-9", "Oxygen desaturation index"),
    "spo2_mean_pct": Code("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
    "spo2_min_pct": Code("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
    "hr_mean_bpm": Code("8867-4", "Heart rate"),
    "hr_min_bpm": Code("8867-4", "Heart rate"),
    "hr_max_bpm": Code("8867-4", "Heart rate"),
    "ahi": Code("69990-0", "Apnea hypopnea index"),
    "h_index": Code("90561-2", "Hypopnea index"),
}
"""What has a code; several numbers under one code are told apart by their own second code and their method."""
UNITS = {"min": "min", "%": "%", "/h": "/h", "/min": "/min", "ms": "ms", "dB": "dB", "": "{count}", "%min/h": "%.min/h"}


def fhir_bundle(analysis: NightAnalysis, *, night_id: str, person: str, issued: datetime) -> Json:
    """Return a night as a FHIR R4B bundle of type collection.

    Parameters
    ----------
    analysis : NightAnalysis
    night_id : str
        Names the night's resources: the same id, the same bundle.
    person : str
        A pseudonym; no name, birth date or address is told.
    issued : datetime
        When it was made.

    Returns
    -------
    dict
        Patient, Device, CodeSystem, DiagnosticReport and an Observation for each number that was measured; what was not is left out.
    """
    made = _Names(night_id)
    rows = [row for table in report_night(analysis).tables for row in table.rows if not math.isnan(row.value)]
    said = [_observation(row, made, analysis=analysis) for row in rows]
    said += [_hypnogram(analysis, made)] if (analysis.hypnogram or analysis.device_hypnogram) is not None else []
    patient = {"resourceType": "Patient", "identifier": [{"system": "urn:somnia:persons", "value": person}]}
    device = {"resourceType": "Device", "deviceName": [{"name": "SOMNIA", "type": "user-friendly-name"}], "version": _versions(analysis)}
    report = {
        "resourceType": "DiagnosticReport", "status": "preliminary",
        "code": {"coding": [{"system": LOINC, "code": PANEL[0], "display": PANEL[1]}], "text": "Night report"},
        "subject": {"reference": made.of("patient")}, "issued": _instant(issued), **_period(analysis),
        "result": [{"reference": made.of(f"observation {one['code']['coding'][-1]['code']}")} for one in said],
        "conclusion": "Screening; it describes and never diagnoses. Nothing here was signed by a doctor.",
    }  # fmt: skip
    entries = [("patient", patient), ("device", device), ("codes", _code_system(rows)), ("report", report)]
    entries += [(f"observation {one['code']['coding'][-1]['code']}", one) for one in said]
    named = [(made.of(name), resource) for name, resource in entries]
    found = [{"fullUrl": name, "resource": {**resource, "id": name.removeprefix("urn:uuid:")}} for name, resource in named]
    return {"resourceType": "Bundle", "type": "collection", "timestamp": _instant(issued), "entry": found}


class _Samples(NamedTuple):
    """FHIR's SampledData, field by field; the period in ms."""

    origin: Json
    period: float
    dimensions: int
    data: str


class _Names:
    """Names the resources of a night, the same each time."""

    def __init__(self, night_id: str) -> None:
        self._night = night_id

    def of(self, name: str) -> str:
        """Return the address of a resource within the bundle."""
        return f"urn:uuid:{uuid.uuid5(SPACE, f'{self._night} {name}')}"


def _observation(row: Row, made: _Names, *, analysis: NightAnalysis) -> Json:
    loinc = [{"system": LOINC, **CODES[row.key]._asdict()}] if row.key in CODES else []
    unit = UNITS[row.unit]
    found: Json = {
        "resourceType": "Observation", "status": "preliminary",
        "category": [{"coding": [{"system": CATEGORY, "code": "activity"}]}],
        "code": {"coding": [*loinc, {"system": OWN, "code": row.key, "display": row.term}], "text": row.label.msgid},
        "subject": {"reference": made.of("patient")}, "device": {"reference": made.of("device")}, **_period(analysis),
        "valueQuantity": {"value": round(row.value, 3), "unit": row.unit or "count", "system": UCUM, "code": unit},
    }  # fmt: skip
    if row.rule is not None:
        found["method"] = {"text": row.rule.msgid}
    if not math.isnan(row.low):
        found["note"] = [{"text": f"90 % interval: {row.low:.{row.places}f} to {row.high:.{row.places}f}"}]
    return found


def _hypnogram(analysis: NightAnalysis, made: _Names) -> Json:
    """Return the stages as sampled data: each sample the place of the stage's letters in the code's text, E where none was scored."""
    hypnogram = analysis.hypnogram or analysis.device_hypnogram
    order = {stage: place for place, stage in enumerate(stage for stage in Stage if stage is not Stage.UNSCORED)}
    stages = [] if hypnogram is None else [Stage(stage) for stage in hypnogram.stages.tolist()]
    letters = " ".join(str(order[stage]) if stage in order else "E" for stage in stages)
    words = ", ".join(f"{place} {stage.letter}" for stage, place in order.items())
    return {
        "resourceType": "Observation", "status": "preliminary",
        "category": [{"coding": [{"system": CATEGORY, "code": "activity"}]}],
        "code": {"coding": [{"system": OWN, "code": "hypnogram", "display": "Hypnogram"}], "text": f"Sleep stage of each epoch: {words}"},
        "subject": {"reference": made.of("patient")}, "device": {"reference": made.of("device")}, **_period(analysis),
        "valueSampledData": _Samples({"value": 0, "system": UCUM, "code": "1"}, EPOCH_S * 1000.0, 1, letters)._asdict(),
    }  # fmt: skip


def _code_system(rows: list[Row]) -> Json:
    concepts = [{"code": row.key, "display": row.term, "definition": row.label.msgid} for row in rows]
    concepts.append({"code": "hypnogram", "display": "Hypnogram", "definition": "Sleep stage of each epoch"})
    return {
        "resourceType": "CodeSystem", "url": OWN, "name": "SomniaCodes", "title": "What SOMNIA measures", "status": "active",
        "content": "fragment", "concept": concepts,
    }  # fmt: skip


def _period(analysis: NightAnalysis) -> Json:
    """Return the time in bed, lights off to lights on (as the profiles of HL7 have it), where the clock is known."""
    begin, end = analysis.local(analysis.lights.off_s), analysis.local(analysis.lights.on_s)
    if begin is None or end is None:
        return {}
    return {"effectivePeriod": {"start": begin.isoformat(timespec="seconds"), "end": end.isoformat(timespec="seconds")}}


def _versions(analysis: NightAnalysis) -> list[Json]:
    return list(_version_rows(analysis.versions))


def _version_rows(versions: Mapping[str, str]) -> Iterator[Json]:
    for key, value in sorted(versions.items()):
        yield {"type": {"text": key}, "value": value}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
