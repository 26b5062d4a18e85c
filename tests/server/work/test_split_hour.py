"""The hour that a person chose for the beginning of a night reaches what is previewed, queued, analysed and kept."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from somnia_server.store import jobs, nights, persons
from somnia_server.store.persons import PersonSettings
from somnia_server.work import queue, uploads
from tests.server.conftest import Visitor


def daytime(day: date = date(2025, 1, 10)) -> bytes:
    """Return the sleep of somebody who works at night: from 10 to 15 o'clock."""
    start = datetime(day.year, day.month, day.day, 10, 0, tzinfo=UTC)
    rows = [f"{(start + timedelta(seconds=30 * i)).isoformat()},{55 + i % 9}" for i in range(600)]
    return "\n".join(["time,hr_bpm", *rows, ""]).encode()


@pytest.mark.parametrize(("split_hour", "night"), [(12, date(2025, 1, 9)), (18, date(2025, 1, 9)), (8, date(2025, 1, 10))])
def test_the_preview_and_the_queue_call_a_night_by_the_persons_hour(app: Flask, visitor: Visitor, split_hour: int, night: date):
    upload_id = visitor.upload(daytime())
    with app.app_context():
        persons.save_settings(visitor.actor, PersonSettings(night_split_h=split_hour))
        found = uploads.survey_upload(visitor.actor, upload_id)
        assert [span.night for span in found.nights] == [night]
        (job,) = queue.enqueue(visitor.actor, [upload_id])
        claim = jobs.claim_next()
        assert claim is not None
        assert (claim.id, claim.night, claim.choices.split_hour) == (job, night, split_hour)


def test_a_preview_is_made_again_when_the_hour_has_changed(app: Flask, visitor: Visitor):
    upload_id = visitor.upload(daytime())
    with app.app_context():
        uploads.survey_upload(visitor.actor, upload_id)
        (upload,) = uploads.list_uploads(visitor.actor)
        assert uploads.known_survey(upload) is not None
        persons.save_settings(visitor.actor, PersonSettings(night_split_h=8))
        assert uploads.known_survey(upload) is None
        assert [span.night for span in uploads.survey_upload(visitor.actor, upload_id).nights] == [date(2025, 1, 10)]


def test_a_night_is_kept_under_the_day_on_which_it_began(app: Flask, visitor: Visitor):
    import threading

    from somnia_server.work import analyses

    upload_id = visitor.upload(daytime())
    with app.app_context():
        persons.save_settings(visitor.actor, PersonSettings(night_split_h=8))
        queue.enqueue(visitor.actor, [upload_id])
        claim = jobs.claim_next()
        assert claim is not None
        analyses.run(claim, threading.Event())
        assert [night.night for night in nights.list_nights(visitor.actor)] == [date(2025, 1, 10)]


def test_with_the_usual_hour_the_same_files_are_the_same_night_as_before(app: Flask):
    with app.app_context():
        plain = queue.said_of(queue.Choices("Europe/Berlin"))
        assert plain == '{"zone":"Europe/Berlin","start":null,"lights_off":null,"lights_on":null}'
        assert queue.said_of(queue.Choices("Europe/Berlin", split_hour=3)) != plain
