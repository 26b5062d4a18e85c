from datetime import date, timedelta

import pytest
from sqlalchemy import update

from somnia_server.store import consents, jobs, outbox, persons, tidings, tries, visits
from somnia_server.store.actors import Actor, Role
from somnia_server.store.grants import Terms, put_grant
from somnia_server.store.house import now
from somnia_server.store.nightcodec import pack_night
from somnia_server.store.nights import Kept, load_night
from somnia_server.store.notices import ACCESS, EMERGENCY, READY, VISIT, list_notices, mark_read, tell, unread
from somnia_server.store.persons import PersonSettings, Profile
from somnia_server.store.tables import NoticeRow, VisitRow, session
from somnia_server.store.visits import Detail
from tests.server.conftest import make_account, make_night
from tests.server.store.test_jobs import add

pytestmark = pytest.mark.usefixtures("context")
NIGHT = date(2025, 1, 10)


def somebody_grown() -> Actor:
    me = make_account()
    persons.save_profile(me, Profile(birth_date=date(1980, 5, 4)))
    for kind in ("terms", "privacy"):
        consents.give(me, kind)
    return me


def analyzed(owner: str, *, data: bytes = b"x", night: date = NIGHT) -> str:
    add(owner, night=night, data=data)
    claim = jobs.claim_next()
    night_id = jobs.finish(claim, pack_night(make_night()), kept=Kept(night, claim.fingerprint))
    assert night_id is not None
    return night_id


def told(*, later: timedelta = timedelta()) -> int:
    tries.forget("tidings")
    return tidings.tell_all(now() + later)


def wants(actor: Actor, *, mail: tuple[str, ...] = (), quiet: tuple[str, ...] = ()) -> None:
    persons.save_settings(actor, PersonSettings(email_notices=mail, quiet_notices=quiet))


def test_a_night_that_is_ready_is_told_once():
    me = somebody_grown()
    analyzed(me.id)
    assert (told(), told(), told(later=timedelta(hours=2))) == (1, 0, 0)
    (found,) = list_notices(me)
    assert (found.kind, found.read_at) == (READY, None)
    assert "2025" not in str(found.text)


def test_a_year_of_nights_is_told_once_and_what_comes_later_again():
    me = somebody_grown()
    analyzed(me.id)
    assert told() == 1
    analyzed(me.id, data=b"y", night=NIGHT + timedelta(days=1))
    assert told() == 0
    assert told(later=timedelta(hours=1, minutes=1)) == 1


def test_visitors_are_told_nothing():
    analyzed("v-somebody")
    assert told() == 0


def test_a_person_whose_night_a_doctor_opens_is_told_at_most_once_a_day():
    me, doctor = somebody_grown(), make_account(Role.DOCTOR)
    night_id = analyzed(me.id)
    put_grant(me, me.id, doctor=doctor.id, terms=Terms())
    session().commit()
    told()
    assert load_night(me, night_id) is not None
    assert told() == 0, "one's own looking is no news"
    assert load_night(doctor, night_id) is not None
    assert (told(), told()) == (1, 0)
    assert sorted(notice.kind for notice in list_notices(me)) == [ACCESS, READY]
    assert list_notices(doctor) == ()


def test_what_a_person_does_not_want_in_the_app_is_not_counted():
    me = somebody_grown()
    wants(me, quiet=("night",))
    analyzed(me.id)
    told()
    assert unread(me) == 0
    assert outbox.take_letters(now()) == ()


def test_both_sides_of_a_visit_are_reminded_a_day_before_and_once():
    me, doctor = make_account(), make_account(Role.DOCTOR)
    put_grant(me, me.id, doctor=doctor.id, terms=Terms())
    session().commit()
    visits.plan(doctor, me.id, begins_at=now() + timedelta(hours=30), minutes=20, detail=Detail("https://video.example.org/7"))
    assert told() == 0
    assert told(later=timedelta(hours=7)) == 2
    assert told(later=timedelta(hours=8)) == 0
    assert {notice.kind for who in (me, doctor) for notice in list_notices(who)} >= {VISIT}


def test_a_visit_planned_for_this_evening_is_recalled_an_hour_before():
    me, doctor = make_account(), make_account(Role.DOCTOR)
    put_grant(me, me.id, doctor=doctor.id, terms=Terms())
    session().commit()
    visit = visits.plan(doctor, me.id, begins_at=now() + timedelta(hours=5), minutes=20, detail=Detail("https://video.example.org/7"))
    assert told() == 0
    assert told(later=timedelta(hours=4, minutes=30)) == 2
    assert session().get_one(VisitRow, visit).reminded_at is not None


def test_what_is_new_becomes_one_letter_a_person():
    me = make_account(email="ann@example.org")
    tell(me.id, EMERGENCY, tidings.SAID[ACCESS])
    tell(me.id, EMERGENCY, tidings.SAID[ACCESS])
    session().commit()
    (letter,) = outbox.take_letters(now())
    assert (letter.address, letter.visit, len(letter.notices)) == ("ann@example.org", False, 2)
    outbox.sent(letter, now())
    assert outbox.take_letters(now() + timedelta(hours=1)) == ()


def test_a_letter_that_was_not_sent_comes_again_later_and_later_and_then_no_more():
    me = make_account()
    tell(me.id, EMERGENCY, tidings.SAID[ACCESS])
    session().commit()
    at = now()
    for wait in outbox.WAITS:
        assert len(outbox.take_letters(at)) == 1
        assert outbox.take_letters(at + wait - timedelta(seconds=1)) == ()
        at += wait
    assert outbox.take_letters(at) == ()


@pytest.mark.parametrize("mail", [(), ("night", "sharing", "access", "visit")])
def test_nobody_gets_mail_that_they_did_not_choose(mail):
    me = make_account()
    wants(me, mail=mail)
    tell(me.id, EMERGENCY, tidings.SAID[ACCESS])
    session().commit()
    assert outbox.take_letters(now()) == ()
    wants(me, mail=("emergency",))
    assert outbox.take_letters(now()) == (), "what was decided stays decided"


def test_what_was_read_in_the_app_or_is_old_is_not_sent():
    me, other = make_account(), make_account()
    for who in (me, other):
        tell(who.id, EMERGENCY, tidings.SAID[ACCESS])
    session().commit()
    mark_read(me)
    session().execute(update(NoticeRow).where(NoticeRow.owner == other.id).values(created_at=now() - timedelta(days=2)))
    session().commit()
    assert outbox.take_letters(now()) == ()
