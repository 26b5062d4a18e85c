"""Requests that must count once: the answer to a key is kept for a day, sealed, and comes again to the same request."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from somnia_engine.text import Text
from somnia_server.store import codec
from somnia_server.store.actors import Actor
from somnia_server.store.house import house, now
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import RepeatRow, session
from somnia_server.store.vault import TamperedError

KEPT = timedelta(days=1)
FORSAKEN = timedelta(minutes=15)
"""After so long a request without an answer has lost its server, and may be done again."""
TABLE = "repeats.answer"


class OtherRequestError(RefusalError):
    """A key that stands for another request, or for one that is being answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was given."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to answer a request, until `keep` or `let_go`."""

    id: str
    owner: str


def claim(actor: Actor, key: str, *, asked: str) -> Ticket | Answer:
    """Return the answer that a key has got, or the right to answer it; `asked` tells one request from another.

    Raises
    ------
    OtherRequestError
        The key stands for another request, or for one that is being answered at this moment.
    """
    scopes = (
        "all" if actor.scopes is None else " ".join(sorted(actor.scopes))
    )  # a token that opens less gets no answer of one that opens more
    row_id, digest = house().vault.fingerprint("repeat", actor.id, scopes, key), house().vault.fingerprint("asked", actor.id, asked)
    try:
        session().execute(insert(RepeatRow).values(id=row_id, owner=actor.id, asked=digest, created_at=now()))
        session().commit()
    except IntegrityError:
        session().rollback()
        return _known(Ticket(row_id, actor.id), digest)
    return Ticket(row_id, actor.id)


def keep(ticket: Ticket, answer: Answer) -> None:
    """Keep the answer to a request."""
    sealed = house().vault.seal(codec.dumps(answer), table=TABLE, row=ticket.id, owner=ticket.owner)
    session().execute(update(RepeatRow).where(RepeatRow.id == ticket.id).values(sealed_answer=sealed))
    session().commit()


def let_go(ticket: Ticket) -> None:
    """Forget a request that got no answer worth keeping, so that it may come again."""
    session().rollback()
    session().execute(delete(RepeatRow).where(RepeatRow.id == ticket.id, RepeatRow.sealed_answer.is_(None)))
    session().commit()


def purge_repeats(at: datetime) -> int:
    """Delete old answers; return how many."""
    gone: Any = session().execute(delete(RepeatRow).where(RepeatRow.created_at <= at - KEPT))
    session().commit()
    return int(gone.rowcount)


def _known(ticket: Ticket, asked: str) -> Ticket | Answer:
    row = session().get(RepeatRow, ticket.id, populate_existing=True)
    if row is None:  # its first request was let go of at this moment
        raise OtherRequestError(Text("This request is being answered already. Ask again in a moment."))
    if row.asked != asked:
        raise OtherRequestError(Text("This Idempotency-Key was used for another request. Take a new key for each new request."))
    if row.sealed_answer is not None:
        try:
            return codec.loads(Answer, house().vault.open_sealed(row.sealed_answer, table=TABLE, row=row.id, owner=row.owner))
        except TamperedError:
            raise OtherRequestError(Text("The answer that was kept for this Idempotency-Key is damaged. Take a new key.")) from None
    mine = RepeatRow.id == row.id, RepeatRow.created_at == row.created_at, RepeatRow.created_at <= now() - FORSAKEN
    taken: Any = session().execute(update(RepeatRow).where(*mine).values(created_at=now()).execution_options(synchronize_session=False))
    session().commit()
    if not taken.rowcount:
        raise OtherRequestError(Text("This request is being answered already. Ask again in a moment."))
    return ticket
