import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select, text

from somnia_server import create_server
from somnia_server.settings import Settings, SettingsError
from somnia_server.store import audit, nights, people, recordings, tombstones
from somnia_server.store.actors import Actor
from somnia_server.store.connections import close_all
from somnia_server.store.erasure import KEPT, OWNED, erase_owner, replay_tombstones, shred
from somnia_server.store.house import house, now
from somnia_server.store.keys import MARKER
from somnia_server.store.nights import Kept, save_night
from somnia_server.store.tables import Base, KeyRow, session
from somnia_server.store.vault import ShreddedError
from tests.server.conftest import make_night

ANNA, BERT = "u-" + "a" * 32, "u-" + "b" * 32


def keep(owner: str) -> None:
    night = make_night()
    save_night(owner, night, kept=Kept(night.start.date(), owner))


def stone(settings: Settings) -> Path:
    (found,) = settings.keep.glob("tombstones-*")
    return found


def of_owner(owner: str) -> int:
    """Return how many rows of all tables name an owner."""
    found = 0
    for table, columns in OWNED.items():
        for column in columns:
            found += session().scalar(text(f"SELECT count(*) FROM {table} WHERE {column} = :owner"), {"owner": owner})
    return found


def test_every_table_is_somebodys_or_says_why_not():
    assert set(OWNED) | set(KEPT) == set(Base.metadata.tables)
    assert not set(OWNED) & set(KEPT)
    for name, columns in OWNED.items():
        assert set(columns) <= set(Base.metadata.tables[name].c.keys())


def test_a_column_of_owners_is_in_the_map():
    length = KeyRow.__table__.c.owner.type.length
    doers = {"by", "given_by", "opened_by", "created_by", "verified_by", "on_behalf", "actor", "answered_by"}
    for table in Base.metadata.sorted_tables:
        for column in table.c:
            owners = getattr(column.type, "length", None) == length and (column.name in {"owner", "user_id", "patient", "doctor", "minor"})
            if owners and table.name not in KEPT and column.name not in doers:
                assert column.name in OWNED[table.name], f"{table.name}.{column.name}"


@pytest.mark.usefixtures("context")
def test_what_was_sealed_for_a_shredded_owner_cannot_be_read_and_nothing_new_is_kept():
    sealed = house().vault.seal(b"x", table="t", row="r", owner=ANNA)
    session().commit()
    shred(ANNA)
    with pytest.raises(ShreddedError):
        house().vault.open_sealed(sealed, table="t", row="r", owner=ANNA)
    with pytest.raises(ShreddedError, match="has been erased"):
        house().vault.seal(b"y", table="t", row="r", owner=ANNA)
    house().vault.seal(b"y", table="t", row="r", owner=BERT)


def test_a_shredded_owner_gets_no_key_in_any_process(app: Flask, settings: Settings):
    other = create_server(settings)
    with app.app_context():
        shred(ANNA)
    for one in (other, create_server(settings)):
        with one.app_context(), pytest.raises(ShreddedError):
            house().vault.seal(b"y", table="t", row="r", owner=ANNA)


@pytest.mark.usefixtures("context")
def test_everything_of_an_erased_person_goes_and_everything_of_others_stays(settings: Settings):
    for owner in (ANNA, BERT):
        upload_id = recordings.add_upload(Actor.owner(owner), "x.csv", size=3)
        upload = recordings.find_upload(Actor.owner(owner), upload_id)
        assert upload is not None
        with recordings.open_writer(upload) as writer:
            writer.write(b"abc")
        keep(owner)
        people.note_visitor(owner.replace("u-", "v-"))
    session().commit()
    theirs = of_owner(BERT)
    erase_owner(ANNA)
    assert of_owner(ANNA) == 0
    assert of_owner(BERT) == theirs > 2
    assert len(list(settings.uploads.iterdir())) == 1
    assert ANNA in stone(settings).read_text()


@pytest.mark.usefixtures("context")
def test_the_chain_of_the_audit_log_stays_whole_and_says_nothing_of_an_erased_person_any_more():
    audit.note(Actor.owner(ANNA), "change", subject=ANNA, detail="a secret")
    session().commit()
    erase_owner(ANNA)
    assert audit.verify().faults == ()
    assert [(entry.action, entry.detail) for entry in audit.entries_about(Actor.owner(ANNA))] == [("change", "")]


