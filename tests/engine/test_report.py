"""The report of a night: what it says, what stays blank and why, and that it says the same each time."""

import math
from dataclasses import replace

import numpy as np
import pytest

from somnia_engine.report import Report, Row, masked, report_night
from somnia_engine.text import t
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.findings import Level
from somnia_engine.types.night import NightAnalysis, SleepStatistics
from tests.components.made import night


def rows_of(report: Report) -> dict[str, Row]:
    return {row.term: row for table in report.tables for row in table.rows}


def scored(*kinds: EventKind, at_s: float = 7200.0) -> NightAnalysis:
    table = EventTable.of([Event(kind, at_s + 60.0 * i, 15.0, 1.0, "lab.edf") for i, kind in enumerate(kinds)])
    return night(events=table)


def test_each_blank_says_why_and_each_number_says_how_it_was_counted() -> None:
    rows = rows_of(report_night(night()))
    for row in rows.values():
        assert math.isnan(row.value) == (row.blank is not None), row
    assert t(rows["AHI"].blank or "") == "needs airflow and effort"
    assert t(rows["N1"].blank or "") == "the source does not tell this stage"
    assert "3 % or more" in t(rows["ODI3"].rule or "")


def test_apneas_that_a_laboratory_scored_give_indices_per_hour_of_sleep() -> None:
    made = scored(EventKind.OA, EventKind.OA, EventKind.CA, EventKind.H)
    made = replace(made, statistics=replace(made.statistics, tst_min=120.0))
    rows = rows_of(report_night(made))
    assert rows["AHI"].value == pytest.approx(2.0)
    assert rows["OA"].value == pytest.approx(1.0)
    assert rows["MA"].value == 0.0
    assert "does not name its rule" in t(rows["AHI"].rule or "")


def test_an_index_of_a_stage_needs_a_quarter_of_an_hour_of_it() -> None:
    made = scored(EventKind.H)
    assert made.hypnogram is not None
    stages = made.hypnogram.stages.copy()
    stages[stages == 4] = 5
    stages[:20] = 4
    few = replace(made, hypnogram=replace(made.hypnogram, stages=stages), device_hypnogram=None)
    rows = rows_of(report_night(few))
    assert math.isnan(rows["AHI REM"].value)
    assert t(rows["AHI REM"].blank or "") == "under 15 min of it"
    assert np.isfinite(rows["AHI NREM"].value)


def test_findings_come_from_the_strongest_and_few_nights_are_said_to_be_few() -> None:
    report = report_night(night())
    assert next(finding.level for finding in report.findings) is Level.HIGH
    assert any("1 of at least 7 nights" in t(limit) for limit in report.limits)
    assert not any("at least 7 nights" in t(limit) for limit in report_night(night(), n_nights=7).limits)


def test_it_says_the_same_each_time_and_nothing_of_what_was_not_measured() -> None:
    first, second = (report_night(night()) for _ in range(2))
    assert [t(said) for said in (*first.summary, *first.voice, *first.limits)] == [t(said) for said in (*second.summary, *second.voice, *second.limits)]  # noqa: E501  # fmt: skip
    empty = report_night(night(statistics=SleepStatistics(), measures={}, findings=(), hypnogram=None, device_hypnogram=None))
    assert [t(said) for said in empty.summary] == ["This night has no sleep stages: neither heart rate nor movement covers enough of it."]
    assert empty.voice == ()
    assert "nan" not in " ".join(row.said() for table in empty.tables for row in table.rows)


def test_serial_numbers_are_masked_and_dates_are_not() -> None:
    assert masked("O2Ring 2190123456") == "O2Ring ••••••3456"
    assert masked("watch 2025-11-14.csv") == "watch 2025-11-14.csv"
    assert masked("") == ""


def test_an_estimate_carries_its_interval() -> None:
    made = night(measures={"breathing_events_per_h": 12.3}, intervals={"breathing_events_per_h": (4.0, 21.5)})
    assert rows_of(report_night(made))["REI-like"].said() == "12.3/h (4.0 – 21.5)"
