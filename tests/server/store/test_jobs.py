from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from somnia_engine.text import Text
from somnia_engine.types.recording import NightSpan, Survey
from somnia_server.store import codec, jobs, nights, recordings
from somnia_server.store.choices import Choices
from somnia_server.store.house import now
from somnia_server.store.jobs import Order
from somnia_server.store.nightcodec import pack_night
from somnia_server.store.nights import Kept
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import db
from somnia_server.work import queue
from tests.server.conftest import make_night, somebody

pytestmark = pytest.mark.usefixtures("context")


def upload(owner: str, data: bytes = b"x", name: str = "n.csv") -> str:
    upload_id = recordings.add_upload(somebody(owner), name, size=len(data))
    with recordings.open_writer(recordings.find_upload(somebody(owner), upload_id)) as writer:
        writer.write(data)
        writer.finish()
    recordings.mark_ready(somebody(owner), upload_id, sha256=data.hex())
    return upload_id


def add(owner: str = "a", *, night: date | None = None, data: bytes = b"x") -> str:
    return queue.enqueue(somebody(owner), [upload(owner, data)], nights=[night])[0]


def age(job_id: str, seconds: float) -> None:
    at = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=seconds)
    db.session.execute(text("UPDATE jobs SET heartbeat_at = :at WHERE id = :id"), {"at": at.isoformat(" "), "id": job_id})
    db.session.commit()


def test_a_job_waits_runs_and_ends_with_a_night():
    job_id = add()
    assert queue.job_for(somebody("a"), job_id).state == "queued"
    claim = jobs.claim_next()
    assert claim.id == job_id
    assert jobs.beat(claim, stage="stage", fraction=0.5)
    view = queue.job_for(somebody("a"), job_id)
    assert (view.state, view.stage, view.fraction, view.attempts) == ("running", "stage", 0.5, 1)
    assert view.eta_s is not None
    night_id = jobs.finish(claim, pack_night(make_night()), kept=Kept(date(2025, 1, 10), claim.fingerprint))
    view = queue.job_for(somebody("a"), job_id)
    assert (view.state, view.fraction, view.night_id, view.over) == ("done", 1.0, night_id, True)
    assert nights.load_night(somebody("a"), night_id) is not None


def test_a_job_is_taken_once():
    add()
    assert jobs.claim_next() is not None
    assert jobs.claim_next() is None


def test_another_owner_neither_sees_nor_cancels_a_job():
    job_id = add()
    assert queue.job_for(somebody("b"), job_id) is None
    assert queue.jobs_of(somebody("b")) == ()
    assert not queue.cancel(somebody("b"), job_id)
    assert queue.job_for(somebody("a"), job_id).state == "queued"


def test_files_of_another_owner_are_not_queued():
    assert queue.enqueue(somebody("b"), [upload("a")]) == ()


def test_the_same_order_twice_is_one_job():
    first = add()
    assert add() == first
    assert len(queue.jobs_of(somebody("a"))) == 1
    assert add("b") != first


def test_other_choices_are_another_job():
    file = upload("a")
    one = queue.enqueue(somebody("a"), [file])
    two = queue.enqueue(somebody("a"), [file], choices=Choices(zone="Europe/Berlin", start=datetime(2025, 1, 1, 22, tzinfo=UTC)))
    assert one != two
    jobs.claim_next()
    age(one[0], 0)
    assert len(queue.jobs_of(somebody("a"))) == 2


def test_choices_reach_the_worker():
    choices = Choices("Asia/Tokyo", datetime(2025, 1, 1, 22, tzinfo=UTC), lights_on=datetime(2025, 1, 2, 6, tzinfo=UTC))
    queue.enqueue(somebody("a"), [upload("a")], nights=[date(2025, 1, 1)], choices=choices)
    claim = jobs.claim_next()
    assert (claim.choices, claim.night) == (choices, date(2025, 1, 1))


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_told():
    waiting = add(data=b"w")
    assert queue.cancel(somebody("a"), waiting)
    assert queue.job_for(somebody("a"), waiting).state == "cancelled"
    running = add(data=b"r")
    claim = jobs.claim_next()
    assert queue.cancel(somebody("a"), running)
    assert not jobs.beat(claim, stage="read", fraction=0.1)
    jobs.give_back(claim)
    assert queue.job_for(somebody("a"), running).state == "cancelled"
    assert not queue.cancel(somebody("a"), running)


