"""kill -9 at random moments: nothing acknowledged is lost and each night is there once."""

import random
import time
from datetime import date

import pytest

from somnia_server.store import jobs, nights, recordings
from tests.server.conftest import csv_night
from tests.server.work.test_worker import House, home, until

__all__ = ["home"]


def kill_at_random(house: House, job_id: str, *, chance: random.Random) -> None:
    worker = house.start_worker()
    until(lambda: house.job(job_id).state != "queued", "a taken job")
    time.sleep(chance.random() * 2.5)
    worker.kill()
    worker.wait()
    house.grow_old(job_id)


def check(house: House, settings, kills: int) -> None:
    chance = random.Random(kills)
    for i in range(kills):
        job_id = house.enqueue(csv_night(date(2025, 3, 1 + i % 28), seed=i))
        for _ in range(jobs.MAX_ATTEMPTS - 1):
            if not house.job(job_id).over:
                kill_at_random(house, job_id, chance=chance)
        worker = house.start_worker()
        assert house.over(job_id).state == "done"
        worker.terminate()
        worker.wait()
        with house.app.app_context():
            recordings.release_done()
            assert len(nights.list_nights(house.actor)) == i + 1
            assert recordings.list_uploads(house.actor) == ()
    assert list(settings.uploads.iterdir()) == []


def test_a_few_killed_workers_lose_nothing(home, settings):
    check(home, settings, 2)


@pytest.mark.slow
def test_many_killed_workers_lose_nothing(home, settings):
    check(home, settings, 28)
