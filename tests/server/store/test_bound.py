"""Who can write to the database, without the keys, lets nobody in by it: rows that open doors count with their marks only."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from somnia_server.store import (
    accounts,
    bound,
    clients,
    consents,
    guardians,
    invitations,
    kiosks,
    nights,
    persons,
    schema,
    sessions,
    tokens,
)
from somnia_server.store.actors import Actor, Role
from somnia_server.store.bound import FIELDS
from somnia_server.store.grants import grants_of, revoke
from somnia_server.store.house import now
from somnia_server.store.nights import Kept
from somnia_server.store.tables import AuditRow, GrantRow, KioskRow, SessionRow, UserRow, db, session
from somnia_server.store.vault import TamperedError
from tests.server.conftest import make_account, make_night

pytestmark = pytest.mark.usefixtures("context")
DAY = date(2025, 1, 10)


class Insider:
    """Somebody with accounts of their own who writes rows by hand; `victim` has a night."""

    def __init__(self) -> None:
        self.me, self.doctor = make_account(email="me@example.org"), make_account(Role.DOCTOR, email="doc@example.org")
        self.victim, self.friend = make_account(email="v@example.org"), make_account(email="f@example.org")
        for who in (self.victim, self.friend):
            nights.save_night(who.id, make_night(DAY), kept=Kept(DAY, who.id))
        for who, born in ((self.me, 1980), (self.victim, 2015)):
            persons.save_profile(who, persons.Profile(name="Somebody", birth_date=date(born, 1, 1)))

    def write(self, statement: str, **values: object) -> None:
        session().execute(text(statement), values)
        session().commit()
        session().expire_all()

    def copy(self, table: str, where: str, **changed: object) -> None:
        """Put in a copy of a row with some values changed, the mark of the original with it."""
        row = dict(session().execute(text(f"SELECT * FROM {table} WHERE {where}")).mappings().one())
        row |= changed
        self.write(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})", **row)


@pytest.fixture
def insider(context: None) -> Insider:
    return Insider()


def reads(actor: Actor, whose: Actor) -> int:
    return len(nights.list_nights(actor, whose.id))


def test_a_grant_to_oneself_opens_nothing(insider: Insider):
    invitations.share_with_address(insider.friend, "doc@example.org")
    assert reads(insider.doctor, insider.friend) == 1
    insider.copy("grants", "1 = 1", id="0" * 32, patient=insider.victim.id)
    assert reads(insider.doctor, insider.victim) == 0
    insider.write("UPDATE grants SET mark = NULL WHERE patient = :v", v=insider.victim.id)
    assert reads(insider.doctor, insider.victim) == 0
    assert reads(insider.doctor, insider.friend) == 1


@pytest.mark.parametrize("change", ["expires_at = '2999-01-01 00:00:00'", "scope = 'nights'", "may_upload = true", "last_night = NULL"])
def test_a_grant_is_not_widened(insider: Insider, change: str):
    terms = invitations.Terms(scope="reports", last_night=DAY - timedelta(days=1), days=1)
    invitations.share_with_address(insider.friend, "doc@example.org", terms=terms)
    assert persons.read_by_doctor(insider.doctor, insider.friend.id) is not None
    insider.write(f"UPDATE grants SET {change}")
    assert persons.read_by_doctor(insider.doctor, insider.friend.id) is None


def test_a_grant_that_was_revoked_does_not_come_back(insider: Insider):
    invitations.share_with_address(insider.friend, "doc@example.org")
    (grant,) = grants_of(insider.friend)
    assert revoke(insider.friend, grant.id)
    insider.write("UPDATE grants SET revoked_at = NULL")
    assert reads(insider.doctor, insider.friend) == 0


def test_an_invitation_for_ones_own_address_is_no_grant(insider: Insider):
    invitations.share_with_address(insider.friend, "later@example.org")
    sealed = session().execute(text("SELECT email FROM users WHERE id = :d"), {"d": insider.doctor.id}).scalar_one()
    insider.copy("invitations", "1 = 1", id="0" * 32, code="0" * 64, patient=insider.victim.id, email=sealed)
    assert invitations.claim(insider.doctor) == 0
    assert reads(insider.doctor, insider.victim) == 0


def test_a_guardianship_that_nobody_verified_opens_nothing(insider: Insider):
    guardians.state_guardianship(insider.me, "v@example.org")
    insider.write("UPDATE guardians SET verified_at = :at, verified_by = :by", at=now().replace(tzinfo=None), by=insider.doctor.id)
    assert reads(insider.me, insider.victim) == 0
    insider.write("UPDATE guardians SET verified_at = NULL, verified_by = NULL")
    admin = make_account(Role.ADMIN)
    (statement,) = guardians.statements(admin)
    assert guardians.verify_guardianship(admin, statement.id)
    assert reads(insider.me, insider.victim) == 1
    assert guardians.end_guardianship(insider.me, statement.id)
    insider.write("UPDATE guardians SET ended_at = NULL")
    assert reads(insider.me, insider.victim) == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE roles_users SET role_id = (SELECT id FROM roles WHERE name = 'admin') WHERE user_id = :me",
        "INSERT INTO roles_users (user_id, role_id) SELECT CAST(:me AS VARCHAR), id FROM roles WHERE name = 'doctor'",
        "UPDATE users SET active = true WHERE id = :me",
        "UPDATE users SET password = 'another' WHERE id = :me",
        "UPDATE users SET mark = NULL WHERE id = :me",
        "UPDATE users SET tf_totp_secret = 'one of mine' WHERE id = :me",
        "UPDATE users SET mf_recovery_codes = 'one of mine' WHERE id = :me",
    ],
)
def test_an_account_that_was_changed_lets_nobody_in(insider: Insider, change: str):
    make_account(Role.ADMIN)
    token = sessions.begin_session(insider.me.id, "Firefox")
    if "active" in change:
        accounts.set_active(make_account(Role.ADMIN), insider.me.id, active=False)
        token = sessions.begin_session(insider.me.id, "Firefox")
        assert sessions.actor_of_session(token) is None
    else:
        assert sessions.actor_of_session(token) is not None
    insider.write(change, me=insider.me.id)
    assert sessions.actor_of_session(token) is None
    assert session().get_one(UserRow, insider.me.id).is_active is False


def test_an_account_that_was_changed_is_not_marked_again_by_being_written(insider: Insider):
    insider.write("UPDATE users SET password = 'mine' WHERE id = :v", v=insider.victim.id)
    row = session().get_one(UserRow, insider.victim.id)
    row.totp_last = 5
    row.password = "mine again"
    with pytest.raises(TamperedError):
        session().commit()
    session().rollback()


def test_a_session_of_ones_own_is_not_anothers(insider: Insider):
    token = sessions.begin_session(insider.me.id, "Firefox")
    insider.write("UPDATE sessions SET user_id = :v", v=insider.victim.id)
    assert sessions.actor_of_session(token) is None


def test_a_session_that_was_ended_does_not_come_back(insider: Insider):
    token = sessions.begin_session(insider.me.id, "Firefox")
    sessions.end_session(token)
    insider.write("UPDATE sessions SET ended_at = NULL")
    assert sessions.actor_of_session(token) is None


def test_a_refresh_token_of_ones_own_is_not_anothers(insider: Insider):
    token = tokens.begin_family(insider.me.id, client="app", scope="read").token
    insider.write("UPDATE refresh_tokens SET user_id = :v", v=insider.victim.id)
    assert tokens.rotate(token, client="app") is None


def test_a_code_of_ones_own_is_not_anothers(insider: Insider):
    client_id = clients.add_client(make_account(Role.ADMIN), name="App", redirect_uris=("https://a.example",), scope="read")
    client = clients.find_client(client_id or "")
    assert client is not None
    clients.give_code(insider.me, client, code="c", redirect_uri="https://a.example", scope="read", challenge="x")
    assert clients.find_code("c", client.id) is not None
    insider.write("UPDATE codes SET user_id = :v", v=insider.victim.id)
    assert clients.find_code("c", client.id) is None


def test_a_passkey_of_ones_own_is_not_anothers(insider: Insider):
    said = {"credential_id": b"c", "public_key": b"p", "sign_count": 0, "name": "n", "usage": "first", "backup_state": False}
    accounts.Accounts().create_webauthn(session().get_one(UserRow, insider.me.id), device_type="x", **said)
    session().commit()
    assert accounts.Accounts().find_webauthn(b"c") is not None
    insider.write("UPDATE passkeys SET user_id = :v", v=insider.victim.id)
    assert accounts.Accounts().find_webauthn(b"c") is None


def test_a_display_of_ones_own_is_not_another_doctors(insider: Insider):
    other = make_account(Role.DOCTOR, email="other@example.org")
    invitations.share_with_address(insider.victim, "other@example.org")
    pairing = kiosks.start_pairing(insider.doctor, "Ward 3")
    token = kiosks.pair(pairing.code) or ""
    actor = kiosks.kiosk_actor(token)
    assert actor is not None
    insider.write("UPDATE kiosks SET doctor = :other", other=other.id)
    assert kiosks.kiosk_actor(token) is None
    assert kiosks.board(actor) == ()


def test_a_bed_that_nobody_hung_shows_nothing(insider: Insider):
    invitations.share_with_address(insider.victim, "doc@example.org")
    pairing = kiosks.start_pairing(insider.doctor, "Ward 3")
    actor = kiosks.kiosk_actor(kiosks.pair(pairing.code) or "")
    assert actor is not None
    put = "INSERT INTO beds (kiosk, patient, position, sealed_alias) VALUES (:k, :v, 0, :alias)"
    insider.write(put, k=actor.id, v=insider.victim.id, alias=b"\x02" + b"x" * 60)
    (bed,) = kiosks.board(actor)
    assert (bed.damaged, bed.tst_min, bed.stages) == (True, None, None)


def test_a_consent_that_nobody_gave_allows_nothing(insider: Insider):
    assert consents.give(insider.me, consents.PRIVACY)
    insider.copy("consents", "1 = 1", id="0" * 32, owner=insider.friend.id, given_by=insider.friend.id)
    assert consents.counting(insider.friend.id, consents.PRIVACY) == ()
    insider.write("UPDATE consents SET kind = 'ai_text' WHERE owner = :me", me=insider.me.id)
    assert consents.counting(insider.me.id, consents.AI_TEXT) == ()


def test_a_consent_that_was_withdrawn_does_not_come_back(insider: Insider):
    assert consents.give(insider.me, consents.PRIVACY)
    assert len(consents.counting(insider.me.id, consents.PRIVACY)) == 1
    assert consents.withdraw(insider.me, consents.PRIVACY)
    insider.write("UPDATE consents SET withdrawn_at = NULL")
    assert consents.counting(insider.me.id, consents.PRIVACY) == ()


def test_an_account_that_was_changed_before_an_upgrade_is_not_marked_by_it(insider: Insider):
    assert consents.give(insider.me, consents.PRIVACY)
    session().close()
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE consents DROP COLUMN mark"))
        connection.execute(text("UPDATE users SET password = 'mine' WHERE id = :v"), {"v": insider.victim.id})
        connection.execute(text("UPDATE alembic_version SET version_num = '0005'"))
    schema.upgrade(db.engine, "0006")
    assert len(consents.counting(insider.me.id, consents.PRIVACY)) == 1
    assert bound.vouched(session().get_one(UserRow, insider.me.id))
    assert not bound.vouched(session().get_one(UserRow, insider.victim.id))


def test_what_is_refused_is_noted(app: Flask, insider: Insider, caplog: pytest.LogCaptureFixture):
    bound._told.clear()
    token = sessions.begin_session(insider.me.id, "Firefox")
    insider.write("UPDATE sessions SET user_id = :v", v=insider.victim.id)

    @app.get("/assets/<path:filename>")
    def asked(filename: str) -> str:
        return str(sessions.actor_of_session(token))

    assert app.test_client().get("/assets/x").text == "None"
    session().rollback()
    noted = session().scalars(select(AuditRow.object).where(AuditRow.action == "forged")).all()
    assert [one.partition(" ")[0] for one in noted] == ["sessions"]
    assert "sessions" in caplog.text
    assert "does not carry its mark and counts for nothing" in caplog.text


def test_roles_passwords_and_factors_are_changed_by_us_as_ever(insider: Insider):
    admin = make_account(Role.ADMIN)
    changes: list[Callable[[], object]] = [
        lambda: accounts.set_role(admin, insider.me.id, Role.DOCTOR),
        lambda: accounts.set_active(admin, insider.me.id, active=False),
        lambda: accounts.set_active(admin, insider.me.id, active=True),
        lambda: setattr(session().get_one(UserRow, insider.me.id), "password", "new"),
        lambda: setattr(session().get_one(UserRow, insider.me.id), "tf_totp_secret", "s"),
        lambda: accounts.link_identity(insider.me, "issuer subject"),
        lambda: accounts.use_counter(insider.me.id, 7),
    ]
    for change in changes:
        change()
        session().commit()
        session().expire_all()
        assert bound.vouched(session().get_one(UserRow, insider.me.id))


def test_each_table_that_opens_doors_has_marks_and_an_upgrade_gives_them_once(insider: Insider):
    invitations.share_with_address(insider.friend, "doc@example.org")
    invitations.share_with_address(insider.friend, "later@example.org")
    sessions.begin_session(insider.me.id, "Firefox")
    kiosks.start_pairing(insider.doctor, "Ward 3")
    session().close()
    with db.engine.begin() as connection:
        for table in FIELDS:
            connection.execute(text(f"ALTER TABLE {table.__tablename__} DROP COLUMN mark"))
        for column in ("refresh_tokens DROP COLUMN began_at", "users DROP COLUMN first_password_at"):  # of a later migration
            connection.execute(text(f"ALTER TABLE {column}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    schema.upgrade(db.engine, "0006")
    assert reads(insider.doctor, insider.friend) == 1
    for table in (UserRow, GrantRow, SessionRow, KioskRow):
        assert all(bound.vouched(row) for row in session().scalars(select(table)))
    session().close()
    insider.write("UPDATE grants SET mark = NULL")
    schema.upgrade(db.engine, "0006")
    assert reads(insider.doctor, insider.friend) == 0


def test_every_column_of_a_marked_row_is_covered_or_only_narrows():
    narrowing = {
        "mark", "created_at", "revoked_at", "used_at", "ended_at", "withdrawn_at", "seen_at", "sealed_agent", "used", "stated_at",
        "sign_count", "transports", "backup_state", "device_type", "extensions", "name", "create_datetime", "lastuse_datetime",
        "code_expires_at", "fields", "paired_at", "sealed_name", "fs_uniquifier", "tf_phone_number", "mf_recovery_codes",
        "fs_webauthn_user_handle", "totp_last", "confirmed_at", "first_password_at", "began_at",
    }  # fmt: skip
    for table, names in FIELDS.items():
        left = {column.name for column in table.__table__.c} - set(names) - narrowing
        assert left <= {"id", "code", "family", "user_id"}, (table, left)
