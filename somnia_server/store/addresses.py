"""Whose account an address is, and what to call somebody: asked by stores that have already decided that it may be said."""

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import ColumnElement, select

from somnia_server.store import persons
from somnia_server.store.actors import Role
from somnia_server.store.reach import works_here
from somnia_server.store.tables import RoleRow, UserRow, session

NOBODY = "?"
"""What somebody is called who is no longer here."""


def spellings(email: str) -> tuple[str, ...]:
    """Return how an address may have been written down when its account was made."""
    given = email.strip()
    try:
        tidy = validate_email(given, check_deliverability=False).normalized
    except EmailNotValidError:
        tidy = given
    return tuple(dict.fromkeys((tidy, tidy.lower(), given, given.lower())))


def account_at(email: str) -> str | None:
    """Return the account of an address that is in use and was confirmed; None when there is none."""
    return _at(email, UserRow.active.is_(True))


def doctor_at(email: str) -> str | None:
    """Return the doctor's account of an address; None when there is none that works here."""
    return _at(email, works_here(UserRow.id))


def address_of(account: str) -> str | None:
    """Return the confirmed address of an account; None when it has none."""
    return session().scalar(select(UserRow.email).where(UserRow.id == account, UserRow.confirmed_at.is_not(None)))


def administrators() -> tuple[str, ...]:
    """Return the accounts of those who administer this instance."""
    return tuple(session().scalars(select(UserRow.id).where(UserRow.active, UserRow.roles.any(RoleRow.name == Role.ADMIN))))


def called(account: str) -> str:
    """Return what to call the person of an account: their name, else their address."""
    return persons.profile_of(account).name or session().scalar(select(UserRow.email).where(UserRow.id == account)) or NOBODY


def _at(email: str, may: ColumnElement[bool]) -> str | None:
    query = select(UserRow.id).where(UserRow.email.in_(spellings(email)), UserRow.confirmed_at.is_not(None), may)
    return session().scalars(query.limit(1)).one_or_none()
