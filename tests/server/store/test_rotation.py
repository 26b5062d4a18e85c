import fcntl
import os
import random
import signal
import subprocess
import sys
import threading
import time
from hashlib import sha256
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update

from somnia_server import create_server
from somnia_server.settings import Settings, SettingsError
from somnia_server.store.house import house
from somnia_server.store.keys import MARKER, StoredKeys, key_row, stored_keys
from somnia_server.store.masters import Masters
from somnia_server.store.rotation import rotate
from somnia_server.store.tables import KeyRow, session
from tests import reports

PROJECT = Path(__file__).resolve().parents[3]
ROTATE = (
    "import sys; from somnia_server import create_server; from somnia_server.settings import Settings\n"
    "from somnia_server.store.rotation import rotate\n"
    "with create_server(Settings.from_env()).app_context():\n"
    "    print('go', flush=True); rotate()"
)


def key_of(owner: str) -> bytes:
    return sha256(owner.encode()).digest()


def fill(count: int) -> None:
    master = stored_keys().masters.chosen()
    for at in range(0, count, 10_000):
        owners = [f"u-{i:032x}" for i in range(at, min(at + 10_000, count))]
        session().execute(insert(KeyRow), [key_row(owner, key_of(owner), master) for owner in owners])
        session().commit()


def readable(settings: Settings) -> int:
    """Return how many keys open and are what they were; every one of them has to."""
    keys, opened = StoredKeys(Masters(settings)), 0
    rows = session().execute(select(KeyRow.owner, KeyRow.master, KeyRow.wrapped).where(KeyRow.owner.startswith("u-")))
    for owner, master, wrapped in rows:
        assert keys.unwrapped(owner, master, wrapped) == key_of(owner)
        opened += 1
    session().commit()
    return opened


def masters_in_use() -> set[str]:
    return set(session().scalars(select(KeyRow.master).distinct()))


@pytest.mark.usefixtures("context")
def test_every_key_moves_to_a_new_master_and_is_what_it_was(settings: Settings):
    fill(50)
    before, house_key = Masters(settings).chosen(), house().vault.derive(b"cookies")
    done = rotate()
    assert (done.rewrapped, done.unreadable) == (51, 0)
    assert masters_in_use() == {done.master} != {before.id}
    assert readable(settings) == 50
    assert Masters(settings).chosen().id == done.master
    with create_server(settings).app_context():
        assert house().vault.derive(b"cookies") == house_key


def test_a_process_that_runs_on_finds_the_new_master_by_itself(app: Flask, settings: Settings):
    with app.app_context():
        sealed = house().vault.seal(b"x", table="t", row="r", owner="a")
        session().commit()
    for _ in range(2):
        with create_server(settings).app_context():
            rotate()
        with app.app_context():
            assert house().vault.open_sealed(sealed, table="t", row="r", owner="a") == b"x"
            house().vault.seal(b"y", table="t", row="r", owner=os.urandom(4).hex())
            session().commit()
            assert len(masters_in_use()) == 1


def test_pages_are_served_and_new_owners_arrive_while_the_keys_move(app: Flask, settings: Settings):
    with app.app_context():
        fill(15_000)
    sealed: dict[str, bytes] = {}
    over = threading.Event()

    def arrive() -> None:
        while not over.is_set():
            with app.app_context():
                owner = f"v-{len(sealed)}"
                sealed[owner] = house().vault.seal(owner.encode(), table="t", row="r", owner=owner)
                session().commit()

    others = threading.Thread(target=arrive)
    others.start()
    try:
        with create_server(settings).app_context():
            done = rotate()
    finally:
        over.set()
        others.join()
    with app.app_context():
        assert masters_in_use() == {done.master}
        assert readable(settings) == 15_000
        assert len(sealed) > 5
        for owner, blob in sealed.items():
            assert house().vault.open_sealed(blob, table="t", row="r", owner=owner) == owner.encode()


@pytest.mark.usefixtures("context")
def test_a_rotation_that_ended_at_any_step_is_gone_on_with(settings: Settings):
    fill(10)
    first = Masters(settings).chosen()
    coming = Masters(settings).renew()  # it ended with the next master's file alone
    assert readable(settings) == 10
    with create_server(settings).app_context():
        house().vault.seal(b"x", table="t", row="r", owner="a")
    row = session().execute(select(KeyRow).where(KeyRow.owner == "u-" + "0" * 31 + "5")).scalar_one()
    fields = key_row(row.owner, key_of(row.owner), coming)
    session().execute(update(KeyRow).where(KeyRow.owner == row.owner).values(master=fields["master"], wrapped=fields["wrapped"]))
    session().commit()  # it ended in the middle
    assert readable(settings) == 10
    os.link(settings.key_file, f"{settings.key_file}.retired-{first.id}")  # it ended before the new master took its place
    assert rotate().master == coming.id
    assert masters_in_use() == {coming.id}
    assert readable(settings) == 10
    assert rotate().master not in {first.id, coming.id}


