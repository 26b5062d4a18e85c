"""Clips of loud moments: sealed, heard by whoever may see the night, gone with it, with their time and with their person."""

import io
import zipfile
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from somnia_engine.types.clips import Clip
from somnia_server.store import audit
from somnia_server.store.actors import Role
from somnia_server.store.clips import STAY, list_clips, load_clip, purge_clips, put_clips
from somnia_server.store.erasure import erase_owner
from somnia_server.store.export import export_zip
from somnia_server.store.grants import grants_of, revoke
from somnia_server.store.house import now
from somnia_server.store.invitations import share_with_address
from somnia_server.store.nights import Kept, delete_night, save_night
from somnia_server.store.tables import session
from tests.server.conftest import make_account, make_night

pytestmark = pytest.mark.usefixtures("context")
DAY = date(2025, 1, 10)
CLIPS = tuple(Clip(float(at), 10.0, 20.0, 2.0, b"canary-sound" * 4, b"canary-picture") for at in (400, 100))


def a_night(owner: str) -> str:
    night_id = save_night(owner, make_night(DAY), kept=Kept(DAY, "f"))
    put_clips(owner, night_id, clips=CLIPS)
    session().commit()
    return night_id


def count() -> int:
    return int(session().scalar(text("SELECT count(*) FROM clips")))


def test_clips_are_sealed_and_come_back_in_order_of_time():
    me = make_account()
    night_id = a_night(me.id)
    sealed = session().scalars(text("SELECT sealed_clip FROM clips")).all()
    assert all(b"canary" not in one and b"Y2FuYXJ5" not in one for one in sealed)
    found = list_clips(me, night_id)
    assert [kept.clip.onset_s for kept in found] == [100.0, 400.0]
    assert load_clip(me, found[0].id).clip.sound == CLIPS[1].sound
    put_clips(me.id, night_id, clips=CLIPS[:1])
    assert count() == 1


def test_a_stranger_hears_none_and_a_doctor_those_of_open_nights_which_is_noted():
    patient, doctor, other = make_account(), make_account(Role.DOCTOR, email="d@example.org"), make_account(email="o@example.org")
    night_id = a_night(patient.id)
    clip_id = list_clips(patient, night_id)[0].id
    assert list_clips(other, night_id) == list_clips(doctor, night_id) == ()
    assert load_clip(other, clip_id) is load_clip(doctor, clip_id) is None
    share_with_address(patient, "d@example.org")
    assert load_clip(doctor, clip_id) is not None
    assert "read_clips" in [entry.action for entry in audit.entries_about(patient, patient.id)]
    revoke(patient, grants_of(patient)[0].id)
    assert load_clip(doctor, clip_id) is None


def test_they_go_after_their_time_with_their_night_and_with_their_person():
    me, another = make_account(), make_account(email="o@example.org")
    night_id = a_night(me.id)
    a_night(another.id)
    assert purge_clips(now() + STAY - timedelta(minutes=1)) == 0
    delete_night(me, night_id)
    assert count() == 2
    erase_owner(another.id)
    assert count() == 0
    a_night(me.id)
    assert purge_clips(now() + STAY + timedelta(minutes=1)) == 2
    assert count() == 0


def test_one_whose_time_is_over_is_heard_no_more_before_it_is_purged():
    me = make_account()
    night_id = a_night(me.id)
    session().execute(text("UPDATE clips SET expires_at = :then"), {"then": now() - timedelta(seconds=1)})
    assert list_clips(me, night_id) == ()


def test_a_changed_clip_is_left_out():
    me = make_account()
    night_id = a_night(me.id)
    session().execute(text("UPDATE clips SET sealed_clip = :x WHERE id = (SELECT min(id) FROM clips)"), {"x": b"nothing sealed" * 9})
    assert len(list_clips(me, night_id)) == 1


def test_they_are_part_of_a_persons_copy():
    me = make_account()
    a_night(me.id)
    with zipfile.ZipFile(io.BytesIO(b"".join(export_zip(me)))) as archive:
        names = [name for name in archive.namelist() if "/loud-" in name]
        assert [name.rpartition("/")[2] for name in names] == [f"loud-{at:06d}-s.{kind}" for at in (100, 400) for kind in ("mp3", "png")]
        assert archive.read(names[0]) == CLIPS[0].sound
