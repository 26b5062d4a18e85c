"""What several do at the same moment ends as if they had done it one after another, and nobody waits for somebody who waits for them."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from somnia_server.store import audit
from somnia_server.store.actors import Actor, Role
from somnia_server.store.grants import grants_of, revoke
from somnia_server.store.invitations import claim, invitations_of, share_with_address, withdraw_invitation
from somnia_server.store.tables import AuditRow, session
from tests.server.conftest import make_account

PATIENTS = 6
ROUNDS = 5


def at_once(app: Flask, *things: Callable[[], object]) -> list[BaseException]:
    """Do things at the same moment, each in a thread of its own; return what went wrong."""
    begin, wrong = threading.Barrier(len(things)), []

    def one(do: Callable[[], object]) -> None:
        with app.app_context():
            begin.wait()
            try:
                do()
            except BaseException as error:
                wrong.append(error)

    threads = [threading.Thread(target=one, args=(do,)) for do in things]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return wrong


def revoke_all(patient: Actor) -> None:
    for grant in grants_of(patient):
        revoke(patient, grant.id)


def withdraw_all(patient: Actor) -> None:
    for invitation in invitations_of(patient):
        withdraw_invitation(patient, invitation.id)


def test_claiming_revoking_and_withdrawing_at_once_wait_for_each_other_in_one_order(app: Flask):
    with app.app_context():
        doctor = make_account(Role.DOCTOR, email="d@example.org")
        patients = [make_account() for _ in range(PATIENTS)]
        for patient in patients:
            share_with_address(patient, "d@example.org")
    for _ in range(ROUNDS):
        with app.app_context():
            for patient in patients:
                wait_for_the_doctor(patient, "d@example.org")
        acts = [lambda p=p: revoke_all(p) for p in patients] + [lambda p=p: withdraw_all(p) for p in patients]
        assert at_once(app, lambda: claim(doctor), lambda: claim(doctor), *acts) == []
    with app.app_context():
        assert audit.verify().faults == ()


def wait_for_the_doctor(patient: Actor, email: str) -> None:
    """Let an invitation wait for a doctor who is there already, as if it had been written before their account was made."""
    from somnia_server.store.grants import Terms
    from somnia_server.store.invitations import _row

    _row(patient.id, Terms(), digest=f"{patient.id}{len(invitations_of(patient))}"[-64:]).email = email
    session().commit()


def test_four_who_write_a_hundred_entries_each_leave_one_unbroken_log(app: Flask):
    def write(who: Actor) -> None:
        for i in range(100):
            audit.note(who, "looked", subject="u-1", thing=str(i), detail="why")
            session().commit()

    assert at_once(app, *(lambda i=i: write(Actor(f"u-w{i}", Role.DOCTOR)) for i in range(4))) == []
    with app.app_context():
        assert audit.verify() == audit.Verdict(400, ())
        assert session().scalar(select(func.count(AuditRow.seq.distinct()))) == 400


@pytest.mark.usefixtures("context")
def test_what_was_rolled_back_is_not_noted():
    audit.note(Actor("u-1", Role.USER), "looked", subject="u-2")
    session().rollback()
    audit.note(Actor("u-1", Role.USER), "read", subject="u-2")
    session().commit()
    assert session().scalars(select(AuditRow.action)).all() == ["read"]
