"""Who somebody is by what they know: address, password and, where the account asks for it, a code. For programs; people use forms."""

from flask import current_app
from flask_security import Security

from somnia_server.access.doors import door_opened, try_door
from somnia_server.access.mail import tidy_email
from somnia_server.store.accounts import row_of
from somnia_server.store.tables import UserRow

LONGEST_PASSWORD = 1024
CODE_WINDOW_S = 30


def prove(email: str, password: str, code: str = "") -> str | None:
    """Return the id of the account that an address, a password and a code open; None when they open none. 429 after too many tries."""
    try_door(email)
    user = _find(email)
    if not _password_is(password, user) or user is None or not user.is_active or user.confirmed_at is None:
        return None
    if user.first_password_at is not None:  # its person has to choose their own first, on a page
        return None
    if _asks_for_more(user) and not _code_is(code, user):
        return None
    door_opened(email)
    return user.id


def prove_again(user_id: str, password: str) -> bool:
    """Return whether a password is the one of an account that is logged in already."""
    user = row_of(user_id)
    if user is None:
        return False
    try_door(user.email)
    right = _password_is(password, user)
    if right:
        door_opened(user.email)
    return right


def _find(email: str) -> UserRow | None:
    try:
        found = _library().datastore.find_user(email=tidy_email(email))
    except ValueError:
        return None
    return found if isinstance(found, UserRow) else None


def _password_is(password: str, user: UserRow | None) -> bool:
    """Return whether a password is an account's; for no account it takes as long."""
    tidy = _library().password_util.normalize(password[:LONGEST_PASSWORD])
    if user is None or user.password is None:
        _library().pwd_context.hash(tidy)
        return False
    return bool(user.verify_and_update_password(tidy))


def _asks_for_more(user: UserRow) -> bool:
    """Return whether an account asks for a second proof; a program has no passkeys, so that there only a recovery code helps."""
    return bool(user.tf_totp_secret) or any(passkey.usage == "secondary" for passkey in user.webauthn)


def _code_is(code: str, user: UserRow) -> bool:
    tidy = code.replace(" ", "").strip()
    if tidy.isascii() and tidy.isdigit():
        secret, codes = user.tf_totp_secret, _library().totp_factory
        return secret is not None and bool(codes.verify_totp(token=tidy, totp_secret=secret, user=user, window=CODE_WINDOW_S))
    return bool(tidy) and _library().mf_recovery_codes_util.check_recovery_code(user, tidy)


def _library() -> Security:
    found: Security = current_app.extensions["security"]
    return found
