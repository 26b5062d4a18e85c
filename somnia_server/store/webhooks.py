"""Webhooks: where somebody wants to be told of what happened, and the deliveries that wait; what is told are ids, never a number."""

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, exists, func, or_, select, update

from somnia_engine.text import Text, t
from somnia_server import egress
from somnia_server.store import codec
from somnia_server.store.actors import Actor
from somnia_server.store.audit import note
from somnia_server.store.damaged import SENTENCE, read_or
from somnia_server.store.house import house, now
from somnia_server.store.nights import may_read
from somnia_server.store.notices import ACCESS, tell
from somnia_server.store.reach import alive_guardian
from somnia_server.store.refusals import RefusalError
from somnia_server.store.sessions import role_of
from somnia_server.store.tables import DeliveryRow, GrantRow, GuardianRow, UserRow, WebhookRow, session

NIGHT_READY, NIGHT_SIGNED, GRANT_CHANGED, PING = "night.ready", "night.signed", "grant.changed", "ping"
EVENTS = (NIGHT_READY, NIGHT_SIGNED, GRANT_CHANGED)
TABLE = "webhooks.said"
PREFIX = "whsec_"
SECRET_BYTES, LEAST_BYTES, MOST_BYTES = 32, 24, 64
"""Of a secret, as the Standard Webhooks specification has it."""
MOST_URL = 1000
MOST_WEBHOOKS = 10
MOST_FAILURES = 20
"""Tries in a row without success after which a webhook is switched off."""
WAITS = tuple(timedelta(seconds=wait) for wait in (5, 60, 300, 1800, 7200, 18000, 36000))
"""After a try that failed the next one waits; after the last there is none."""
KEPT = timedelta(days=7)
AT_ONCE = 50


class WebhookError(RefusalError):
    """A webhook that cannot be kept; `text` says what is allowed."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is kept sealed of a webhook: where, with which secret, about what."""

    url: str
    secret: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as its owner sees it; `failures` tries in a row failed, `disabled_at` when it was switched off for that."""

    id: str
    url: str
    events: tuple[str, ...]
    created_at: datetime
    failures: int
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something to tell: the delivery's id, the event with whose and which thing, where to, under which secret."""

    id: str
    webhook: str
    owner: str
    event: str
    subject: str
    thing: str
    created_at: datetime
    said: Said


def add_webhook(actor: Actor, url: str, *, events: tuple[str, ...] = EVENTS, secret: str | None = None) -> tuple[str, str]:
    """Keep a webhook and return its id and its secret, which is shown this once.

    Raises
    ------
    WebhookError
        The address may not be told, the secret cannot be used, or there are too many.
    """
    said = Said(
        _checked_url(url), PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode() if secret is None else secret, events
    )
    key_of(said.secret)
    mine = select(func.count()).select_from(WebhookRow).where(WebhookRow.owner == actor.id)
    if (session().scalar(mine) or 0) >= MOST_WEBHOOKS:
        raise WebhookError(Text("You have {most} webhooks, and no more are kept. Remove one.", {"most": MOST_WEBHOOKS}))
    row = WebhookRow(id=secrets.token_hex(16), owner=actor.id, created_at=now(), failures=0)
    row.sealed_said = house().vault.seal(codec.dumps(said), table=TABLE, row=row.id, owner=row.owner)
    session().add(row)
    note(actor, "add_webhook", subject=actor.id, thing=row.id)
    session().commit()
    return row.id, said.secret


def webhooks_of(actor: Actor) -> tuple[Webhook, ...]:
    """Return the actor's own webhooks, newest first; their secrets are not shown again."""
    query = select(WebhookRow).where(WebhookRow.owner == actor.id).order_by(WebhookRow.created_at.desc(), WebhookRow.id)
    return tuple(_webhook(row) for row in session().scalars(query))


def remove_webhook(actor: Actor, webhook_id: str) -> bool:
    """Delete a webhook and what waits for it; False when there is none of theirs of that id."""
    row = _own(actor, webhook_id)
    if row is None:
        return False
    session().delete(row)
    note(actor, "remove_webhook", subject=actor.id, thing=webhook_id)
    session().commit()
    return True


def ping(actor: Actor, webhook_id: str) -> bool:
    """Switch a webhook on again and have it told something of no matter; False when there is none of theirs of that id."""
    row = _own(actor, webhook_id)
    if row is None:
        return False
    row.failures, row.disabled_at = 0, None
    _wait(row, PING, actor.id, row.id)
    session().commit()
    return True


def announce(event: str, subject: str, thing: str) -> None:
    """Have told who wants to know that something happened to a person's data, within the caller's transaction."""
    guards = exists().where(GuardianRow.guardian == WebhookRow.owner, alive_guardian(GuardianRow.minor, subject))
    treats = exists().where(GrantRow.doctor == WebhookRow.owner, GrantRow.patient == subject)
    theirs = or_(WebhookRow.owner == subject, guards, treats)
    for row in session().scalars(select(WebhookRow).where(theirs, WebhookRow.disabled_at.is_(None))).all():
        if _may_know(row.owner, event, subject, thing):
            _wait(row, event, subject, thing)


def take_deliveries(at: datetime) -> tuple[Delivery, ...]:
    """Take what is to be told now; each counts as tried, and comes again later unless it is `told`. What nobody may know any more goes."""
    due = DeliveryRow.next_at <= at, DeliveryRow.ended_at.is_(None), WebhookRow.disabled_at.is_(None)
    query = select(DeliveryRow, WebhookRow).join(WebhookRow, WebhookRow.id == DeliveryRow.webhook).where(*due)
    found = []
    for row, hook in session().execute(query.order_by(DeliveryRow.next_at).limit(AT_ONCE)).all():
        said = _said(hook)
        wanted = said is not None and (row.event == PING or row.event in said.events)
        if said is None or not wanted or not _may_know(row.owner, row.event, row.subject, row.thing):
            row.ended_at, row.next_at = at, None
        elif _take(row, at):
            found.append(Delivery(row.id, hook.id, row.owner, row.event, row.subject, row.thing, row.created_at, said))
    session().commit()
    return tuple(found)


