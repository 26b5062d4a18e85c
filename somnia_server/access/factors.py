"""The second factor: codes of an app or by mail, and recovery codes, each of which opens once."""

import re
import secrets
import time
from base64 import urlsafe_b64encode
from ipaddress import ip_address
from typing import Any, Protocol

from flask import session
from flask_security import MfRecoveryCodesUtil, PhoneUtil, SmsSenderBaseClass, SmsSenderFactory, Totp, WebauthnUtil
from flask_security.utils import get_message
from passlib.exc import UsedTokenError
from passlib.totp import TotpMatch

from somnia_server.store.accounts import swap_recovery_codes, use_counter
from somnia_server.store.house import house
from somnia_server.store.tables import UserRow
from somnia_server.store.tries import acquire
from somnia_server.store.vault import Vault

SMS = "somnia_sms"
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
"""A number as E.164 writes it."""
STEP_S = 30
SENT, SENT_AT = "somnia_sent", "somnia_sent_at"
SENT_S = 300


class SmsSender(Protocol):
    """Who sends text messages; SOMNIA ships none. Give one to `offer_sms` before the application is made."""

    def send(self, number: str, text: str) -> None:
        """Send one message, or raise OSError."""


class Codes(Totp):
    """Codes of 30 seconds, each of which opens once, in whatever order the requests come."""

    def get_last_counter(self, user: UserRow) -> int | None:  # type: ignore[override]
        """Return the step whose code was used last."""
        return user.totp_last

    def set_last_counter(self, user: UserRow, tmatch: TotpMatch) -> None:  # type: ignore[override]
        """Take a code for used; refused when another request has used it, or a later one, in the meantime."""
        if not use_counter(user.id, tmatch.counter):
            raise UsedTokenError(expire_time=tmatch.expire_time)


class SentCodes(Codes):
    """Codes that are sent: random, and of use in the browser's session that asked for them only, once, for five minutes."""

    def generate_totp_password(self, totp_secret: str) -> str:
        """Return a new code to send, and keep its digest in the session that asks."""
        code = f"{secrets.randbelow(10**6):06d}"
        session[SENT], session[SENT_AT] = _sent(code, totp_secret), time.time()
        return code

    def verify_totp(self, token: str, totp_secret: str, user: UserRow, window: int = 0) -> bool:  # type: ignore[override]
        """Return whether a code was sent to this session, or is from the account's app."""
        kept, at = session.get(SENT, ""), session.get(SENT_AT, 0.0)
        if kept and time.time() - at <= SENT_S and secrets.compare_digest(kept, _sent(token.strip(), totp_secret)):
            session.pop(SENT)
            return acquire(f"sent {user.id} {kept} {at}", 1, seconds=SENT_S)
        return super().verify_totp(token, totp_secret, user, window)


def _sent(code: str, totp_secret: str) -> str:
    return house().vault.fingerprint("sent code", code, totp_secret)


class Phones(PhoneUtil):
    """Phone numbers, given with their country."""

    def validate_phone_number(self, input_data: str) -> str | None:
        """Return what is wrong with a number; None when nothing is."""
        return None if self.get_canonical_form(input_data) else str(get_message("PHONE_INVALID")[0])

    def get_canonical_form(self, input_data: str) -> str | None:
        """Return a number as it is dialled; None when it is none."""
        dialled = _dialled(input_data)
        return dialled if PHONE.fullmatch(dialled) else None


class RecoveryCodes(MfRecoveryCodesUtil):
    """Recovery codes, each of which opens once: checking one takes it away."""

    def check_recovery_code(self, user: UserRow, code: str) -> bool:  # type: ignore[override]
        """Return whether a code is one of the account's, and take it away."""
        kept = list(user.mf_recovery_codes or [])
        wanted = code.strip().lower()
        plain = [self._decrypt_codes([one]) for one in kept]
        left = [one for one, found in zip(kept, plain, strict=True) if found != [wanted]]
        return len(left) < len(kept) and swap_recovery_codes(user.id, kept, left)

    def delete_recovery_code(self, user: UserRow, code: str) -> bool:  # type: ignore[override]
        """Return True: the code was taken away when it was checked."""
        return True


class Passkeys(WebauthnUtil):
    """Passkeys of any make; one that stands for the password asks for a finger, a face or a code of its own."""

    def authenticator_selection(self, user: UserRow, usage: str) -> Any:  # type: ignore[override]
        """Return what a passkey has to be able to do."""
        from webauthn.helpers.structs import AuthenticatorSelectionCriteria, ResidentKeyRequirement

        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED if usage == "first" else ResidentKeyRequirement.PREFERRED,
            user_verification=self.user_verification(user, [usage]),
        )

    def user_verification(self, user: UserRow | None, usage: list[str]) -> Any:  # type: ignore[override]
        """Return whether a passkey has to check who holds it."""
        from webauthn.helpers.structs import UserVerificationRequirement

        return UserVerificationRequirement.DISCOURAGED if usage == ["secondary"] else UserVerificationRequirement.REQUIRED


def can_have_passkeys(host: str) -> bool:
    """Return whether a browser makes passkeys for the host of a request: for a name, not for a number."""
    try:
        ip_address(host.rpartition(":")[0].strip("[]") if host.count(":") == 1 or host.startswith("[") else host)
    except ValueError:
        return True
    return False


def offer_sms(sender: SmsSender) -> None:
    """Offer codes by text message in applications that are made from now on."""

    class _Sender(SmsSenderBaseClass):
        def send_sms(self, from_number: str, to_number: str, msg: str) -> None:
            sender.send(_dialled(to_number), msg)

    SmsSenderFactory.senders[SMS] = _Sender


def _dialled(number: str) -> str:
    return re.sub(r"[\s()/.-]", "", number)


def configure_factors(vault: Vault, *, mail: bool) -> dict[str, Any]:
    """Return the library's settings for the second factor."""
    sms = SMS in SmsSenderFactory.senders
    return {
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator", *(["email"] if mail else []), *(["sms"] if sms else [])],
        "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,  # whoever reads the mail could otherwise do without the app
        "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": STEP_S,
        "SECURITY_TWO_FACTOR_MAIL_VALIDITY": SENT_S,
        "SECURITY_SMS_SERVICE": SMS if sms else "Dummy",
        "SECURITY_TOTP_SECRETS": {"1": vault.derive(b"somnia second factor").hex()},
        "SECURITY_TOTP_ISSUER": "SOMNIA",
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": 10,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": [urlsafe_b64encode(vault.derive(b"somnia recovery codes"))],
    }
