"""Sends notices by mail from the worker: a mail says that there is something new, and nothing of what it is."""

import logging
from datetime import datetime

from somnia_engine.text import speaking, t
from somnia_server.access.mail import MailError, can_send, send
from somnia_server.i18n import ENGLISH, catalogue
from somnia_server.store import outbox
from somnia_server.store.house import house

log = logging.getLogger(__name__)


def send_letters(at: datetime) -> int:
    """Send what is to be sent by now and return how many mails the server took; none are sent where no mail server is named.

    After the first that is refused the others wait too: a mail server that is away must not keep the worker from the nights.
    """
    if not can_send():
        return 0
    count = 0
    for letter in outbox.take_letters(at):
        with speaking(catalogue(letter.language or ENGLISH)):
            subject, body = words(visit=letter.visit)
        try:
            send(house().settings, recipient=letter.address, subject=subject, body=body)
        except MailError as error:
            log.error("a notice was not sent: %s", error)
            break
        outbox.sent(letter, at)
        count += 1
    return count


def words(*, visit: bool) -> tuple[str, str]:
    """Return the subject and the text of a mail in the language of the moment; no name, no date, nothing about a night."""
    settings = house().settings
    place = settings.access.public_url or f"http://{settings.host}:{settings.port}"
    end = t("This mail says no more on purpose. Which mails you get is your choice: log in and open About you.")
    if visit:
        subject, lead, link = t("SOMNIA: a visit is near"), t("You have a visit soon. Log in to see when and with whom:"), "visits"
    else:
        subject, lead, link = t("SOMNIA: there is something new for you"), t("There is something new for you. Log in to see it:"), "notices"
    return subject, f"{lead}\n{place}/{link}\n\n{end}\n"
