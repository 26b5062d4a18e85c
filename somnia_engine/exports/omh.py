"""A night as an Open mHealth / IEEE 1752.1 sleep episode: the time from falling asleep to the last awakening, not the time in bed."""

import math
import uuid
from datetime import UTC, datetime
from typing import Any

from somnia_engine.types.night import NightAnalysis

NAME, VERSION = "sleep-episode", "1.1"
SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:somnia:omh")
Json = dict[str, Any]


def sleep_episode(analysis: NightAnalysis, *, night_id: str, issued: datetime) -> Json | None:
    """Return a night as a data point of the schema omh:sleep-episode:1.1.

    Parameters
    ----------
    analysis : NightAnalysis
    night_id : str
        Names the data point: the same id, the same header.
    issued : datetime
        When it was made.

    Returns
    -------
    dict or None
        Header and body. The effective time is sleep onset to final awakening, and the efficiency is that of maintenance (TST of it);
        HL7's profile tells the time in bed instead (`fhir.py`). Lengths in min. None without a clock or without sleep.
    """
    s, lights = analysis.statistics, analysis.lights
    if not math.isfinite(s.sol_min) or not s.spt_min > 0:
        return None
    onset_s = lights.off_s + 60.0 * s.sol_min
    end_s = onset_s + 60.0 * s.spt_min
    onset, end = analysis.local(onset_s), analysis.local(end_s)
    if onset is None or end is None:
        return None
    lengths = {
        "latency_to_sleep_onset": s.sol_min,
        "latency_to_arising": (lights.on_s - end_s) / 60.0,
        "total_sleep_time": s.tst_min,
        "wake_after_sleep_onset": s.spt_wake_min,
    }
    body: Json = {"effective_time_frame": {"time_interval": {"start_date_time": _said(onset), "end_date_time": _said(end)}}}
    body |= {name: {"value": round(value, 2), "unit": "min"} for name, value in lengths.items() if math.isfinite(value)}
    body |= {"number_of_awakenings": int(s.awakenings)} if math.isfinite(s.awakenings) else {}
    body |= {"sleep_maintenance_efficiency_percentage": {"value": round(s.sme_pct, 2), "unit": "%"}} if math.isfinite(s.sme_pct) else {}
    return {"header": _header(night_id, issued), "body": body}


def _header(night_id: str, issued: datetime) -> Json:
    return {
        "id": str(uuid.uuid5(SPACE, night_id)),
        "creation_date_time": _said(issued.astimezone(UTC)),
        "schema_id": {"namespace": "omh", "name": NAME, "version": VERSION},
        "acquisition_provenance": {"source_name": "SOMNIA", "modality": "sensed"},
    }


def _said(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