@pytest.mark.usefixtures("context")
def test_a_restored_backup_is_read_with_the_retired_master_and_brought_forward(settings: Settings):
    fill(10)
    old = [dict(row._mapping) for row in session().execute(select(*KeyRow.__table__.c))]
    now = rotate().master
    for row in old:
        session().execute(update(KeyRow).where(KeyRow.owner == row["owner"]).values(master=row["master"], wrapped=row["wrapped"]))
    session().commit()
    with create_server(settings).app_context():
        assert readable(settings) == 10
        done = rotate()
    assert (done.master, done.rewrapped, done.retired) == (now, 11, None)


@pytest.mark.usefixtures("context")
def test_a_key_that_no_master_opens_is_counted_and_keeps_none_of_the_others_back(settings: Settings):
    fill(10)
    bad = KeyRow.owner == "u-" + "0" * 31 + "3"
    session().execute(update(KeyRow).where(bad).values(wrapped=b"\x01" + b"x" * 60))
    session().commit()
    done = rotate()
    assert (done.rewrapped, done.unreadable) == (10, 1)
    session().execute(KeyRow.__table__.delete().where(bad))
    session().commit()
    assert readable(settings) == 9


@pytest.mark.usefixtures("context")
def test_a_key_that_is_shredded_meanwhile_does_not_come_back():
    fill(5)
    session().execute(KeyRow.__table__.delete().where(KeyRow.owner != MARKER))
    session().commit()
    assert rotate().rewrapped == 1


@pytest.mark.usefixtures("context")
def test_one_rotation_at_a_time(settings: Settings):
    with (settings.keep / "rotation.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(SettingsError, match="under way already"):
            rotate()
    assert rotate().rewrapped == 1


def begin(environ: dict[str, str]) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen([sys.executable, "-c", ROTATE], cwd=PROJECT, env=os.environ | environ, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"go\n"
    return process


def moved(settings: Settings) -> int:
    """Return how many keys the rotation under way has moved."""
    coming = Masters(settings).coming()
    count = select(func.count()).select_from(KeyRow).where(KeyRow.master == ("" if coming is None else coming.id))
    found = session().scalar(count) or 0
    session().commit()
    return found


def killed(process: "subprocess.Popen[bytes]", settings: Settings, *, at: int) -> bool:
    """Kill a rotation once it has moved so many keys; False when it had ended before."""
    while process.poll() is None and moved(settings) < at:
        pass
    process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL


def kill_often(settings: Settings, environ: dict[str, str], *, keys: int, kills: int) -> None:
    """Cut rotations short at random points until so many were really killed; every key opens after each."""
    fill(keys)
    chance, cut = random.Random(kills), 0
    while cut < kills:
        at = chance.randint(min(moved(settings), keys), keys)  # all may have moved already, the key of the house too
        cut += killed(begin(environ), settings, at=at)
        assert readable(settings) == keys
    assert rotate().unreadable == 0
    assert len(masters_in_use()) == 1
    assert readable(settings) == keys


@pytest.mark.sqlite
@pytest.mark.usefixtures("context")
def test_a_few_killed_rotations_leave_every_key_readable(settings: Settings, environ: dict[str, str]):
    kill_often(settings, environ, keys=10_000, kills=3)


@pytest.mark.slow
@pytest.mark.usefixtures("context")
def test_a_million_keys_move_in_a_minute_and_fifty_kills_lose_none(settings: Settings, environ: dict[str, str], database: str):
    kill_often(settings, environ, keys=200_000, kills=50)
    session().execute(KeyRow.__table__.delete().where(KeyRow.owner != MARKER))
    session().commit()
    fill(1_000_000)
    started, worked = time.perf_counter(), time.process_time()
    done = rotate()
    took_s, cpu_s = time.perf_counter() - started, time.process_time() - worked
    assert readable(settings) == 1_000_000
    found = {
        "keys moved in one rotation": f"{done.rewrapped - 1:,}",
        "time on the clock (at most 60 s)": f"{took_s:.1f} s, under a load of {os.getloadavg()[0]:.1f}",
        "of which this process's own work": f"{cpu_s:.1f} s",
        "rotations of 200,000 keys killed before their end, each at a random point": "50",
        "keys that could not be read after a kill": "0",
        "keys that could not be moved by the next run": "0",
    }
    kind = "postgresql" if database else "sqlite"
    reports.keep(f"r14-rotation-{kind}", f"R14: the master key is replaced while the pages are served ({kind})", found=found)
    assert took_s <= 60
