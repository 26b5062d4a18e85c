"""A history that is brought again, or a newer one that holds the old: each night is kept once."""

import threading
from datetime import UTC, date, datetime, timedelta

import numpy as np
from flask import Flask

from somnia_engine.text import Text
from somnia_engine.types.recording import Media, Recording, Source
from somnia_engine.types.signals import Series
from somnia_server.store import jobs, nights
from somnia_server.store.choices import Choices
from somnia_server.work import analyses, queue
from somnia_server.work.content import content_of
from tests.bench.imports import HEAD, RECORD
from tests.server.conftest import Visitor

FIRST = date(2025, 1, 10)


def export(n: int) -> bytes:
    """Return an export with a heart that slows a little each night, from 22 to 4 o'clock, for `n` nights in a row."""
    rows = []
    for k in range(n):
        start = datetime(FIRST.year, FIRST.month, FIRST.day, 22, tzinfo=UTC) + timedelta(days=k)
        for i in range(720):
            at = f"{start + timedelta(seconds=30 * i):%Y-%m-%d %H:%M:%S +0000}"
            kind = "HKQuantityTypeIdentifierHeartRate"
            rows.append(RECORD.format(kind=kind, unit="count/min", start=at, end=at, value=60 + i % 9 - k))
    return f"{HEAD}{''.join(rows)}</HealthData>\n".encode()


def bring(app: Flask, visitor: Visitor, data: bytes, *, n: int, choices: Choices | None = None) -> dict[date, str]:
    """Upload and analyze every night of an export; return the ids of the nights that are kept then, by their day."""
    upload_id = visitor.upload(data, "export.xml")
    with app.app_context():
        wanted = [FIRST + timedelta(days=k) for k in range(n)]
        queue.enqueue(visitor.actor, [upload_id], nights=wanted, choices=choices)
        while (claim := jobs.claim_next()) is not None:
            analyses.run(claim, threading.Event())
        kept = nights.list_nights(visitor.actor)
        assert len({night.night for night in kept}) == len(kept) or choices is not None
        return {night.night: night.id for night in kept}


def test_a_newer_export_adds_its_new_nights_only(app: Flask, visitor: Visitor):
    old = bring(app, visitor, export(2), n=2)
    new = bring(app, visitor, export(3), n=3)
    assert len(old) == 2
    assert len(new) == 3
    assert {day: new[day] for day in old} == old


def test_the_same_export_again_changes_no_night(app: Flask, visitor: Visitor):
    assert bring(app, visitor, export(2), n=2) == bring(app, visitor, export(2), n=2)


def test_other_choices_make_a_night_of_their_own(app: Flask, visitor: Visitor):
    bring(app, visitor, export(1), n=1)
    bring(app, visitor, export(1), n=1, choices=Choices(lights_off=datetime(2025, 1, 10, 23, tzinfo=UTC)))
    with app.app_context():
        assert len(nights.list_nights(visitor.actor)) == 2


def recording(*values: float, name: str = "a.csv", media: tuple[Media, ...] = ()) -> Recording:
    times = np.arange(len(values), dtype=np.float64)
    series = Series("hr_bpm", times, np.array(values, dtype=np.float32), "/min")
    return Recording(None, None, Text("unknown"), 10.0, Source("csv", name), series=(series,), media=media)


def test_content_is_what_was_read_whatever_its_file_is_called_and_in_any_order():
    one, other = recording(60.0, 61.0), recording(50.0)
    assert content_of([one, other]) == content_of([other, recording(60.0, 61.0, name="b.csv")])
    assert content_of([one]) != content_of([recording(60.0, 62.0)])
    assert content_of([one]) != content_of([one, one])


def test_sound_and_pictures_are_known_by_their_files(tmp_path):
    sound = Media("audio", tmp_path / "night.flac", 60.0, 16000.0, 1)
    assert content_of([recording(60.0), recording(media=(sound,))]) == ""
