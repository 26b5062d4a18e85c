import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from somnia_server.store import people, persons, recordings
from somnia_server.store.house import now
from somnia_server.store.persons import Profile
from somnia_server.store.tables import db
from tests.server.conftest import somebody

pytestmark = pytest.mark.usefixtures("context")


def visitors() -> int:
    return db.session.scalar(text("SELECT count(*) FROM visitors"))


def test_a_visitor_is_noted_with_the_first_upload_and_once():
    recordings.add_upload(somebody("a"), "x", size=1)
    recordings.add_upload(somebody("a"), "y", size=1)
    assert visitors() == 1


def test_a_visitor_who_keeps_nothing_is_forgotten_in_time():
    upload_id = recordings.add_upload(somebody("a"), "x", size=1)
    assert people.purge_visitors(now() + timedelta(days=1)) == 0
    recordings.remove_upload(somebody("a"), upload_id)
    assert people.purge_visitors(now() - timedelta(days=1)) == 0
    assert people.purge_visitors(now() + timedelta(days=1)) == 1
    assert visitors() == 0


def test_what_a_visitor_said_goes_with_them_and_they_may_come_back():
    back = somebody("v-" + "6" * 32)
    persons.save_profile(back, Profile(name="Ada"))
    assert people.purge_visitors(now() - timedelta(days=1)) == 0
    assert people.purge_visitors(now() + timedelta(days=1)) == 1
    assert persons.load_profile(back) == Profile()
    persons.save_profile(back, Profile(name="Ada again"))
    assert persons.load_profile(back).name == "Ada again"


def test_the_first_files_of_a_new_visitor_may_arrive_all_at_once(app: Flask) -> None:
    together = threading.Barrier(8)

    def arrive(i: int) -> str:
        with app.app_context():
            together.wait()
            return recordings.add_upload(somebody("v-" + "7" * 32), f"{i}.csv", size=10)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(arrive, range(8)))) == 8
