from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from somnia_engine.text import t
from somnia_server.i18n import languages
from somnia_server.store import consents
from somnia_server.store.actors import Actor, Role
from somnia_server.store.consents import FILES, PRIVACY, TERMS, TITLES, consents_of, give, history_of, text_of, withdraw
from somnia_server.store.guardians import end_grown_up, end_guardianship, state_guardianship, verify_guardianship, wards_of
from somnia_server.store.house import now
from somnia_server.store.persons import Profile, save_profile
from somnia_server.store.processing import processing_refusal
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import AuditRow, ConsentRow, GuardianRow, UserRow, session
from tests.server.conftest import make_account

pytestmark = pytest.mark.usefixtures("context")


def born(years: float, email: str | None = None) -> Actor:
    actor = make_account(email=email)
    save_profile(actor, Profile(birth_date=now().date() - timedelta(days=365.25 * years)))
    return actor


def agree(actor: Actor, subject: Actor | None = None) -> None:
    for kind in (TERMS, PRIVACY):
        assert give(actor, kind, subject=None if subject is None else subject.id)


def family() -> tuple[Actor, Actor, str]:
    minor, adult = born(12, "minor@example.org"), born(40)
    state_guardianship(adult, "minor@example.org")
    statement = wards_of(adult)[0].id
    assert verify_guardianship(make_account(Role.ADMIN), statement)
    return minor, adult, statement


def state_of(actor: Actor, kind: str) -> str:
    return next(consent.state for consent in consents_of(actor) if consent.kind == kind)


def entries(subject: Actor) -> list[tuple[str, str, str]]:
    return [(row.actor, row.action, row.object) for row in session().scalars(select(AuditRow).where(AuditRow.subject == subject.id))]


def was_given(*kinds: str, **said: object) -> None:
    """Let what was agreed to have been said otherwise."""
    for row in session().scalars(select(ConsentRow).where(ConsentRow.kind.in_(kinds or FILES))):
        for name, value in said.items():
            setattr(row, name, value)
    session().flush()


def test_every_text_has_a_version_a_title_and_words():
    for kind in FILES:
        text = text_of(kind)
        assert date.fromisoformat(text.version) <= date.today() + timedelta(days=366)
        assert len(text.version) <= 16
        assert text.title == TITLES[kind].msgid
        assert text.body.startswith(f"# {text.title}")
        assert "{clinic}" in text.body


@pytest.mark.parametrize("language", sorted(set(languages()) - {"en"}))
def test_a_text_says_the_same_version_in_every_language_that_has_it(language: str):
    for kind in FILES:
        assert text_of(kind, language).version == text_of(kind).version
    assert text_of(TERMS, "de").title == "Nutzungsbedingungen"
    assert text_of(TERMS, "../de") == text_of(TERMS, "xx") == text_of(TERMS)


def test_a_consent_is_given_and_withdrawn_by_one_call_each():
    me = make_account()
    for kind in FILES:
        assert state_of(me, kind) == consents.NOT_GIVEN
        assert give(me, kind)
        assert state_of(me, kind) == consents.GIVEN
        assert withdraw(me, kind)
        assert state_of(me, kind) == consents.NOT_GIVEN
        assert not withdraw(me, kind)


def test_who_gave_which_version_when_is_told():
    me = make_account()
    give(me, TERMS)
    (found,) = [consent for consent in consents_of(me) if consent.given]
    assert (found.kind, found.version, found.current, found.given_by) == (TERMS, text_of(TERMS).version, text_of(TERMS).version, me.id)
    assert now() - found.given_at < timedelta(minutes=1)


def test_an_older_version_is_out_of_date_until_the_new_one_is_given():
    me = make_account()
    give(me, TERMS)
    was_given(version="2001-01-01", given_at=now() - timedelta(days=9))
    session().commit()
    assert state_of(me, TERMS) == consents.OUT_OF_DATE
    give(me, TERMS)
    assert state_of(me, TERMS) == consents.GIVEN
    assert [past.version for past in history_of(me)] == ["2001-01-01", text_of(TERMS).version]
    withdraw(me, TERMS)
    assert all(past.withdrawn_at for past in history_of(me))
    assert state_of(me, TERMS) == consents.NOT_GIVEN


def test_the_history_keeps_everything_and_giving_twice_is_once():
    me = make_account()
    for _ in range(2):
        give(me, TERMS)
        give(me, TERMS)
        withdraw(me, TERMS)
    assert [(past.kind, past.withdrawn_at is not None) for past in history_of(me)] == [(TERMS, True)] * 2
    said = f"{TERMS} {text_of(TERMS).version}"
    assert entries(me) == [(me.id, "give_consent", said), (me.id, "withdraw_consent", said)] * 2


def test_a_text_that_was_changed_while_it_was_read_is_not_agreed_to():
    me = make_account()
    with pytest.raises(RefusalError):
        give(me, TERMS, version="2001-01-01")
    assert give(me, TERMS, version=text_of(TERMS).version)


def test_there_is_nothing_else_to_agree_to():
    for act in (give, withdraw):
        with pytest.raises(RefusalError):
            act(make_account(), "everything")


