"""Writes an analysis as one JSON document, as `docs/night.schema.json` describes it: NaN becomes null, stages become letters."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from somnia_engine.text import Text, t
from somnia_engine.types.events import Event
from somnia_engine.types.findings import Evidence, Finding
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import NightAnalysis, SleepStatistics
from somnia_engine.types.packet import FeaturePacket
from somnia_engine.types.score import SleepScore

SCHEMA_VERSION = "1.0"
DECIMALS = 6

Json = Any


def to_document(analysis: NightAnalysis) -> dict[str, Json]:
    """Return a night as a JSON document.

    Parameters
    ----------
    analysis : NightAnalysis

    Returns
    -------
    dict
        Only dicts, lists, strings, finite numbers, booleans and None; times as ISO 8601, `onset_s` in seconds from `start`.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "start": analysis.start.isoformat() if analysis.start is not None else None,
        "zone": analysis.zone,
        "zone_origin": t(analysis.zone_origin),
        "epoch_s": EPOCH_S,
        "lights": asdict(analysis.lights),
        "hypnogram": _hypnogram(analysis.hypnogram),
        "device_hypnogram": _hypnogram(analysis.device_hypnogram),
        "events": [_event(event) for event in analysis.events],
        "statistics": _statistics(analysis.statistics),
        "device_statistics": None if analysis.device_statistics is None else _statistics(analysis.device_statistics),
        "measures": _numbers(analysis.measures),
        "intervals": {name: [number(low), number(high)] for name, (low, high) in sorted(analysis.intervals.items())},
        "score": _score(analysis.score),
        "features": {name: numbers(column) for name, column in sorted(analysis.features.columns.items())},
        "findings": [_finding(finding) for finding in analysis.findings],
        "quality": _quality(analysis),
        "dropped": [{"reason": t(d.reason), "count": d.count} for d in analysis.dropped],
        "notes": [t(note) for note in analysis.notes],
        "versions": dict(analysis.versions),
    }


def packet_document(packet: FeaturePacket) -> dict[str, Json]:
    """Return what an opened packet holds as a JSON document: times and NaN as in `to_document`, no stages."""
    return {
        "start": packet.start.isoformat() if packet.start is not None else None,
        "zone": packet.zone,
        "device": packet.device,
        "epoch_s": EPOCH_S,
        "lights": asdict(packet.lights),
        "features": {name: numbers(column) for name, column in packet.features.columns.items()},
        "events": [_event(event) for event in packet.events],
        "measures": _numbers(packet.measures),
    }


def number(value: float) -> float | None:
    """Return a finite number rounded to six decimals; None for NaN and infinity."""
    return round(float(value), DECIMALS) if math.isfinite(value) else None


def numbers(values: NDArray[np.float32]) -> list[float | None]:
    """Return an array as JSON numbers, None where not measured; the shortest decimals that give back the same float32."""
    return [float(str(v)) if np.isfinite(v) else None for v in values]


def _numbers(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: number(value) for name, value in values.items()}


def _hypnogram(night: Hypnogram | None) -> dict[str, Json] | None:
    if night is None:
        return None
    rows = None if night.probabilities is None else [numbers(row) for row in night.probabilities]
    return {
        "classes": [stage.letter for stage in night.classes],
        "stages": [Stage(stage).letter for stage in night.stages.tolist()],
        "probabilities": rows,
        "scorer": night.scorer,
    }


def _event(event: Event) -> dict[str, Json]:
    return {
        "kind": str(event.kind),
        "onset_s": number(event.onset_s),
        "duration_s": number(event.duration_s),
        "confidence": number(event.confidence),
        "source": event.source,
        "value": number(event.value),
    }


def _statistics(statistics: SleepStatistics) -> dict[str, Json]:
    return {name: value if isinstance(value, str) else number(value) for name, value in asdict(statistics).items()}


def _finding(finding: Finding) -> dict[str, Json]:
    return {
        "disorder": finding.disorder,
        "level": str(finding.level),
        "summary": t(finding.summary),
        "coverage": number(finding.coverage),
        "risk": None if finding.risk is None else number(finding.risk),
        "risk_of": _said(finding.risk_of),
        "evidence": [_evidence(evidence) for evidence in finding.evidence],
        "needs": _sentences(finding.needs),
        "next_step": _said(finding.next_step),
        "rule": finding.rule,
        "details": _numbers(finding.details),
    }


def _score(score: SleepScore | None) -> dict[str, Json] | None:
    if score is None:
        return None
    parts = [
        {"key": part.key, "weight": number(part.weight), "reached": number(part.reached), "inputs": _numbers(part.inputs)}
        for part in score.parts
    ]
    return {"value": number(score.value), "parts": parts, "missing": list(score.missing), "version": score.version}


def _evidence(evidence: Evidence) -> dict[str, Json]:
    return {
        "label": t(evidence.label),
        "value": number(evidence.value),
        "unit": evidence.unit,
        "threshold": None if evidence.threshold is None else number(evidence.threshold),
        "source": evidence.source,
        "citation": evidence.citation,
        "minutes": [[number(from_s), number(to_s)] for from_s, to_s in evidence.minutes],
    }


def _quality(analysis: NightAnalysis) -> dict[str, Json]:
    streams = [
        {
            "stream": q.stream,
            "source": q.source,
            "coverage": number(q.coverage),
            "first_s": number(q.first_s),
            "last_s": number(q.last_s),
            "notes": _sentences(q.notes),
        }
        for q in analysis.quality
    ]
    return {"streams": streams, "sources": {name: list(sources) for name, sources in sorted(analysis.features.sources.items())}}


def _said(text: Text | None) -> str | None:
    return None if text is None else t(text)


def _sentences(texts: Iterable[Text]) -> list[str]:
    return [t(text) for text in texts]
