"""Accounts: who has one, in which role, and what each may prove itself with; the library's view of the tables included."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any, cast

from flask_security import SQLAlchemyUserDatastore
from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError

from somnia_server.store.actors import Actor, Role
from somnia_server.store.audit import note
from somnia_server.store.bound import mark_of, vouched
from somnia_server.store.house import now
from somnia_server.store.sessions import RANKS, end_sessions, role_of
from somnia_server.store.tables import PasskeyRow, RoleRow, UserRow, db, session

MADE, DISABLED, ENABLED, ROLE, PASSWORD, FACTOR, EVERYWHERE, EMAIL, IDENTITY = (
    "account.made",
    "account.disabled",
    "account.enabled",
    "account.role",
    "account.password",
    "account.factor",
    "account.everywhere",
    "account.email",
    "account.identity",
)
"""What the audit log says of accounts."""
HOUSE = Actor("house", Role.ADMIN)
"""Who acts when somebody at the server's own keyboard does."""


class AccountError(Exception):
    """An account cannot be made or changed; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of an account without opening anything of its person."""

    id: str
    email: str
    role: Role
    active: bool
    confirmed: bool
    created_at: datetime
    factor: str | None
    passkeys: int


class Accounts(SQLAlchemyUserDatastore):
    """The library's view of the tables: a new account gets our id, a new passkey its date."""

    def __init__(self) -> None:
        super().__init__(db, UserRow, RoleRow, PasskeyRow)

    def create_user(self, **kwargs: Any) -> UserRow:
        """Return a new account, in the role `user` unless another is named."""
        kwargs = {"id": f"u-{token_hex(16)}", "created_at": now(), "roles": [Role.USER]} | kwargs
        return cast(UserRow, super().create_user(**kwargs))

    def create_webauthn(self, user: UserRow, **kwargs: Any) -> None:  # type: ignore[override]
        """Add a passkey to an account."""
        super().create_webauthn(user, create_datetime=now(), **kwargs)

    def find_webauthn(self, credential_id: bytes) -> PasskeyRow | None:
        """Return a passkey that was registered here."""
        found = cast(PasskeyRow | None, super().find_webauthn(credential_id))
        return found if found is not None and vouched(found) else None


def make_roles() -> None:
    """Make the roles that are missing; several processes may start at once."""
    for role in sorted(set(RANKS) - set(session().scalars(select(RoleRow.name)))):
        try:
            with session().begin_nested():
                session().add(RoleRow(name=role))
        except IntegrityError:  # another process was first
            session().expire_all()
    session().commit()


def find_account(email: str) -> Account | None:
    """Return the account of an address (in the form that `tidy_email` gives); None when there is none."""
    row = session().scalars(select(UserRow).where(UserRow.email == email)).one_or_none()
    return None if row is None else _account(row)


def account_of(user_id: str) -> Account | None:
    """Return the account of an id; None when there is none."""
    row = session().get(UserRow, user_id)
    return None if row is None else _account(row)


def account_of_mark(uniquifier: str) -> str | None:
    """Return the address of the account that the library marks so; None when there is none."""
    return session().scalars(select(UserRow.email).where(UserRow.fs_uniquifier == uniquifier)).one_or_none()


def list_accounts(actor: Actor, roles: Sequence[Role] = RANKS) -> tuple[Account, ...]:
    """Return the accounts in some roles, the newest first; nothing unless an administrator asks."""
    if actor.role is not Role.ADMIN:
        return ()
    rows = session().scalars(select(UserRow).order_by(UserRow.created_at.desc()))
    return tuple(found for found in map(_account, rows) if found.role in roles)


def has_admin() -> bool:
    """Return whether there is an administrator who can log in."""
    return (
        session().scalars(select(UserRow.id).where(UserRow.active, UserRow.roles.any(RoleRow.name == Role.ADMIN)).limit(1)).first()
        is not None
    )


def make_account(actor: Actor, *, email: str, password_hash: str, role: Role) -> str:
    """Make, note and commit a confirmed account in a role; only an administrator may; return its id."""
    if actor.role is not Role.ADMIN:
        raise AccountError("only an administrator makes accounts for others")
    if find_account(email) is not None:
        raise AccountError("this address has an account already; change its role, or give another address")
    row = Accounts().create_user(email=email, password=password_hash, roles=[role], confirmed_at=now(), active=True)
    session().flush()
    note(actor, MADE, subject=row.id, detail=role)
    session().commit()
    return row.id


