"""Several sources of one night."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from somnia_engine.fusion import fuse_columns, fuse_device_stages, fuse_events, fuse_quality, fuse_traces
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import Extraction
from somnia_engine.types.hypnogram import Stage
from somnia_engine.types.signals import Signal
from tests.engine.make import night_of, recording, stages

NAN = np.nan


def extraction(source: str, values: list[float], kind: str | None = None) -> Extraction:
    column = np.array(values, dtype=np.float32)
    events = EventTable.of([Event(EventKind.DS, 1.0, 20.0, 1.0, source, 4.0)] if kind else ())
    return Extraction(source, "spo2_pct", {"spo2_pct": column}, events, (Signal("spo2_pct", column, 1 / 30, "%"),))


def test_the_best_covered_source_leads_and_the_other_fills_its_gaps() -> None:
    ring, watch = extraction("ring", [96, 95, NAN, 94]), extraction("watch", [90, NAN, 91, NAN])
    fused = fuse_columns(night_of(n_epochs=4), [watch, ring])
    np.testing.assert_array_equal(fused["spo2_pct"], np.array([96, 95, 91, 94], dtype=np.float32))
    assert fused.sources["spo2_pct"] == ("ring", "watch")


def test_a_source_that_fills_nothing_is_not_named() -> None:
    ring, watch = extraction("ring", [96, 95]), extraction("watch", [90, NAN])
    assert fuse_columns(night_of(n_epochs=2), [watch, ring]).sources["spo2_pct"] == ("ring",)


def test_events_come_from_the_leading_source_only() -> None:
    ring, watch = extraction("ring", [96, 95, 94], "DS"), extraction("watch", [90, NAN, 91], "DS")
    assert fuse_events([watch, ring], night_of(n_epochs=3)).source == ("ring",)


def test_scored_events_of_a_recording_are_kept() -> None:
    scored = recording(events=EventTable.of([Event(EventKind.OA, 5.0, 12.0, NAN, "technician")]))
    assert fuse_events([], night_of(scored)).kind == (EventKind.OA,)


def test_a_column_that_nobody_measured_is_not_there() -> None:
    assert dict(fuse_columns(night_of(n_epochs=2), [extraction("ring", [NAN, NAN])]).columns) == {}


@given(st.lists(st.lists(st.sampled_from([NAN, 90.0, 95.0, 96.0]), min_size=5, max_size=5), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_files_does_not_matter(columns: list[list[float]]) -> None:
    sources = [extraction(f"device {i % 2}", values, "DS") for i, values in enumerate(columns)]
    night = night_of(n_epochs=5)
    results = []
    for order in itertools.permutations(sources):
        fused = fuse_columns(night, order)
        traces = [t.samples.tobytes() for t in fuse_traces(order)]
        results.append((fused["spo2_pct"].tobytes(), fused.sources, list(fuse_events(order, night).source), traces, fuse_quality(order)))
    assert all(result == results[0] for result in results)


def test_the_most_detailed_scoring_is_shown_and_the_choice_noted() -> None:
    phone = recording(name="phone", stages=stages("S" * 40, "phone"))
    watch = recording(name="watch", stages=stages("W" * 5 + "L" * 20 + "R" * 5, "watch"))
    for order in ((phone, watch), (watch, phone)):
        chosen, notes = fuse_device_stages(night_of(*order, n_epochs=40))
        assert chosen is not None
        assert chosen.scorer == "watch"
        assert (chosen.stages[30:] == Stage.UNSCORED).all()
        assert "phone" in str(notes[0])


def test_no_scoring_is_none() -> None:
    assert fuse_device_stages(night_of(recording())) == (None, ())
