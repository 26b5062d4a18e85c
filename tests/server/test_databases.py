import os
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, func, select

from somnia_server.settings import Settings, SettingsError
from somnia_server.store import audit, clients, jobs, nights, persons
from somnia_server.store.actors import Role
from somnia_server.store.choices import Choices
from somnia_server.store.emergencies import break_glass
from somnia_server.store.house import now
from somnia_server.store.invitations import invite, redeem
from somnia_server.store.jobs import Order, add_job
from somnia_server.store.nights import Kept
from somnia_server.store.people import note_visitor
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import GrantRow, JobRow, VisitorRow, session
from tests import reports
from tests.server.conftest import make_account, make_night, somebody
from tests.server.databases import kind_of

PROJECT = Path(__file__).resolve().parents[2]
WORK = """
import sys, time
from sqlalchemy import func, select
from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store import jobs
from somnia_server.store.nightcodec import pack_night
from somnia_server.store.nights import Kept
from somnia_server.store.tables import JobRow, session
from tests.server.conftest import make_night
from datetime import date

NIGHT = pack_night(make_night())

app = create_server(Settings.from_env())
print("ready", flush=True)
sys.stdin.readline()
with app.app_context():
    while session().scalar(select(func.count()).where(JobRow.state.in_(("queued", "running")))):
        session().rollback()
        claim = jobs.claim_next()
        if claim is None:
            time.sleep(0.01)
            continue
        print(claim.id, claim.attempt, flush=True)
        jobs.finish(claim, NIGHT, kept=Kept(claim.night or date(2025, 1, 1), claim.fingerprint))
"""


def order(owner: str, i: int) -> Order:
    return Order(owner, (), date(2025, 1, 1) + timedelta(days=i), Choices(), f"{owner}-{i}")


def share_jobs_out(app: Flask, environ: dict[str, str], *, owners: int, nights_each: int) -> None:
    """Let four processes take all jobs, and see that each was taken once and each person's nights in their order."""
    with app.app_context():
        made = [add_job(somebody(f"o{k}"), order(f"o{k}", i)) for i in range(nights_each) for k in range(owners)]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WORK], cwd=PROJECT, env=os.environ | environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for worker in started:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    said = [worker.communicate("go\n")[0] for worker in started]
    assert [worker.returncode for worker in started] == [0] * 4
    taken = Counter(line.split()[0] for lines in said for line in lines.splitlines())
    assert taken == Counter(made)
    with app.app_context():
        done = session().execute(select(JobRow.owner, JobRow.night).where(JobRow.state == "done").order_by(JobRow.started_at)).all()
        assert len(done) == len(made)
        for k in range(owners):
            days = [day for owner, day in done if owner == f"o{k}"]
            assert days == sorted(days)


def test_four_processes_take_each_job_once_and_a_persons_nights_in_order(app: Flask, environ: dict[str, str]):
    share_jobs_out(app, environ, owners=6, nights_each=6)


@pytest.mark.slow
def test_four_processes_take_each_of_thousands_of_jobs_once(app: Flask, environ: dict[str, str]):
    begin = time.monotonic()
    share_jobs_out(app, environ, owners=100, nights_each=30)
    found = {
        "jobs of 100 persons, taken by 4 processes": "3,000",
        "taken twice, or never": "0",
        "persons whose nights were not taken in their order": "0",
        "time on the clock": f"{time.monotonic() - begin:.0f} s, under a load of {os.getloadavg()[0]:.1f}",
    }
    kind = kind_of(environ)
    reports.keep(f"queue-{kind}", f"The queue under four workers ({kind})", found=found)


def test_a_child_of_a_fork_shares_no_connection_with_its_parent(app: Flask):
    with app.app_context():
        session().add(VisitorRow(id="v-open", created_at=now(), seen_at=now()))
        session().flush()
        child = os.fork()
        if child == 0:
            seen = 99
            try:
                seen = session().scalar(select(func.count()).select_from(VisitorRow)) or 0
                session().close()
            finally:
                os._exit(seen)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        session().commit()
        assert session().scalar(select(func.count()).select_from(VisitorRow)) == 1