def told(delivery: Delivery, at: datetime, *, status: int) -> None:
    """Note that the other end took a delivery."""
    _note_try(delivery, {"ended_at": at, "next_at": None, "status": status}, failures=0)
    session().commit()


def refused(delivery: Delivery, at: datetime, *, status: int | None, gone: bool = False) -> bool:
    """Note that a try failed; return whether the webhook was switched off for it: after too many in a row, or as it said it is gone."""
    _note_try(delivery, {"status": status}, failures=WebhookRow.failures + 1)
    spent = WebhookRow.failures >= (0 if gone else MOST_FAILURES)
    off = update(WebhookRow).where(WebhookRow.id == delivery.webhook, WebhookRow.disabled_at.is_(None), spent).values(disabled_at=at)
    ended: Any = session().execute(off.execution_options(synchronize_session=False))
    if ended.rowcount:
        session().execute(update(DeliveryRow).where(DeliveryRow.webhook == delivery.webhook).values(next_at=None))
        tell(delivery.owner, ACCESS, Text("A webhook of yours was switched off: its address did not take what it was told."))
    session().commit()
    return bool(ended.rowcount)


def put_off(delivery: Delivery, until: datetime) -> None:
    """Let a delivery wait that was taken but not tried."""
    again = update(DeliveryRow).where(DeliveryRow.id == delivery.id).values(next_at=until, tries=DeliveryRow.tries - 1)
    session().execute(again.execution_options(synchronize_session=False))
    session().commit()


def purge_deliveries(at: datetime) -> int:
    """Delete old deliveries; return how many."""
    gone: Any = session().execute(delete(DeliveryRow).where(DeliveryRow.created_at <= at - KEPT))
    session().commit()
    return int(gone.rowcount)


def key_of(secret: str) -> bytes:
    """Return the bytes of a secret; WebhookError when it is none."""
    try:
        found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not LEAST_BYTES <= len(found) <= MOST_BYTES:
        said = {"least": LEAST_BYTES, "most": MOST_BYTES}
        raise WebhookError(Text("A secret is “whsec_” and {least} to {most} bytes in base64. Leave it out to get one.", said))
    return found


def _checked_url(url: str) -> str:
    if len(url) > MOST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise WebhookError(Text("The address has to be an https address of at most {most} plain characters.", {"most": MOST_URL}))
    refusal = egress.webhook_refusal(url, house().settings)
    if refusal is not None:
        raise WebhookError(refusal)
    return urlsplit(url).geturl()


def _own(actor: Actor, webhook_id: str) -> WebhookRow | None:
    return session().scalars(select(WebhookRow).where(WebhookRow.id == webhook_id, WebhookRow.owner == actor.id)).one_or_none()


def _wait(row: WebhookRow, event: str, subject: str, thing: str) -> None:
    at = now()
    session().add(
        DeliveryRow(
            id=secrets.token_hex(16),
            webhook=row.id,
            owner=row.owner,
            event=event,
            subject=subject,
            thing=thing,
            created_at=at,
            tries=0,
            next_at=at,
        )
    )


def _may_know(owner: str, event: str, subject: str, thing: str) -> bool:
    """Return whether somebody may know of an event now: of a night who may read it, of a grant both sides."""
    user = session().scalars(select(UserRow).where(UserRow.id == owner, UserRow.active)).one_or_none()
    if user is None:
        return False
    if event in (NIGHT_READY, NIGHT_SIGNED):
        return may_read(Actor(owner, role_of(user.roles)), thing)
    if event == GRANT_CHANGED and owner != subject:
        guards = exists().where(GuardianRow.guardian == owner, alive_guardian(GuardianRow.minor, subject))
        side = exists().where(GrantRow.id == thing, GrantRow.doctor == owner)
        return bool(session().scalar(select(or_(guards, side))))
    return owner == subject


def _take(row: DeliveryRow, at: datetime) -> bool:
    """Count one try; False when another worker was first."""
    following = at + WAITS[row.tries] if row.tries < len(WAITS) else None
    same = DeliveryRow.id == row.id, DeliveryRow.tries == row.tries, DeliveryRow.ended_at.is_(None), DeliveryRow.next_at <= at
    done: Any = session().execute(
        update(DeliveryRow).where(*same).values(tries=row.tries + 1, next_at=following).execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)


def _note_try(delivery: Delivery, values: dict[str, Any], *, failures: Any) -> None:
    session().execute(
        update(DeliveryRow).where(DeliveryRow.id == delivery.id).values(**values).execution_options(synchronize_session=False)
    )
    session().execute(
        update(WebhookRow).where(WebhookRow.id == delivery.webhook).values(failures=failures).execution_options(synchronize_session=False)
    )


def _said(row: WebhookRow) -> Said | None:
    def read() -> Said:
        return codec.loads(Said, house().vault.open_sealed(row.sealed_said, table=TABLE, row=row.id, owner=row.owner))

    return read_or(read, None, what=f"webhook {row.id}")


def _webhook(row: WebhookRow) -> Webhook:
    said = _said(row) or Said(t(SENTENCE), "", ())
    return Webhook(row.id, said.url, said.events, row.created_at, row.failures, row.disabled_at)
