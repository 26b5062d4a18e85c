import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from hashlib import sha256

import pytest

from somnia_server.settings import Settings
from somnia_server.store import jobs, nights, people, persons, recordings, retention
from somnia_server.store.actors import Actor, Role
from somnia_server.store.choices import Choices
from somnia_server.store.house import now
from somnia_server.store.jobs import Order
from somnia_server.store.nightcodec import pack_night
from somnia_server.store.nights import Kept
from somnia_server.store.persons import PersonSettings
from somnia_server.store.tables import (
    Base,
    CodeRow,
    InvitationRow,
    KioskRow,
    NoticeRow,
    RefreshRow,
    SessionRow,
    TryRow,
    UploadRow,
    UserRow,
    VisitorRow,
    session,
)
from somnia_server.work.worker import sweep
from tests.server.conftest import make_night

pytestmark = pytest.mark.usefixtures("context")


def account() -> Actor:
    return Actor(f"u-{secrets.token_hex(16)}", Role.USER)


def visitor() -> Actor:
    return Actor(f"v-{secrets.token_hex(16)}", Role.VISITOR)


def bring(actor: Actor) -> str:
    upload_id = recordings.add_upload(actor, "n.csv", size=1)
    assert upload_id is not None
    upload = recordings.find_upload(actor, upload_id)
    assert upload is not None
    with recordings.open_writer(upload) as writer:
        writer.write(b"x")
        writer.finish()
    recordings.mark_ready(actor, upload_id, sha256=sha256(b"x").hexdigest())
    return upload_id


def analyse(actor: Actor, upload_id: str) -> None:
    jobs.add_job(actor, Order(actor.id, (upload_id,), date(2025, 1, 10), Choices(), secrets.token_hex(8)))
    claim = jobs.claim_next()
    assert claim is not None
    kept = Kept(date(2025, 1, 10), claim.fingerprint, expires_at=retention.night_stays_until(claim.owner, now()))
    assert jobs.finish(claim, pack_night(make_night()), kept=kept)


def wants(actor: Actor, hours: float | None) -> None:
    persons.save_settings(actor, PersonSettings(raw_retention_h=hours))


def test_nights_of_an_account_never_expire_and_those_of_a_visitor_do(settings: Settings):
    at = now()
    assert retention.night_stays_until(account().id, at) is None
    assert retention.night_stays_until(visitor().id, at) == at + timedelta(hours=settings.visitor_hours)


def test_a_file_of_an_account_waits_a_month_and_a_visitors_as_long_as_their_nights(settings: Settings):
    at = now()
    assert retention.upload_stays_until(account().id, at) == at + timedelta(days=30)
    assert retention.upload_stays_until(visitor().id, at) == at + timedelta(hours=settings.visitor_hours)
    me = account()
    upload = recordings.find_upload(me, bring(me))
    assert upload is not None
    assert upload.expires_at == upload.created_at + timedelta(days=30)


def test_who_has_an_account_is_not_noted_as_a_visitor():
    me = account()
    bring(me)
    assert session().get(VisitorRow, me.id) is None
    people.note_visitor("v-" + "1" * 32)
    assert session().get(VisitorRow, "v-" + "1" * 32) is not None


def test_raw_files_go_after_the_analysis_unless_their_person_wants_them_kept():
    usual, keeps = account(), account()
    wants(keeps, 48)
    for actor, left in ((usual, 0), (keeps, 1)):
        upload_id = bring(actor)
        analyse(actor, upload_id)
        recordings.release_uploads([upload_id], at=now())
        assert len(recordings.list_uploads(actor)) == left
    (kept,) = recordings.list_uploads(keeps)
    assert timedelta(hours=47) < kept.expires_at - now() <= timedelta(hours=48)


def test_a_person_who_wants_raw_files_gone_overrules_the_server(settings: Settings):
    object.__setattr__(settings, "raw_hours", 72.0)
    at = now()
    me = account()
    assert retention.raw_stays_until(me.id, at) == at + timedelta(hours=72)
    wants(me, 0)
    assert retention.raw_stays_until(me.id, at) is None