def test_a_job_without_heartbeat_is_taken_over_and_its_first_holder_can_write_nothing():
    job_id = add()
    first = jobs.claim_next()
    age(job_id, 19)
    assert jobs.claim_next() is None
    age(job_id, 21)
    second = jobs.claim_next()
    assert (second.id, second.attempt) == (job_id, 2)
    assert not jobs.beat(first, stage="read", fraction=0.9)
    assert jobs.finish(first, pack_night(make_night()), kept=Kept(date(2025, 1, 10), first.fingerprint)) is None
    jobs.fail(first, Text("late"))
    jobs.give_back(first)
    assert nights.list_nights(somebody("a")) == ()
    assert queue.job_for(somebody("a"), job_id).state == "running"
    assert jobs.finish(second, pack_night(make_night()), kept=Kept(date(2025, 1, 10), second.fingerprint))
    assert len(nights.list_nights(somebody("a"))) == 1


def test_a_job_is_tried_three_times_and_then_fails_with_a_sentence():
    job_id = add()
    for attempt in (1, 2, 3):
        assert jobs.claim_next().attempt == attempt
        age(job_id, 30)
    assert jobs.claim_next() is None
    view = queue.job_for(somebody("a"), job_id)
    assert view.state == "failed"
    assert "3 times" in str(view.error)


def test_a_lost_job_that_was_cancelled_is_not_tried_again():
    job_id = add()
    jobs.claim_next()
    queue.cancel(somebody("a"), job_id)
    age(job_id, 30)
    assert jobs.claim_next() is None
    assert queue.job_for(somebody("a"), job_id).state == "cancelled"


def test_a_failure_keeps_its_sentence_for_the_owner():
    job_id = add()
    jobs.fail(jobs.claim_next(), Text("No heart rate in {name}.", {"name": "x.csv"}), error_id="ab12")
    view = queue.job_for(somebody("a"), job_id)
    assert (str(view.error), view.error_id) == ("No heart rate in x.csv.", "ab12")


def test_one_owners_many_nights_delay_another_by_one_job_at_most():
    for i in range(5):
        add("a", night=date(2025, 1, 1 + i), data=bytes([i]))
    first = jobs.claim_next()
    last = add("b", data=b"b")
    jobs.fail(first, Text("over"))
    assert jobs.claim_next().id == last


def test_a_history_is_analysed_in_order_of_its_nights_one_at_a_time():
    files = [upload("a")]
    days = [date(2025, 1, day) for day in (3, 1, 2)]
    queue.enqueue(somebody("a"), files, nights=days)
    seen = []
    while (claim := jobs.claim_next()) is not None:
        assert jobs.claim_next() is None
        seen.append(claim.night)
        jobs.fail(claim, Text("over"))
    assert seen == sorted(days)


def test_raw_files_go_with_the_last_job_that_reads_them():
    file = upload("a")
    queue.enqueue(somebody("a"), [file], nights=[date(2025, 1, 1), date(2025, 1, 2)])
    for left in (1, 0):
        claim = jobs.claim_next()
        jobs.finish(claim, pack_night(make_night(claim.night)), kept=Kept(claim.night, claim.fingerprint))
        recordings.release_uploads(claim.upload_ids, at=now())
        assert len(recordings.list_uploads(somebody("a"))) == left


