"""Break-glass: a doctor opens a patient's nights in an emergency, for a day, with a reason, and in sight of everybody concerned."""

from sqlalchemy import select

from somnia_engine.text import Text
from somnia_server.store.actors import Actor, Role
from somnia_server.store.addresses import account_at, administrators, called
from somnia_server.store.attempts import count_try
from somnia_server.store.grants import EMERGENCY, SharingError, Terms, put_grant
from somnia_server.store.notices import EMERGENCY as EMERGENCY_NOTICE
from somnia_server.store.notices import tell, tell_with_guardians
from somnia_server.store.reach import works_here
from somnia_server.store.tables import UserRow, session

REASON_CHARS = 20
MOST_CHARS = 2000


def break_glass(actor: Actor, patient: str, *, reason: str) -> str:
    """Open a patient's nights to a doctor for a day and return the patient's id; the patient, guardians and administrators are told.

    `patient` is the id or the exact address of an account.

    Raises
    ------
    SharingError
        This is no doctor who works here, the reason is too short, or nobody has that address.
    """
    if actor.role is not Role.DOCTOR or session().scalar(select(UserRow.id).where(UserRow.id == actor.id, works_here(UserRow.id))) is None:
        raise SharingError(Text("Only a doctor opens nights in an emergency."))
    said = " ".join(reason.split())
    if not REASON_CHARS <= len(said) <= MOST_CHARS:
        given = {"given": len(said), "least": REASON_CHARS, "most": MOST_CHARS}
        raise SharingError(Text("The reason has {given} characters. Write {least} to {most}: what happened, and what you need.", given))
    count_try("break glass", actor)
    owner = _account(patient)
    if owner is None:
        raise SharingError(Text("No account here has this address or number. Check its spelling."))
    put_grant(actor, owner, doctor=actor.id, terms=Terms(days=1), kind=EMERGENCY, reason=said)
    doctor = called(actor.id)
    opened = Text(
        "{doctor} opened your nights in an emergency, for 24 hours. The reason given: {reason} You can end this under Sharing.",
        {"doctor": doctor, "reason": said},
    )
    tell_with_guardians(owner, EMERGENCY_NOTICE, opened)
    for admin in administrators():
        tell(admin, EMERGENCY_NOTICE, Text("{doctor} opened a patient’s nights in an emergency. See the audit log.", {"doctor": doctor}))
    session().commit()
    return owner


def _account(given: str) -> str | None:
    by_id = session().scalar(select(UserRow.id).where(UserRow.id == given.strip(), UserRow.active))
    return by_id or account_at(given)
