import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, text, update

from somnia_server import create_server
from somnia_server.settings import Settings, SettingsError
from somnia_server.store.house import house
from somnia_server.store.keys import MARKER, unwrap, wrap
from somnia_server.store.masters import Master
from somnia_server.store.tables import KeyRow, session
from somnia_server.store.vault import ShreddedError, TamperedError

PROJECT = Path(__file__).resolve().parents[3]
ONE, TWO = Master(b"1" * 32), Master(b"2" * 32)


def seal(owner: str = "a", plain: bytes = b"secret") -> bytes:
    return house().vault.seal(plain, table="t", row="r", owner=owner)


def opened(sealed: bytes, owner: str = "a") -> bytes:
    return house().vault.open_sealed(sealed, table="t", row="r", owner=owner)


def wrapped(owner: str) -> bytes | None:
    return session().scalar(select(KeyRow.wrapped).where(KeyRow.owner == owner))


@pytest.mark.usefixtures("context")
def test_an_owners_key_is_made_with_what_is_first_sealed_and_stays():
    assert wrapped("a") is None
    first = seal()
    session().commit()
    kept = wrapped("a")
    second = seal()
    assert kept is not None
    assert wrapped("a") == kept
    assert opened(first) == opened(second) == b"secret"


@pytest.mark.usefixtures("context")
def test_opening_makes_no_key():
    with pytest.raises(ShreddedError):
        opened(b"\x02" + b"x" * 60)
    assert wrapped("a") is None


@pytest.mark.usefixtures("context")
def test_owners_have_different_keys():
    seal("a"), seal("b")
    keys = house().vault.keys
    assert keys.of("a", make=False) != keys.of("b", make=False)


@pytest.mark.usefixtures("context")
def test_a_key_that_was_rolled_back_is_used_no_more():
    seal()
    session().rollback()
    sealed = seal()
    session().commit()
    assert opened(sealed) == b"secret"


@pytest.mark.usefixtures("context")
def test_a_key_made_in_a_savepoint_that_failed_is_used_no_more():
    session().execute(text("UPDATE visitors SET id = id"))
    saved = session().begin_nested()
    seal()
    saved.rollback()
    sealed = seal()
    session().commit()
    assert opened(sealed) == b"secret"


def test_many_at_once_agree_on_the_first_key(app: Flask):
    together = threading.Barrier(8)

    def arrive(_: int) -> bytes:
        with app.app_context():
            together.wait()
            sealed = seal("new")
            session().commit()
            return sealed

    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(arrive, range(8)))
    with app.app_context():
        assert {opened(sealed, "new") for sealed in kept} == {b"secret"}


def test_a_key_that_goes_in_one_process_is_gone_in_the_others_at_their_next_request(app: Flask, settings: Settings):
    other = create_server(settings)
    with app.app_context():
        sealed = seal()
        session().commit()
    with other.app_context():
        assert opened(sealed) == b"secret"
    with app.app_context():
        session().execute(delete(KeyRow).where(KeyRow.owner == "a"))
        session().commit()
    with other.app_context(), pytest.raises(ShreddedError):
        opened(sealed)


@pytest.mark.usefixtures("context")
def test_a_wrapped_key_opens_for_its_owner_and_master_only():
    kept = wrap(b"k" * 32, "a", ONE)
    assert unwrap(kept, "a", ONE) == b"k" * 32
    for blob, owner, master in ((kept, "b", ONE), (kept, "a", TWO), (kept[:-1], "a", ONE), (b"", "a", ONE), (kept[:5], "a", ONE)):
        with pytest.raises(TamperedError):
            unwrap(blob, owner, master)


@pytest.mark.usefixtures("context")
def test_a_key_row_of_another_owner_or_an_unknown_master_is_caught_and_the_others_still_open():
    mine, theirs = seal("a"), seal("b")
    session().commit()
    session().execute(update(KeyRow).where(KeyRow.owner == "b").values(wrapped=wrapped("a")))
    session().commit()
    with pytest.raises(TamperedError):
        opened(theirs, "b")
    session().execute(update(KeyRow).where(KeyRow.owner == "b").values(master="f" * 32))
    session().commit()
    with pytest.raises(TamperedError, match="which is not here"):
        opened(theirs, "b")
    assert opened(mine) == b"secret"


def test_the_keys_of_the_house_stay_from_start_to_start_and_differ_by_purpose(settings: Settings):
    seen = []
    for _ in range(2):
        with create_server(settings).app_context():
            vault = house().vault
            seen.append((vault.derive(b"cookies"), vault.derive(b"audit"), vault.seal_word("a@b"), vault.fingerprint("x")))
            assert vault.open_word(seen[-1][2]) == "a@b"
    assert seen[0] == seen[1]
    assert len({*seen[0][:2]}) == 2


@pytest.mark.sqlite
def test_the_keys_of_the_house_do_not_follow_from_the_master(environ: dict[str, str], tmp_path: Path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "master.key").touch(0o600)
    (tmp_path / "keys" / "master.key").write_bytes(b"m" * 32)
    found = set()
    for name in ("one", "two"):
        with create_server(Settings.from_env(environ | {"SOMNIA_INSTANCE": str(tmp_path / name)})).app_context():
            found.add(house().vault.derive(b"cookies"))
    assert len(found) == 2


def test_a_start_with_another_master_is_refused(app: Flask, environ: dict[str, str], tmp_path: Path):
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(KeyRow).where(KeyRow.owner == MARKER)) == 1
    with pytest.raises(SettingsError, match="not the one that the settings lead to"):
        create_server(Settings.from_env(environ | {"SOMNIA_KEY_FILE": str(tmp_path / "other" / "master.key")}))


def test_processes_that_start_at_once_agree_on_the_key_of_the_house(environ: dict[str, str]):
    code = (
        "from somnia_server import create_server; from somnia_server.settings import Settings\n"
        "print(create_server(Settings.from_env()).secret_key)"
    )
    env = os.environ | environ
    started = [subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, env=env, stdout=subprocess.PIPE) for _ in range(4)]
    assert len({process.communicate(timeout=60)[0] for process in started}) == 1
    assert {process.returncode for process in started} == {0}


@pytest.mark.usefixtures("context")
def test_no_key_lies_readable_in_the_database(disk: Callable[[], bytes]):
    seal()
    session().commit()
    kept = wrapped("a")
    key = house().vault.keys.of("a", make=False)
    session().rollback()
    found = disk()
    assert kept is not None
    assert kept in found
    assert key not in found
