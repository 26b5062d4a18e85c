import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import psutil
import pytest
from flask import Flask

from somnia_server.store import nights
from somnia_server.work import door, queue, uploads
from tests.server.conftest import Visitor, csv_night
from tests.server.store.test_jobs import age

PROJECT = Path(__file__).resolve().parents[3]
PATIENCE_S = 60.0


def until(check: Callable[[], object], what: str) -> object:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.05)
    pytest.fail(f"in vain: {what}")


class House:
    """An instance with its web side in this process and its workers beside it."""

    def __init__(self, app: Flask, visitor: Visitor, environ: dict[str, str]) -> None:
        self.app, self.visitor, self.actor = app, visitor, visitor.actor
        self.environ = os.environ | environ
        self.workers: list[subprocess.Popen[bytes]] = []

    def start_worker(self) -> subprocess.Popen[bytes]:
        worker = subprocess.Popen([sys.executable, "-m", "somnia_server.work.worker"], cwd=PROJECT, env=self.environ)
        self.workers.append(worker)
        return worker

    def enqueue(self, data: bytes, name: str = "night.csv") -> str:
        upload_id = self.visitor.upload(data, name)
        with self.app.app_context():
            return queue.enqueue(self.actor, [upload_id])[0]

    def job(self, job_id: str) -> queue.JobView:
        with self.app.app_context():
            view = queue.job_for(self.actor, job_id)
        assert view is not None
        return view

    def over(self, job_id: str) -> queue.JobView:
        until(lambda: self.job(job_id).over, f"the end of the job; it is {self.job(job_id)}")
        return self.job(job_id)

    def hold_room(self, worker: subprocess.Popen[bytes]) -> psutil.Process:
        """Stop the worker's room in mid-analysis and return it."""

        def find() -> psutil.Process | None:
            children = psutil.Process(worker.pid).children()
            return next((child for child in children if "somnia_server.work.room" in child.cmdline()[-1:]), None)

        room = until(find, "a room")
        assert isinstance(room, psutil.Process)
        room.suspend()
        return room

    def grow_old(self, job_id: str) -> None:
        with self.app.app_context():
            age(job_id, 30)


@pytest.fixture
def home(app: Flask, visitor: Visitor, environ: dict[str, str]) -> Iterator[House]:
    house = House(app, visitor, environ)
    yield house
    for worker in house.workers:
        worker.kill()
        worker.wait()


def temp_of(settings) -> list[Path]:
    return list(settings.temp.iterdir())


def test_a_night_goes_from_the_upload_to_the_shelf(home, settings):
    job_id = home.enqueue(csv_night())
    worker = home.start_worker()
    view = home.over(job_id)
    assert view.state == "done", view
    with home.app.app_context():
        night = nights.load_night(home.actor, view.night_id)
    with home.app.app_context():
        until(lambda: uploads.list_uploads(home.actor) == (), "the end of the raw file")
    assert night.analysis.features.coverage("hr_bpm") > 0.9
    assert night.expires_at is not None
    assert temp_of(settings) == []
    assert list(settings.uploads.iterdir()) == []
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) == min(19, os.nice(0) + 10)


def test_a_killed_workers_job_is_resumed_by_the_next(home, settings):
    job_id = home.enqueue(csv_night())
    first = home.start_worker()
    room = home.hold_room(first)
    first.kill()
    first.wait()
    if psutil.pid_exists(room.pid):
        room.resume()
    until(lambda: not psutil.pid_exists(room.pid) or room.status() == psutil.STATUS_ZOMBIE, "the end of the dead worker's room")
    assert home.job(job_id).state == "running"
    assert temp_of(settings) != []
    home.grow_old(job_id)
    home.start_worker()
    view = home.over(job_id)
    assert (view.state, view.attempts) == ("done", 2)
    with home.app.app_context():
        assert len(nights.list_nights(home.actor)) == 1
    assert temp_of(settings) == []


def test_a_running_job_is_cancelled_within_seconds(home, settings):
    job_id = home.enqueue(csv_night())
    worker = home.start_worker()
    room = home.hold_room(worker)
    with home.app.app_context():
        assert queue.cancel(home.actor, job_id)
    asked = time.monotonic()
    assert home.over(job_id).state == "cancelled"
    assert time.monotonic() - asked < 10
    until(lambda: not psutil.pid_exists(room.pid), "the end of the room")
    until(lambda: temp_of(settings) == [], "an empty temp folder")