def test_files_of_a_finished_job_go_even_when_the_worker_died_before_deleting_them():
    add()
    claim = jobs.claim_next()
    recordings.release_done()
    assert len(recordings.list_uploads(somebody("a"))) == 1
    jobs.finish(claim, pack_night(make_night()), kept=Kept(date(2025, 1, 10), claim.fingerprint))
    recordings.release_done()
    assert recordings.list_uploads(somebody("a")) == ()


def test_a_file_that_a_job_needs_is_neither_removed_nor_purged():
    file = upload("a")
    queue.enqueue(somebody("a"), [file])
    assert not recordings.remove_upload(somebody("a"), file)
    assert recordings.purge_uploads(datetime.now(UTC) + timedelta(days=9)) == 0


def test_expired_uploads_and_files_without_a_row_are_purged(settings):
    upload("a")
    (settings.uploads / "stray.sealed").write_bytes(b"x")
    assert recordings.purge_uploads(datetime.now(UTC) + timedelta(days=9)) == 1
    assert list(settings.uploads.iterdir()) == []


def test_an_order_in_the_making_is_recognised():
    order = Order("a", (upload("a"),), None, Choices(), "f")
    assert jobs.add_job(somebody("a"), order) == jobs.add_job(somebody("a"), order)


def surveyed(owner: str, data: bytes, *nights: date | None) -> str:
    upload_id = upload(owner, data)
    spans = tuple(NightSpan(night, None, None, 3600.0) for night in nights)
    survey = Survey("somnia_csv", Text("SOMNIA CSV"), spans, None, Text("Unknown"), ("hr_bpm",))
    recordings.save_survey(recordings.find_upload(somebody(owner), upload_id), codec.dumps(Choices()) + b"\n" + codec.dumps(survey))
    return upload_id


def test_each_night_takes_the_files_that_hold_it():
    first, second = date(2025, 1, 1), date(2025, 1, 2)
    watch, ring = surveyed("a", b"w", first, second), surveyed("a", b"r", second)
    queue.enqueue(somebody("a"), [watch, ring], nights=[second, first])
    one = jobs.claim_next()
    assert (one.night, one.upload_ids) == (first, (watch,))
    jobs.fail(one, Text("over"))
    assert jobs.claim_next().upload_ids == (watch, ring)


def test_a_file_whose_time_nobody_knows_joins_a_single_night_only():
    first, second = date(2025, 1, 1), date(2025, 1, 2)
    watch, sound = surveyed("a", b"w", first, second), surveyed("a", b"s", None)
    queue.enqueue(somebody("a"), [watch, sound], nights=[first])
    queue.enqueue(somebody("b"), [surveyed("b", b"w", first, second), surveyed("b", b"s", None)], nights=[first, second])
    taken = {claim.owner: claim.upload_ids for claim in (jobs.claim_next(), jobs.claim_next())}
    assert taken["a"] == (watch, sound)
    assert len(taken["b"]) == 1


def test_files_of_one_same_night_need_no_choice_and_others_stay_open():
    day = date(2025, 1, 1)
    (job_id,) = queue.enqueue(somebody("a"), [surveyed("a", b"w", day), surveyed("a", b"r", day)])
    assert queue.job_for(somebody("a"), job_id).night == day
    (job_id,) = queue.enqueue(somebody("a"), [surveyed("a", b"x", day), surveyed("a", b"y", None)])
    assert queue.job_for(somebody("a"), job_id).night is None


def test_no_more_nights_wait_for_one_person_than_may(monkeypatch):
    monkeypatch.setattr(jobs, "MOST_WAITING", 3)
    for i in range(3):
        jobs.add_job(somebody("a"), jobs.Order("a", (), date(2025, 1, 1 + i), Choices(), f"m{i}"))
    with pytest.raises(RefusalError, match="nights of yours wait"):
        jobs.add_job(somebody("a"), jobs.Order("a", (), date(2025, 1, 9), Choices(), "m9"))
    assert jobs.add_job(somebody("b"), jobs.Order("b", (), date(2025, 1, 9), Choices(), "m9"))
