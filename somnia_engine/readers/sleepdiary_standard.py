"""The sleepdiary project's standard format: JSON records with a status, a start and an end."""

from pathlib import Path

from somnia_engine.readers._clock import is_zone
from somnia_engine.readers._export import BROKEN, NO_TIME, UTC_DAYS, Export, Sleep, reader_of
from somnia_engine.readers._json_records import Record, records
from somnia_engine.readers._members import members
from somnia_engine.text import Text

KEY = "sleepdiary_standard"
NAME = Text("Sleepdiary standard format (JSON)")
_WORDS = (b'"records"', b'"status"', b'"start"', b'"end"')


def _recognises(path: Path, head: bytes) -> bool:
    return head.lstrip()[:1] == b"{" and all(word in head for word in _WORDS)


def _walk(path: Path, export: Export) -> None:
    export.origin = UTC_DAYS
    for member in members(path):
        for record in records(member, lambda r: "status" in r, lambda: export.drop(BROKEN)):
            if record["status"] == "asleep":
                try:
                    _take(record, export)
                except (KeyError, ValueError, TypeError, OverflowError):
                    export.drop(NO_TIME)


def _take(record: Record, export: Export) -> None:
    """Take in a sleep; a duration shorter than the record is what is left of it when waking is taken off."""
    zone, lasted = record.get("start_timezone"), record.get("duration")
    export.sleep(
        Sleep(
            float(record["start"]) / 1e3,
            float(record["end"]) / 1e3,
            "diary",
            zone=zone if isinstance(zone, str) and is_zone(zone) else None,
            asleep_min=float(lasted) / 60e3 if lasted is not None else None,
        )
    )


READER = reader_of(KEY, NAME, (".json",), recognises=_recognises, walk=_walk)