def test_a_file_that_crashes_the_reader_fails_its_own_job_only(home, settings):
    bad, good = home.enqueue(csv_night(seed=1)), home.enqueue(csv_night(seed=2))
    worker = home.start_worker()
    room = home.hold_room(worker)
    os.kill(room.pid, signal.SIGSEGV)
    room.resume()
    view = home.over(bad)
    assert view.state == "failed"
    assert view.error == door.UNREADABLE
    assert home.over(good).state == "done"
    assert worker.poll() is None
    assert temp_of(settings) == []


def test_a_file_that_nobody_can_read_fails_with_its_reason(home):
    job_id = home.enqueue(os.urandom(5000), "holiday.bin")
    home.start_worker()
    view = home.over(job_id)
    assert (view.state, view.attempts, view.error_id) == ("failed", 1, None)
    assert str(view.error)


def test_a_worker_that_is_told_to_stop_gives_its_job_back(home, settings):
    job_id = home.enqueue(csv_night())
    worker = home.start_worker()
    home.hold_room(worker)
    worker.terminate()
    assert worker.wait(10) == 0
    assert home.job(job_id).state == "queued"
    assert temp_of(settings) == []


def test_nothing_that_a_person_gave_can_be_read_from_the_disk(home, settings, disk):
    canary = "Canary7319Wren"
    rows = csv_night().decode().splitlines()
    data = "\n".join([rows[0] + f",{canary}column", *(row + ",1" for row in rows[1:]), ""]).encode()
    job_id = home.enqueue(data, f"{canary}.csv")
    waiting = home.enqueue(data + b"\n", f"{canary}2.csv")
    home.start_worker()
    assert home.over(job_id).state == "done"
    assert home.over(waiting).over
    with home.app.app_context():
        (night, *_) = nights.list_nights(home.actor)
        loaded = nights.load_night(home.actor, night.id)
    said = repr(loaded.analysis.quality) + repr(loaded.analysis.notes)
    assert canary in said
    kept = disk()
    assert kept
    assert canary.encode() not in kept
    assert not any(canary in path.name for path in settings.instance.rglob("*"))


def test_a_survey_says_what_a_file_holds_and_is_remembered(home, settings, context):
    upload_id = home.visitor.upload(csv_night())
    found = uploads.survey_upload(home.actor, upload_id)
    assert found.format == "somnia_csv"
    assert [str(span.night) for span in found.nights] == ["2025-01-10"]
    begin = time.perf_counter()
    assert uploads.survey_upload(home.actor, upload_id) == found
    assert time.perf_counter() - begin < 0.1
    assert temp_of(settings) == []


def test_a_survey_of_an_unknown_file_is_refused_with_what_can_be_read(home, context):
    upload_id = home.visitor.upload(os.urandom(5000), "holiday.bin")
    with pytest.raises(uploads.RefusedError) as refusal:
        uploads.survey_upload(home.actor, upload_id)
    assert str(refusal.value.text)


def test_a_survey_of_anothers_file_is_refused(home, stranger, context):
    upload_id = stranger.upload(csv_night())
    with pytest.raises(uploads.RefusedError):
        uploads.survey_upload(home.actor, upload_id)


def test_what_dead_processes_left_unsealed_is_swept(settings):
    settings.prepare()
    (settings.temp / "999999999-ab").mkdir()
    (settings.temp / f"{os.getpid()}-cd").mkdir()
    assert door.sweep_temp(settings.temp) == 1
    assert [path.name for path in temp_of(settings)] == [f"{os.getpid()}-cd"]


def test_the_only_night_of_surveyed_files_is_the_jobs_night(home, context):
    upload_id = home.visitor.upload(csv_night())
    uploads.survey_upload(home.actor, upload_id)
    (job_id,) = queue.enqueue(home.actor, [upload_id])
    assert str(home.job(job_id).night) == "2025-01-10"


def test_two_workers_share_many_jobs_and_each_night_is_there_once(home):
    ids = [home.enqueue(csv_night(date(2025, 1, 1 + i), minutes=60)) for i in range(4)]
    home.start_worker()
    home.start_worker()
    assert {home.over(job_id).state for job_id in ids} == {"done"}
    with home.app.app_context():
        assert sorted(night.night.day for night in nights.list_nights(home.actor)) == [1, 2, 3, 4]


def test_an_upload_that_was_changed_on_the_disk_fails_with_a_number_to_ask_about(home, settings):
    job_id = home.enqueue(csv_night())
    (path,) = settings.uploads.iterdir()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    home.start_worker()
    view = home.over(job_id)
    assert view.state == "failed"
    assert view.error_id
    assert view.error_id in str(view.error)
    assert temp_of(settings) == []