@pytest.fixture
def restorable(
    settings: Settings, database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return what makes a backup of the whole database, and what puts it back."""
    file, kept = settings.instance / "somnia.db", tmp_path / "backup.db"
    if database:
        run, name = request.getfixturevalue("cluster").run, database.partition("?")[0].rpartition("/")[2]
        return (
            lambda: [close_all(), run(f"CREATE DATABASE {name}_kept TEMPLATE {name}")],
            lambda: [run(f"DROP DATABASE {name} WITH (FORCE)"), run(f"ALTER DATABASE {name}_kept RENAME TO {name}")],
        )

    def back_up() -> None:
        session().execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        session().commit()
        shutil.copy(file, kept)

    def restore() -> None:
        for path in settings.instance.glob("somnia.db*"):
            path.unlink()
        shutil.copy(kept, file)

    return back_up, restore


def test_a_restored_backup_brings_nobody_back(app: Flask, settings: Settings, restorable, disk: Callable[[], bytes], database: str):
    back_up, restore = restorable
    with app.app_context():
        keep(ANNA), keep(BERT)
        key = session().scalar(select(KeyRow.wrapped).where(KeyRow.owner == ANNA))
        session().commit()
        back_up()
        assert key in disk()
        erase_owner(ANNA)
        session().close()
    restore()
    assert key in disk()
    with create_server(settings).app_context():
        assert of_owner(ANNA) == 0
        assert nights.list_nights(Actor.owner(ANNA)) == ()
        assert len(nights.list_nights(Actor.owner(BERT))) == 1
    if not database:  # PostgreSQL keeps what is deleted until it needs the room
        assert key not in disk()
        assert ANNA.encode() not in disk()


@pytest.mark.usefixtures("context")
def test_an_erasure_that_was_killed_after_its_tombstone_is_done_at_the_next_start():
    keep(ANNA)
    tombstones.bury(ANNA)
    session().rollback()
    assert replay_tombstones() >= 2
    assert of_owner(ANNA) == 0
    assert replay_tombstones() == 0


@pytest.mark.usefixtures("context")
def test_a_torn_line_is_no_tombstone_and_the_next_one_is_whole(settings: Settings):
    tombstones.bury(ANNA)
    with stone(settings).open("ab") as file:
        file.write(f"{BERT} 2025".encode())
    assert tombstones.erased() == {ANNA}
    tombstones.bury("u-" + "c" * 32)
    tombstones.bury(ANNA)
    assert tombstones.erased() == {ANNA, "u-" + "c" * 32}
    assert stone(settings).read_bytes().count(b"\n") == 2


def test_a_changed_tombstone_stops_the_start(app: Flask, settings: Settings):
    with app.app_context():
        tombstones.bury(ANNA)
    stone(settings).write_text(stone(settings).read_text().replace(ANNA, BERT))
    with pytest.raises(SettingsError, match=r"Line 1 of .* was changed"):
        create_server(settings)


@pytest.mark.sqlite
def test_a_new_instance_beside_the_same_key_begins_its_own_file(app: Flask, environ: dict[str, str], tmp_path: Path):
    with app.app_context():
        tombstones.bury(ANNA)
    other = create_server(Settings.from_env(environ | {"SOMNIA_INSTANCE": str(tmp_path / "other")}))
    with other.app_context():
        assert tombstones.erased() == frozenset()


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("owner", ["", "a b", "a\nb"])
def test_only_an_id_can_be_buried(owner: str):
    with pytest.raises(ValueError, match="not an owner's id"):
        tombstones.bury(owner)


@pytest.mark.usefixtures("context")
def test_a_visitor_who_is_forgotten_loses_the_key_and_may_come_again():
    visitor = "v-" + "1" * 32
    upload_id = recordings.add_upload(Actor.owner(visitor), "x", size=1)
    recordings.remove_upload(Actor.owner(visitor), upload_id)
    assert people.purge_visitors(now() + timedelta(days=1)) == 1
    assert session().scalars(select(KeyRow.owner).where(KeyRow.owner != MARKER)).all() == []
    recordings.add_upload(Actor.owner(visitor), "x", size=1)
    assert of_owner(visitor) == 3


def test_a_key_cannot_come_into_being_while_its_owner_is_erased(app: Flask):
    """Both orders, many times: whoever is second either finds the tombstone or is deleted by it."""
    for i in range(20):
        owner = f"u-{i:032x}"
        child = os.fork()
        if not child:
            with app.app_context():
                try:
                    house().vault.seal(b"x", table="t", row="r", owner=owner)
                    session().commit()
                except ShreddedError:
                    session().rollback()
            os._exit(0)
        with app.app_context():
            erase_owner(owner)
        assert os.waitpid(child, 0)[1] == 0
        with app.app_context():
            assert session().scalar(select(KeyRow.owner).where(KeyRow.owner == owner)) is None
            session().execute(delete(KeyRow).where(KeyRow.owner == owner))
            session().commit()
