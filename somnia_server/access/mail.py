"""Mail: given to one server at once, without a queue; off until the administrator names that server."""

import logging
import smtplib
import ssl
from email.message import EmailMessage
from threading import Thread
from typing import Any

import email_validator
from flask_security import MailUtil
from flask_security.mail_util import EmailValidateException

from somnia_server import egress
from somnia_server.access.words import NO_ADDRESS
from somnia_server.access_settings import LOOPBACK
from somnia_server.settings import Settings
from somnia_server.store.house import house

log = logging.getLogger(__name__)

PATIENCE_S = 5.0
WAITED_FOR = frozenset({"security/email/two_factor_instructions"})
"""Mails whose failure the person must see at once; the others go by themselves, so that an answer's time tells nothing."""


class MailError(Exception):
    """Mail could not be given to the server; the message says to which and why."""


class Mail(MailUtil):
    """How the account library reads addresses and sends mail."""

    def normalize(self, email: str) -> str:
        """Return an address as it is looked up."""
        return tidy_email(email)

    def validate(self, email: str) -> str:
        """Return an address as it is kept; nothing is asked of the network."""
        return tidy_email(email)

    def send_mail(self, template: str, subject: str, recipient: Any, *rest: Any, **_: Any) -> None:
        """Send what the library has written; its sender is ours, its HTML is none."""
        body = next((part for part in rest[1:] if part), "")
        if template in WAITED_FOR:
            send(house().settings, recipient=str(recipient), subject=str(subject), body=body)
        else:
            send_soon(recipient=str(recipient), subject=str(subject), body=body)


def tidy_email(email: str) -> str:
    """Return an address in the form in which it is kept: lower case, without spaces around it; ValueError when it is none."""
    try:
        found = email_validator.validate_email(email.strip(), check_deliverability=False, globally_deliverable=False)
    except email_validator.EmailNotValidError:
        raise EmailValidateException(NO_ADDRESS.msgid) from None
    return found.normalized.lower()


def can_send() -> bool:
    """Return whether this instance sends mail."""
    return bool(house().settings.access.smtp_host)


def send_soon(*, recipient: str, subject: str, body: str) -> None:
    """Send mail beside the request; a failure is logged, without the address."""
    settings = house().settings
    if settings.access.smtp_host:
        said = {"recipient": recipient, "subject": subject, "body": body}
        Thread(target=_try_to_send, args=(settings,), kwargs=said, daemon=True).start()


def send(settings: Settings, *, recipient: str, subject: str, body: str) -> None:
    """Give one mail to the server, encrypted unless that is this machine; MailError when it does not take it."""
    access, message = settings.access, EmailMessage()
    message["From"], message["To"], message["Subject"] = access.smtp_from, recipient, subject
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    try:
        egress.check("smtp", settings)
        with smtplib.SMTP(access.smtp_host, access.smtp_port, timeout=PATIENCE_S) as server:
            server.ehlo()
            if access.smtp_host not in LOOPBACK or server.has_extn("starttls"):
                server.starttls(context=_context(access.smtp_host))
                server.ehlo()
            if access.smtp_user:
                server.login(access.smtp_user, access.smtp_password)
            server.send_message(message)
    except egress.EgressRefusedError as error:
        raise MailError(str(error)) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(f"SOMNIA_SMTP_HOST={access.smtp_host} did not take the mail: {type(error).__name__}") from error


def _context(host: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if host in LOOPBACK:  # its certificate seldom names it, and nobody stands between
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _try_to_send(settings: Settings, **said: str) -> None:
    try:
        send(settings, **said)
    except MailError as error:
        log.error("mail was not sent: %s", error)
