import secrets
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store import nights, persons, recordings
from somnia_server.store.actors import Actor, Role
from somnia_server.store.house import house, now
from somnia_server.store.leaving import LeavingError, erase
from somnia_server.store.nights import Kept
from somnia_server.store.tables import AuditRow, Base, NightRow, PersonRow, RefreshRow, SessionRow, UploadRow, UserRow, session
from somnia_server.store.vault import TamperedError
from tests.server.conftest import make_account, make_night
from tests.server.store.test_persons import FULL, HISTORY, guard
from tests.server.store.test_retention import bring, visitor

DAY = date(2025, 1, 10)


def fill(actor: Actor) -> None:
    """Give a person something to lose, and a browser and a program that act for them."""
    persons.save_profile(actor, FULL)
    persons.save_history(actor, HISTORY)
    nights.save_night(actor.id, make_night(note="Canary note"), kept=Kept(DAY, "f"))
    bring(actor)
    at = now()
    session().add(SessionRow(id=secrets.token_hex(16), user_id=actor.id, created_at=at, seen_at=at))
    token = RefreshRow(digest=secrets.token_hex(16), family="f", user_id=actor.id, client="c", scope="s", created_at=at)
    token.expires_at = at
    session().add(token)
    session().commit()


def rows_of(owner: str) -> dict[str, int]:
    """Return how many rows of each table name an owner anywhere, the audit log aside."""
    found = {}
    for table in Base.metadata.sorted_tables:
        rows = session().execute(table.select()).all() if table.name != "audit" else []
        found[table.name] = sum(owner in map(str, row) for row in rows)
    return {name: count for name, count in found.items() if count}


def ciphers_of(actor: Actor) -> dict[bytes, str]:
    """Return a stretch of every sealed value and file of a person, and what it is: what no byte search may find afterwards."""
    person = session().get_one(PersonRow, actor.id)
    night = session().query(NightRow).filter_by(owner=actor.id).one()
    upload = session().query(UploadRow).filter_by(owner=actor.id).one()
    (file,) = house().settings.uploads.glob(f"{upload.id}.*")
    whole = {
        "profile": person.sealed_profile,
        "history": person.sealed_history,
        "summary": night.sealed_summary,
        "series": night.sealed_series,
        "name": upload.sealed_name,
        "file": file.read_bytes(),
    }
    return {sealed[-24:]: what for what, sealed in whole.items() if sealed is not None}


def kept_in(settings: Settings, canaries: dict[bytes, str]) -> set[str]:
    """Return what lies in the instance's folder before anything goes: all of it where the database is a file there."""
    return set(canaries.values()) if settings.database_url.startswith("sqlite") else {"file"}


def found_in(folder: Path, canaries: dict[bytes, str]) -> set[str]:
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {what for canary, what in canaries.items() if any(canary in content for content in contents)}


@pytest.mark.usefixtures("context")
def test_everything_of_who_leaves_goes_and_nothing_of_others(settings: Settings):
    me, other = make_account(), make_account()
    fill(me)
    fill(other)
    others = rows_of(other.id)
    canaries = ciphers_of(me)
    sealed = session().get_one(PersonRow, me.id).sealed_profile
    assert sealed is not None
    assert found_in(settings.instance, canaries) == kept_in(settings, canaries)
    assert erase(me, password_checked=True)
    assert rows_of(me.id) == {}
    assert found_in(settings.instance, canaries) == set()
    with pytest.raises(TamperedError):
        house().vault.open_sealed(sealed, table="persons.profile", row=me.id, owner=me.id)
    assert rows_of(other.id) == others
    assert persons.load_profile(other) == FULL
    assert len(list(settings.uploads.iterdir())) == 1
    entry = session().query(AuditRow).filter_by(subject=me.id).one()
    assert (entry.actor, entry.action, entry.sealed_detail) == (me.id, "erase", None)


def test_a_restored_backup_brings_nobody_back(settings: Settings, tmp_path: Path):
    if not settings.database_url.startswith("sqlite"):
        pytest.skip("this backup is a copy of files; the tombstones of either database are tested beside them")
    with create_server(settings).app_context():
        me, other = make_account(), make_account()
        fill(me)
        fill(other)
        canaries = ciphers_of(me)
        session().close()
        shutil.copytree(settings.instance, tmp_path / "backup")
        erase(me, password_checked=True)
    shutil.rmtree(settings.instance)
    shutil.copytree(tmp_path / "backup", settings.instance)
    assert found_in(settings.instance, canaries) == set(canaries.values())
    with create_server(settings).app_context():
        assert rows_of(me.id) == {}
        assert found_in(settings.instance, canaries) == set()
        assert persons.load_profile(other) == FULL
        assert len(nights.list_nights(other)) == 1


@pytest.mark.usefixtures("context")
def test_nothing_goes_without_the_password():
    me = make_account()
    fill(me)
    with pytest.raises(LeavingError, match="password"):
        erase(me, password_checked=False)
    assert persons.load_profile(me) == FULL
    assert session().query(AuditRow).filter_by(subject=me.id).count() == 0


@pytest.mark.usefixtures("context")
def test_only_the_person_their_guardian_or_an_administrator_deletes():
    child, parent, stranger, doctor, admin = (make_account(role) for role in (Role.USER, Role.USER, Role.USER, Role.DOCTOR, Role.ADMIN))
    fill(child)
    for other in (stranger, doctor, parent, Actor(child.id, Role.KIOSK)):
        assert not erase(other, child.id, password_checked=True)
    assert not erase(admin, "u-" + "9" * 32, password_checked=True)
    assert persons.load_profile(child) == FULL
    guard(parent, child)
    assert erase(parent, child.id, password_checked=True)
    assert rows_of(child.id) == {}
    assert erase(admin, stranger.id, password_checked=True)
    actors = [row.actor for row in session().query(AuditRow).filter_by(action="erase").order_by(AuditRow.seq)]
    assert actors == [parent.id, admin.id]


@pytest.mark.usefixtures("context")
def test_the_last_administrator_stays():
    first, second = make_account(Role.ADMIN), make_account(Role.ADMIN)
    session().get_one(UserRow, second.id).active = False
    session().commit()
    with pytest.raises(LeavingError, match="administrator"):
        erase(first, password_checked=True)
    session().get_one(UserRow, second.id).active = True
    session().commit()
    assert erase(first, password_checked=True)


@pytest.mark.usefixtures("context")
def test_a_visitor_leaves_without_a_password():
    me = visitor()
    upload_id = bring(me)
    assert erase(me, password_checked=False)
    assert rows_of(me.id) == {}
    assert recordings.find_upload(me, upload_id) is None
    assert not erase(replace(me, role=Role.VISITOR), make_account().id, password_checked=True)
