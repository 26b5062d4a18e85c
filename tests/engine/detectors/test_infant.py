"""What is told of an infant's night: observations with times, no level, no comfort."""

from datetime import UTC, datetime

import numpy as np
import pytest

from somnia_engine.detectors import judge_one
from somnia_engine.detectors.infant import DETECTOR
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.findings import Finding, Level
from somnia_engine.types.night import NightHistory, NightRecord, SleepStatistics
from somnia_engine.types.recording import Subject
from somnia_engine.wording import faults

START = datetime(2025, 1, 10, 20, 0, tzinfo=UTC)


def seen(breath: np.ndarray, *, prone: int = 0, cries: int = 0, zone: str = "UTC") -> Finding:
    lying = np.zeros(len(breath))
    lying[:prone] = 3.0
    columns = {"resp_rate_bpm": breath.astype(np.float32), "trunk_position": lying.astype(np.float32)}
    columns |= {"vocal_frac": np.zeros(len(breath), np.float32)}
    events = EventTable.of([Event(EventKind.CR, 600.0 * i, 5.0, 0.9, "cot") for i in range(cries)])
    night = NightRecord(START, zone, NightFeatures(START, len(breath), columns), SleepStatistics(), {}, events)
    return judge_one(DETECTOR, NightHistory((night,), Subject(infant=True)))


def test_the_last_breath_that_was_seen_has_its_local_time() -> None:
    assert "last seen at 22:00:00" in str(seen(np.full(120, 30.0), zone="Europe/Berlin").summary)


def test_a_stale_stream_is_unavailable_and_says_since_when() -> None:
    breath = np.full(120, 30.0)
    breath[60:] = np.nan
    finding = seen(breath)
    assert str(finding.summary).startswith("Unavailable: breathing motion was last seen at 20:30:00")
    assert "21:00:00" in str(finding.summary)


@pytest.mark.parametrize(("prone", "cries"), [(0, 0), (60, 4)])
def test_there_is_never_a_level_and_never_a_comfort(prone: int, cries: int) -> None:
    finding = seen(np.full(120, 30.0), prone=prone, cries=cries)
    assert finding.level is Level.NOT_ASSESSED
    assert finding.risk is None
    for text in (finding.summary, finding.next_step, *finding.needs, *(e.label for e in finding.evidence)):
        assert faults(str(text)) == ()
    assert "no signs" not in str(finding.summary).lower()


def test_belly_and_crying_are_counted() -> None:
    told = {str(e.label): e.value for e in seen(np.full(120, 30.0), prone=40, cries=3).evidence}
    assert told["Time seen lying on the belly"] == 20.0
    assert told["Bouts of crying heard"] == 3.0
    assert told["Minutes of crying heard"] == pytest.approx(0.25)


def test_breath_is_unavailable_when_the_last_half_minute_did_not_show_it() -> None:
    breath = np.full(120, 30.0)
    breath[-1:] = np.nan
    assert str(seen(breath).summary).startswith("Unavailable: breathing motion was last seen at 20:59:30")


def test_nobody_but_an_infant_is_observed() -> None:
    night = NightRecord(
        START, "UTC", NightFeatures(START, 10, {"resp_rate_bpm": np.full(10, 30, np.float32)}), SleepStatistics(), {}, EventTable.empty()
    )
    assert judge_one(DETECTOR, NightHistory((night,))).evidence == ()