def expect_new_password(user_id: str) -> None:
    """Note and commit that somebody else chose an account's password, so that its person has to choose another."""
    row = session().get_one(UserRow, user_id)
    row.first_password_at = now()
    session().commit()


def has_chosen_password(user_id: str) -> None:
    """Note and commit that an account's password is its person's own."""
    row = session().get_one(UserRow, user_id)
    row.first_password_at = None
    session().commit()


def has_first_password(user_id: str) -> bool:
    """Return whether somebody else chose an account's password."""
    row = session().get(UserRow, user_id)
    return row is not None and row.first_password_at is not None


def set_role(actor: Actor, user_id: str, role: Role) -> None:
    """Give an account one role instead of those it has, end its sessions, note and commit; only an administrator may."""
    row = _administered(actor, user_id)
    row.roles = list(session().scalars(select(RoleRow).where(RoleRow.name == role)))
    note(actor, ROLE, subject=user_id, detail=role)
    end_sessions(user_id)


def set_active(actor: Actor, user_id: str, *, active: bool) -> None:
    """Enable an account, or disable it and end its sessions; note and commit; only an administrator may."""
    row = _administered(actor, user_id)
    row.active = active
    note(actor, ENABLED if active else DISABLED, subject=user_id)
    session().commit()
    if not active:
        end_sessions(user_id)


def leave_everywhere(actor: Actor, *, keep: str = "") -> int:
    """End all sessions of the actor's own account but the kept one; note and commit; return how many."""
    note(actor, EVERYWHERE, subject=actor.id)
    return end_sessions(actor.id, keep=keep)


def note_own(actor: Actor, action: str, detail: str = "") -> None:
    """Note and commit what somebody did to their own account."""
    note(actor, action, subject=actor.id, detail=detail)
    session().commit()


def use_counter(user_id: str, counter: int) -> bool:
    """Take a time step of an account's codes for used, and commit; False when it, or a later one, was used before."""
    unused = UserRow.id == user_id, or_(UserRow.totp_last.is_(None), UserRow.totp_last < counter)
    done = session().execute(update(UserRow).where(*unused).values(totp_last=counter))
    session().commit()
    return isinstance(done, CursorResult) and done.rowcount == 1


def swap_recovery_codes(user_id: str, old: list[str], new: list[str]) -> bool:
    """Replace an account's recovery codes if they are still the old ones, and commit; False when another request was first."""
    row = session().get(UserRow, user_id, populate_existing=True)
    if row is None or not vouched(row):
        return False
    unchanged = UserRow.id == user_id, UserRow.mf_recovery_codes == old, UserRow.mark == row.mark
    marked = mark_of(row, recovery_codes=new)
    done = session().execute(update(UserRow).where(*unchanged).values(mf_recovery_codes=new, mark=marked))
    session().commit()
    return isinstance(done, CursorResult) and done.rowcount == 1


def find_by_identity(subject: str) -> UserRow | None:
    """Return the account that an identity provider vouches for as `issuer subject`; None when none is linked."""
    found = session().scalars(select(UserRow).where(UserRow.oidc_subject == subject)).one_or_none()
    return found if found is not None and vouched(found) else None


def link_identity(actor: Actor, subject: str | None) -> bool:
    """Let an identity provider vouch for the actor's own account, or no longer; note and commit; False when it is another's."""
    row = session().get(UserRow, actor.id)
    if row is None or (subject is not None and (other := find_by_identity(subject)) is not None and other.id != actor.id):
        return False
    row.oidc_subject = subject
    note(actor, IDENTITY, subject=actor.id, detail="linked" if subject else "unlinked")
    session().commit()
    return True


def row_of(user_id: str) -> UserRow | None:
    """Return the library's object of an account."""
    return session().get(UserRow, user_id)


def _administered(actor: Actor, user_id: str) -> UserRow:
    row = session().get(UserRow, user_id) if actor.role is Role.ADMIN else None
    if row is None:
        raise AccountError("there is no such account")
    return row


def _account(row: UserRow) -> Account:
    return Account(
        row.id,
        row.email,
        role_of(row.roles),
        row.active,
        row.confirmed_at is not None,
        row.created_at,
        row.tf_primary_method if row.tf_totp_secret else None,
        len(row.webauthn),
    )