def test_strangers_give_and_withdraw_and_read_nothing():
    me = make_account()
    give(me, TERMS)
    for stranger in (make_account(), make_account(Role.ADMIN), make_account(Role.DOCTOR), Actor(me.id, Role.KIOSK)):
        assert not give(stranger, PRIVACY, subject=me.id)
        assert not withdraw(stranger, TERMS, subject=me.id)
        assert not any(consent.given for consent in consents_of(stranger, me.id))
        assert history_of(stranger, me.id) == ()
    assert state_of(me, TERMS) == consents.GIVEN
    assert not give(Actor("v-1", Role.VISITOR), TERMS)


def test_a_visitors_files_may_always_be_worked_on():
    assert processing_refusal("v-1") is None


def test_an_accounts_files_may_be_worked_on_once_birth_date_terms_and_privacy_are_given():
    me = make_account()
    assert "birth date" in str(processing_refusal(me.id))
    save_profile(me, Profile(birth_date=date(1980, 1, 1)))
    assert t(TITLES[TERMS]) in str(processing_refusal(me.id))
    give(me, TERMS)
    assert t(TITLES[PRIVACY]) in str(processing_refusal(me.id))
    give(me, PRIVACY)
    assert processing_refusal(me.id) is None


@pytest.mark.parametrize("kind", [TERMS, PRIVACY])
def test_a_withdrawn_or_outdated_consent_stops_the_work_at_the_next_step(kind: str):
    me = born(40)
    agree(me)
    assert processing_refusal(me.id) is None
    withdraw(me, kind)
    assert processing_refusal(me.id) is not None
    give(me, kind)
    was_given(kind, version="2001-01-01")
    session().commit()
    assert "changed" in str(processing_refusal(me.id))
    assert give(me, kind)
    assert processing_refusal(me.id) is None


def test_other_consents_are_not_needed_and_do_not_help():
    me = born(40)
    for kind in set(FILES) - {TERMS, PRIVACY}:
        give(me, kind)
    assert processing_refusal(me.id) is not None
    agree(me)
    for kind in set(FILES) - {TERMS, PRIVACY}:
        withdraw(me, kind)
    assert processing_refusal(me.id) is None


def test_a_minors_files_wait_for_a_verified_guardian_who_agrees():
    minor, adult = born(12, "minor@example.org"), born(40)
    with pytest.raises(RefusalError):
        agree(minor)
    assert "under 18" in str(processing_refusal(minor.id))
    state_guardianship(adult, "minor@example.org")
    assert not give(adult, TERMS, subject=minor.id)
    assert processing_refusal(minor.id) is not None
    verify_guardianship(make_account(Role.ADMIN), wards_of(adult)[0].id)
    assert "no guardian has agreed" in str(processing_refusal(minor.id))
    agree(adult, minor)
    assert processing_refusal(minor.id) is None


def test_a_guardians_consent_ends_with_the_guardian():
    minor, adult, statement = family()
    agree(adult, minor)
    assert processing_refusal(minor.id) is None
    end_guardianship(adult, statement)
    assert processing_refusal(minor.id) is not None


@pytest.mark.parametrize("by", ["minor", "guardian"])
def test_the_minor_and_the_guardian_withdraw_alike(by: str):
    minor, adult, _ = family()
    agree(adult, minor)
    assert state_of(minor, PRIVACY) == consents.GIVEN
    assert withdraw(adult if by == "guardian" else minor, PRIVACY, subject=minor.id)
    assert processing_refusal(minor.id) is not None


def test_a_guardian_who_is_a_minor_or_disabled_does_not_count():
    minor, adult, _ = family()
    agree(adult, minor)
    session().execute(update(UserRow).where(UserRow.id == adult.id).values(active=False))
    session().commit()
    assert processing_refusal(minor.id) is not None
    session().execute(update(UserRow).where(UserRow.id == adult.id).values(active=True))
    session().commit()
    assert processing_refusal(minor.id) is None
    save_profile(adult, Profile(birth_date=now().date() - timedelta(days=365 * 16)))
    assert processing_refusal(minor.id) is not None


def test_what_was_agreed_to_before_the_birth_date_was_said_does_not_count_for_a_minor():
    me = make_account()
    agree(me)
    save_profile(me, Profile(birth_date=now().date() - timedelta(days=3650)))
    assert processing_refusal(me.id) is not None
    assert state_of(me, TERMS) == consents.NOT_GIVEN


def test_who_turned_18_agrees_again_for_themselves():
    minor, adult, _ = family()
    agree(adult, minor)
    save_profile(adult, Profile(birth_date=now().date() - timedelta(days=18 * 366)), subject=minor.id)
    for given_by in (adult.id, minor.id):  # also what they gave themselves, before they were 18
        was_given(given_at=now() - timedelta(days=300), given_by=given_by)
        session().commit()
        assert "Not agreed to yet" in str(processing_refusal(minor.id))
        assert state_of(minor, TERMS) == consents.NOT_GIVEN
    assert end_grown_up(now()) == 1
    assert session().scalar(select(GuardianRow.ended_at)) is not None
    agree(minor)
    assert processing_refusal(minor.id) is None
