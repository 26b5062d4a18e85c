"""The accounts of those who look after others: made by an administrator, never by registering."""

from flask import current_app
from flask_security.utils import hash_password

from somnia_engine.text import t
from somnia_server.access.mail import tidy_email
from somnia_server.store.accounts import AccountError, expect_new_password, make_account
from somnia_server.store.actors import Actor, Role

STAFF = frozenset({Role.DOCTOR, Role.ADMIN})


def make_staff(actor: Actor, *, email: str, password: str, role: Role, first: bool = False) -> str:
    """Make a doctor's or an administrator's account and return its id; AccountError says why it cannot be made.

    A `first` password opens nothing but the choice of another.
    """
    if role not in STAFF:
        raise AccountError(f"an account of the role {role} is made by registering; {', '.join(sorted(STAFF))} are made here")
    try:
        address = tidy_email(email)
    except ValueError as error:
        raise AccountError(f"{email!r} is not an e-mail address") from error
    wrong, tidy = current_app.extensions["security"].password_util.validate(password, True, email=address)
    if wrong:
        raise AccountError(" ".join(t(sentence) for sentence in wrong))
    made = make_account(actor, email=address, password_hash=hash_password(tidy), role=role)
    if first:
        expect_new_password(made)
    return made
