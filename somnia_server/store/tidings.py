"""Tells people what happened while they were away: a night is ready, somebody looked, a visit is near.

It goes by what is on record, so that nothing is told twice and nothing is lost when a worker ends.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update

from somnia_engine.text import Text
from somnia_server.store import tries
from somnia_server.store.actors import Role
from somnia_server.store.jobs import DONE
from somnia_server.store.notices import ACCESS, NIGHT, READY, VISIT, tell
from somnia_server.store.persons import settings_of
from somnia_server.store.reach import alive_guardian
from somnia_server.store.tables import AuditRow, GuardianRow, JobRow, NightRow, NoticeRow, UserRow, VisitRow, session
from somnia_server.store.visits import PLANNED

LATE = timedelta(days=1)
"""What is older is not told any more."""
AGAIN = {READY: timedelta(hours=1), ACCESS: timedelta(hours=20)}
"""How long after one notice of a kind the next may come: a year of nights that is brought at once is told once."""
CHOICES = {READY: NIGHT, NIGHT: NIGHT, ACCESS: ACCESS, VISIT: VISIT}
"""By which choice of a person a kind is switched off in the app."""
READ = ("read_night", "list_nights", "read_trend", "read_remarks", "read_answers", "read_clips")
DAY_BEFORE, HOUR_BEFORE = timedelta(hours=24), timedelta(hours=1)
SAID = {
    READY: Text("A night of yours is ready. See Nights."),
    ACCESS: Text("A doctor looked at your nights. See Who looked at my nights."),
}


def tell_all(at: datetime) -> int:
    """Tell what is to be told by now; return how many notices were kept. Of several workers only one does."""
    if not tries.acquire("tidings", 1, seconds=1.0):
        return 0
    told = sum(_tell_of(kind, owners, at) for kind, owners in ((READY, _ready(at)), (ACCESS, _looked(at))))
    told += _remind(at)
    session().commit()
    return told


def _ready(at: datetime) -> dict[str, datetime]:
    """Return whose nights were analyzed lately, and when the last one was."""
    lately = JobRow.state == DONE, JobRow.finished_at > at - LATE, NightRow.demo.is_(False)
    query = select(JobRow.owner, func.max(JobRow.finished_at)).join(NightRow, NightRow.id == JobRow.night_id).where(*lately)
    return {owner: when for owner, when in session().execute(query.group_by(JobRow.owner)) if when is not None}


def _looked(at: datetime) -> dict[str, datetime]:
    """Return whose nights a doctor looked at lately, and when last."""
    lately = AuditRow.at > at - LATE, AuditRow.role == str(Role.DOCTOR), AuditRow.action.in_(READ), AuditRow.actor != AuditRow.subject
    query = select(AuditRow.subject, func.max(AuditRow.at)).where(*lately).group_by(AuditRow.subject)
    return {owner: when for owner, when in session().execute(query) if when is not None}


def _tell_of(kind: str, owners: dict[str, datetime], at: datetime) -> int:
    """Tell those who have an account and were not told since."""
    accounts = session().scalars(select(UserRow.id).where(UserRow.id.in_(owners), UserRow.active)).all()
    last = select(NoticeRow.owner, func.max(NoticeRow.created_at)).where(NoticeRow.kind == kind, NoticeRow.owner.in_(accounts))
    told = {owner: when for owner, when in session().execute(last.group_by(NoticeRow.owner)) if when is not None}
    due = [owner for owner in accounts if owner not in told or (owners[owner] > told[owner] and told[owner] < at - AGAIN[kind])]
    return sum(_tell_one(person, kind, SAID[kind], at) for owner in due for person in _with_guardians(owner))


def _with_guardians(owner: str) -> tuple[str, ...]:
    guardians = session().scalars(select(GuardianRow.guardian).where(alive_guardian(GuardianRow.minor, owner))).all()
    return tuple(dict.fromkeys((owner, *guardians)))


def _tell_one(owner: str, kind: str, said: Text, at: datetime) -> int:
    """Keep a notice as the person wants it: one that they do not want in the app counts as read, one wanted nowhere is none."""
    settings, choice = settings_of(owner), CHOICES[kind]
    quiet, mailed = choice in settings.quiet_notices, choice in settings.email_notices
    session().flush()
    row = session().get_one(NoticeRow, tell(owner, kind, said))
    if quiet:
        row.read_at = at
    if quiet or not mailed:
        row.mailed_at = None if mailed else at
    return 1


def _remind(at: datetime) -> int:
    """Remind both sides of visits: a day before, or an hour before one that was planned later than that."""
    early = VisitRow.begins_at <= at + HOUR_BEFORE
    query = select(VisitRow).where(VisitRow.state == PLANNED, VisitRow.reminded_at.is_(None), VisitRow.begins_at > at)
    rows = session().scalars(query.where(or_(early, VisitRow.begins_at <= at + DAY_BEFORE))).all()
    told = 0
    for row in rows:
        if row.begins_at > at + HOUR_BEFORE and row.created_at > row.begins_at - DAY_BEFORE:
            continue
        session().execute(update(VisitRow).where(VisitRow.id == row.id).values(reminded_at=at))
        said = Text("You have a visit by video on {at}. See Messages and visits.", {"at": f"{row.begins_at:%Y-%m-%d %H:%M} UTC"})
        told += sum(_tell_one(person, VISIT, said, at) for person in (*_with_guardians(row.patient), row.doctor))
    return told
