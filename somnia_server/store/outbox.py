"""Which notices are to be sent by mail, to whom, and what came of it; a notice that was read in the app is sent no more."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from somnia_server.store.addresses import address_of
from somnia_server.store.notices import ACCESS, EMERGENCY, GUARDIAN, NIGHT, READY, SHARING, VISIT
from somnia_server.store.persons import profile_of, settings_of
from somnia_server.store.tables import NoticeRow, session

CHOICES = {SHARING: SHARING, GUARDIAN: SHARING, EMERGENCY: EMERGENCY, ACCESS: ACCESS, NIGHT: NIGHT, READY: NIGHT, VISIT: VISIT}
"""By which choice of a person a kind is sent."""
FRESH = timedelta(days=1)
"""An older notice is not worth a mail."""
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 180, 360))
"""After a try that failed the next one waits; after the last there is none."""
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail about everything new of a person: to which address, in which language, whether it is about a visit."""

    address: str
    language: str | None
    visit: bool
    notices: tuple[str, ...]


def take_letters(at: datetime) -> tuple[Letter, ...]:
    """Take what is to be sent now, one letter a person; each counts as tried, and comes again later unless it is `sent`."""
    free = or_(NoticeRow.mail_next_at.is_(None), NoticeRow.mail_next_at <= at)
    query = select(NoticeRow).where(NoticeRow.mailed_at.is_(None), NoticeRow.created_at > at - FRESH, free)
    by_owner: defaultdict[str, list[NoticeRow]] = defaultdict(list)
    for row in session().scalars(query.order_by(NoticeRow.created_at).limit(AT_ONCE)).all():
        by_owner[row.owner].append(row)
    letters = [letter for owner, rows in by_owner.items() if (letter := _letter(owner, rows, at)) is not None]
    session().commit()
    return tuple(letters)


def sent(letter: Letter, at: datetime) -> None:
    """Note that a letter was taken by the mail server."""
    session().execute(update(NoticeRow).where(NoticeRow.id.in_(letter.notices)).values(mailed_at=at))
    session().commit()


def _letter(owner: str, rows: list[NoticeRow], at: datetime) -> Letter | None:
    settings, address = settings_of(owner), address_of(owner)
    quiet = {kind for kind, choice in CHOICES.items() if choice in settings.quiet_notices}
    wanted = [
        row
        for row in rows
        if address is not None
        and CHOICES.get(row.kind) in settings.email_notices
        and (row.read_at is None or row.kind in quiet)
        and (row.mail_tries or 0) < len(WAITS)
    ]
    for row in rows:
        if row not in wanted:
            row.mailed_at = at
    taken = tuple(row.id for row in wanted if _take(row, at))
    if address is None or not taken:
        return None
    visit = all(row.kind == VISIT for row in wanted)
    return Letter(address, profile_of(owner).language, visit, taken)


def _take(row: NoticeRow, at: datetime) -> bool:
    """Count one try; False when another worker was first."""
    before = row.mail_tries
    same = NoticeRow.mail_tries.is_(None) if before is None else NoticeRow.mail_tries == before
    values = {"mail_tries": (before or 0) + 1, "mail_next_at": at + WAITS[before or 0]}
    done: Any = session().execute(update(NoticeRow).where(NoticeRow.id == row.id, NoticeRow.mailed_at.is_(None), same).values(**values))
    return bool(done.rowcount)
