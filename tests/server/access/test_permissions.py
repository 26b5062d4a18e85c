import secrets
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import delete

from somnia_server.access.permissions import FAMILY, RULES, SCOPES, Action, ForbiddenError, is_function, may, require
from somnia_server.store.actors import Actor, Role
from somnia_server.store.house import now
from somnia_server.store.reach import NIGHTS, REPORTS
from somnia_server.store.relations import Relation, relations
from somnia_server.store.tables import BedRow, GrantRow, GuardianRow, KioskRow, session
from tests.server.conftest import make_account

pytestmark = pytest.mark.usefixtures("context")
OF_PERSONS = [action for action in Action if not is_function(action)]
FUNCTIONS = [action for action in Action if is_function(action)]


def actor_in(role: Role) -> Actor:
    made = {Role.VISITOR: f"v-{secrets.token_hex(16)}", Role.KIOSK: f"k-{secrets.token_hex(16)}"}
    return Actor(made[role], role) if role in made else make_account(role)


def grant(patient: Actor, doctor: Actor, scope: str = NIGHTS, *, may_upload: bool = False) -> None:
    row = GrantRow(id=secrets.token_hex(16), patient=patient.id, doctor=doctor.id, kind="consent", scope=scope, may_upload=may_upload)
    row.created_at, row.expires_at = now(), now() + timedelta(days=1)
    session().add(row)
    session().commit()


def guard(guardian: Actor, minor: Actor, *, verified: bool = True) -> None:
    row = GuardianRow(id=secrets.token_hex(16), guardian=guardian.id, minor=minor.id, stated_at=now())
    row.verified_at = now() if verified else None
    session().add(row)
    session().commit()


def hang(patient: Actor, doctor: Actor) -> Actor:
    kiosk = KioskRow(id=f"k-{secrets.token_hex(16)}", doctor=doctor.id, fields="", created_at=now(), code_expires_at=now(), sealed_name=b"")
    session().add(kiosk)
    session().flush()
    session().add(BedRow(kiosk=kiosk.id, patient=patient.id, position=0, sealed_alias=b""))
    session().commit()
    return Actor(kiosk.id, Role.KIOSK)


def allowed(actor: Actor, subject: Actor) -> set[Action]:
    return {action for action in OF_PERSONS if may(actor, action, subject.id)}


def test_every_action_has_its_line_in_the_table():
    assert set(RULES) == set(Action)
    assert all(action in set().union(*SCOPES.values()) for action in set(Action) - {Action.BREAK_GLASS})


@pytest.mark.parametrize("role", Role)
def test_a_stranger_may_nothing_with_anybodys_data(role: Role):
    stranger = actor_in(role)
    for other in Role:
        assert allowed(stranger, actor_in(other)) == set()
    assert allowed(stranger, Actor("", role)) == set()


@pytest.mark.parametrize("role", [Role.USER, Role.DOCTOR, Role.ADMIN])
def test_who_has_an_account_may_everything_with_their_own_data(role: Role):
    me = actor_in(role)
    assert allowed(me, me) == set(OF_PERSONS) - {Action.SHOW_BOARD}


def test_a_visitor_keeps_nights_and_nothing_more():
    me = actor_in(Role.VISITOR)
    nights = {Action.READ_NIGHT, Action.READ_REPORT, Action.CHANGE_NIGHT, Action.UPLOAD, Action.PROCESS}
    assert allowed(me, me) == nights | {Action.EXPORT, Action.ERASE}


def test_a_guardian_may_what_the_ward_may_once_verified():
    guardian, minor, unverified = make_account(), make_account(), make_account()
    guard(guardian, minor)
    guard(unverified, minor, verified=False)
    assert allowed(guardian, minor) == {action for action in OF_PERSONS if RULES[action].get(Role.USER) == FAMILY}
    assert Action.CONSENT in allowed(guardian, minor)
    assert allowed(unverified, minor) == allowed(minor, guardian) == set()


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"scope": NIGHTS}, {Action.READ_NIGHT, Action.READ_REPORT, Action.READ_PROFILE}),
        ({"scope": REPORTS}, {Action.READ_REPORT, Action.READ_PROFILE}),
        ({"scope": REPORTS, "may_upload": True}, {Action.READ_REPORT, Action.READ_PROFILE, Action.UPLOAD, Action.PROCESS}),
    ],
)
def test_a_doctor_may_what_the_grant_says_until_it_ends(terms, expected):
    patient, doctor = make_account(), make_account(Role.DOCTOR)
    grant(patient, doctor, **terms)
    assert allowed(doctor, patient) == expected
    assert allowed(Actor(doctor.id, Role.USER), patient) == set()
    session().execute(delete(GrantRow))
    session().commit()
    assert allowed(doctor, patient) == set()


def test_a_kiosk_shows_the_board_of_its_own_beds_while_its_doctor_may_read():
    patient, doctor = make_account(), make_account(Role.DOCTOR)
    kiosk = hang(patient, doctor)
    assert relations(kiosk, patient.id) == set()
    grant(patient, doctor)
    assert relations(kiosk, patient.id) == {Relation.BED}
    assert allowed(kiosk, patient) == {Action.SHOW_BOARD}
    assert allowed(kiosk, doctor) == set()
    session().execute(delete(GrantRow))
    session().commit()
    assert allowed(kiosk, patient) == set()


def test_functions_belong_to_their_roles():
    granted = {role: {action for action in FUNCTIONS if may(actor_in(role), action)} for role in Role}
    admin = {Action.MANAGE_ACCOUNTS, Action.MANAGE_CLIENTS, Action.MANAGE_BREACHES, Action.READ_AUDIT, Action.READ_OUTWARD}
    doctor = {Action.ASK_TO_SHARE, Action.BREAK_GLASS, Action.PAIR_KIOSK, Action.STATE_GUARDIAN, Action.READ_WORKLIST, Action.SIGN_NIGHT}
    assert granted == {
        Role.VISITOR: set(),
        Role.USER: {Action.STATE_GUARDIAN},
        Role.DOCTOR: doctor,
        Role.ADMIN: admin | {Action.STATE_GUARDIAN, Action.VERIFY_GUARDIAN},
        Role.KIOSK: set(),
    }


def test_anothers_things_are_not_found_and_anothers_functions_are_forbidden():
    me, other = make_account(), make_account()
    with pytest.raises(ForbiddenError) as refused:
        require(me, Action.READ_NIGHT, other.id)
    assert refused.value.status == 404
    with pytest.raises(ForbiddenError) as refused:
        require(me, Action.MANAGE_ACCOUNTS)
    assert refused.value.status == 403
    require(me, Action.READ_NIGHT, me.id)


def test_a_token_opens_no_more_than_its_scopes_and_its_bearer_may():
    me = Actor("v-1", Role.VISITOR)
    for scope, action in product(SCOPES, OF_PERSONS):
        bearer, stranger = (Actor(owner, Role.VISITOR, frozenset({scope})) for owner in ("v-1", "v-2"))
        assert may(bearer, action, me.id) == (action in SCOPES[scope] and may(me, action, me.id)), (scope, action)
        assert not may(stranger, action, me.id)


def test_a_token_without_scopes_or_with_unknown_ones_opens_nothing():
    me = make_account()
    for scopes in ((), ("everything",)):
        assert allowed(Actor(me.id, me.role, frozenset(scopes)), me) == set()
    with pytest.raises(ForbiddenError) as refused:
        require(Actor(me.id, me.role, frozenset({"nights:read"})), Action.EXPORT, me.id)
    assert refused.value.status == 403
    assert "account" in str(refused.value)