def in_threads(app: Flask, count: int, do) -> list[object]:
    """Do something in several threads at once, and return what came of each."""
    found: list[object] = [None] * count
    together = threading.Barrier(count)

    def one(i: int) -> None:
        with app.app_context():
            together.wait()
            found[i] = do(i)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_a_code_that_many_bring_at_once_opens_to_one(app: Flask):
    with app.app_context():
        patient, doctors = make_account(), [make_account(Role.DOCTOR) for _ in range(8)]
        code = invite(patient)
        session().commit()
    found = in_threads(app, 8, lambda i: redeem(doctors[i], code))
    assert [who for who in found if who] == [patient.id]
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(GrantRow)) == 1


def test_the_same_order_from_many_at_once_is_one_job(app: Flask):
    with app.app_context():
        owner = somebody("a")
    found = in_threads(app, 8, lambda _: add_job(owner, order("a", 0)))
    assert len(set(found)) == 1


def test_many_first_visits_at_once_all_get_through(app: Flask):
    def visit(_: int) -> bool:
        note_visitor("v-" + "1" * 32)
        session().commit()
        return True

    assert all(in_threads(app, 8, visit))


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("word", ["\0", "a\0b", "é" * 100, "'; DROP TABLE nights; --", "%", "💤"])
def test_a_strange_id_finds_nothing_and_breaks_nothing(word: str):
    assert nights.load_night(somebody("a"), word) is None
    assert nights.list_nights(somebody(word)) == ()
    assert jobs.job_for(somebody(word), word) is None


@pytest.mark.usefixtures("context")
def test_a_text_with_a_nul_in_it_is_kept_and_breaks_nothing():
    admin, person = make_account(Role.ADMIN), make_account(Role.DOCTOR)
    client_id = clients.add_client(admin, name="An\0app", redirect_uris=("https://a.example/\0",), scope="read")
    assert client_id is not None
    assert clients.find_client(client_id) is not None
    assert persons.save_profile(person, persons.Profile(name="Ann"))
    with pytest.raises(RefusalError):
        break_glass(person, "u-\0", reason="Found without consciousness")
    audit.note(person, "look\0ed", subject="u-\0", thing="\0", detail="\0")
    session().commit()
    assert audit.verify().faults == ()


@pytest.mark.usefixtures("context")
def test_times_come_back_aware_and_exact():
    at = datetime(2025, 3, 30, 1, 30, 0, 123456, tzinfo=UTC)
    session().add(VisitorRow(id="v-a", created_at=at.astimezone(), seen_at=at))
    session().commit()
    session().expire_all()
    row = session().get_one(VisitorRow, "v-a")
    assert row.created_at == row.seen_at == at
    assert row.created_at.tzinfo is UTC


@pytest.mark.usefixtures("context")
def test_sealed_bytes_come_back_as_bytes():
    night_id = nights.save_night("a", make_night(), kept=Kept(date(2025, 1, 10), "f"))
    found = session().get_one(nights.NightRow, night_id)
    assert (type(found.sealed_summary), type(found.sealed_series)) == (bytes, bytes)


@pytest.mark.sqlite
def test_postgresql_is_spoken_to_through_psycopg_3(environ: dict[str, str]):
    settings = Settings.from_env(environ | {"SOMNIA_DATABASE_URL": "postgresql://somnia@db.example.org/somnia?sslmode=require"})
    engine = create_engine(settings.database_url)
    assert (engine.dialect.name, engine.dialect.driver, engine.dialect.dbapi.__version__[0]) == ("postgresql", "psycopg", "3")


@pytest.mark.sqlite
@pytest.mark.parametrize("url", ["mysql://somnia:abcde@db/somnia", "postgres://somnia:abcde@db/somnia", "sqlite://", "somnia.db"])
def test_another_kind_of_database_is_refused_without_showing_its_password(environ: dict[str, str], url: str):
    with pytest.raises(SettingsError, match="begin with sqlite:/// or postgresql://") as refusal:
        Settings.from_env(environ | {"SOMNIA_DATABASE_URL": url})
    assert "abcde" not in str(refusal.value)