def test_the_sweep_lets_go_of_raw_files_after_a_kill_and_after_a_change_of_mind():
    me = account()
    wants(me, 48)
    upload_id = bring(me)
    analyse(me, upload_id)
    sweep()
    (kept,) = recordings.list_uploads(me)
    assert kept.expires_at < now() + timedelta(hours=48)
    wants(me, 0)
    sweep()
    assert recordings.list_uploads(me) == ()
    assert len(nights.list_nights(me)) == 1


def test_a_file_that_waited_too_long_goes():
    me = account()
    upload_id = bring(me)
    session().get_one(UploadRow, upload_id).expires_at = now()
    session().commit()
    sweep()
    assert session().get(UploadRow, upload_id) is None


OWNER = "u-" + "1" * 32
Make = Callable[[datetime], Base]


def spent_invitation(at: datetime, **changed: datetime) -> InvitationRow:
    row = InvitationRow(id=secrets.token_hex(16), patient=OWNER, code=secrets.token_hex(8), scope="nights", may_upload=False, grant_days=9)
    row.created_at, row.expires_at = at, changed.get("expires_at", now() + timedelta(days=9))
    row.used_at, row.withdrawn_at = changed.get("used_at"), changed.get("withdrawn_at")
    return row


def kiosk(at: datetime, **changed: datetime) -> KioskRow:
    row = KioskRow(id=f"k-{secrets.token_hex(16)}", doctor=OWNER, code_expires_at=at, fields="score", created_at=at, sealed_name=b"")
    row.paired_at, row.revoked_at = changed.get("paired_at"), changed.get("revoked_at")
    return row


def refresh(at: datetime) -> RefreshRow:
    row = RefreshRow(digest=secrets.token_hex(16), family="f", user_id=OWNER, client="c", scope="s", created_at=at)
    row.expires_at = at
    return row


def code(at: datetime) -> CodeRow:
    row = CodeRow(digest=secrets.token_hex(16), client="c", user_id=OWNER, redirect_uri="r", scope="s", challenge="h", used=True)
    row.created_at = row.expires_at = at
    return row


def browser(at: datetime, ended_at: datetime | None) -> SessionRow:
    return SessionRow(id=secrets.token_hex(16), user_id=OWNER, created_at=at, seen_at=at, ended_at=ended_at)


SPENT: dict[str, Make] = {
    "invitation expired": lambda at: spent_invitation(at, expires_at=at),
    "invitation used": lambda at: spent_invitation(at, used_at=at),
    "invitation withdrawn": lambda at: spent_invitation(at, withdrawn_at=at),
    "kiosk never paired": kiosk,
    "kiosk revoked": lambda at: kiosk(at, paired_at=at, revoked_at=at),
    "refresh token": refresh,
    "code": code,
    "session ended": lambda at: browser(at, at),
    "session left": lambda at: browser(at, None),
}


@pytest.mark.parametrize("what", SPENT)
def test_what_is_spent_stays_a_month_and_no_longer(what: str):
    at = now()
    session().add(UserRow(id=OWNER, email="a@b.example", active=True, fs_uniquifier=OWNER, created_at=at))
    session().flush()
    old, young = SPENT[what](at - timedelta(days=30, minutes=1)), SPENT[what](at - timedelta(days=29))
    session().add_all([old, young])
    session().commit()
    assert retention.purge_spent(at) == 1
    session().expunge_all()
    assert session().query(type(young)).count() == 1


def test_a_counter_goes_with_its_window_and_a_paired_kiosk_stays():
    at = now()
    session().add(TryRow(key="a", count=1, expires_at=at - timedelta(seconds=1)))
    session().add(TryRow(key="b", count=1, expires_at=at + timedelta(seconds=9)))
    session().add(kiosk(at - timedelta(days=400), paired_at=at - timedelta(days=400)))
    session().commit()
    assert retention.purge_spent(at) == 1
    assert session().query(TryRow).one().key == "b"
    assert session().query(KioskRow).count() == 1


def test_a_notice_stays_a_year_after_it_was_read_and_unread_for_good():
    at = now()
    for read_at in (at - timedelta(days=366), at - timedelta(days=364), None):
        session().add(
            NoticeRow(
                id=secrets.token_hex(16), owner=OWNER, kind="x", created_at=at - timedelta(days=900), read_at=read_at, sealed_text=b""
            )
        )
    session().commit()
    assert retention.purge_spent(at) == 1
    assert session().query(NoticeRow).count() == 2
