"""The history of a person in small: every night's numbers, asleep and awake, over years, fast enough to draw at once."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from somnia_engine.types.trend import TrendNight
from somnia_server.store import audit, nightcodec, trendcodec
from somnia_server.store.actors import Actor
from somnia_server.store.damaged import read_or
from somnia_server.store.house import house
from somnia_server.store.reach import alive, reads_nights
from somnia_server.store.tables import NightRow, TrendRow, session
from somnia_server.store.vault import TamperedError

TABLE = "trends.trend"


def put_trend(owner: str, night_id: str, *, summary: bytes) -> None:
    """Keep a night in small beside the night, within the caller's transaction; `summary` is the unsealed blob of the night."""
    packed = trendcodec.pack(nightcodec.unpack_summary(summary))
    row = session().get(TrendRow, night_id)
    if row is None:
        row = TrendRow(night_id=night_id, owner=owner)
        session().add(row)
    row.sealed_trend = house().vault.seal(packed, table=TABLE, row=night_id, owner=owner)


def load_trend(actor: Actor, subject: str | None = None, *, first: date | None = None, last: date | None = None) -> tuple[TrendNight, ...]:
    """Return a person's nights in small (the actor's own by default) as far as the actor may see them, in order of time.

    Every recording is there, naps and several analyses of a night too (`newest_analyses` leaves the last of each); one that is
    damaged is left out. Demo and own nights are told apart by `demo`.
    """
    owner = subject or actor.id
    query = select(NightRow.id, NightRow.night, NightRow.demo, TrendRow.sealed_trend).outerjoin(TrendRow, TrendRow.night_id == NightRow.id)
    query = query.where(NightRow.owner == owner, reads_nights(actor), alive())
    query = query if first is None else query.where(NightRow.night >= first)
    query = query if last is None else query.where(NightRow.night <= last)
    rows = session().execute(query.order_by(NightRow.night, NightRow.created_at)).all()
    found = [_night(owner, *row) for row in rows]
    if found:
        audit.note_read(actor, "read_trend", subject=owner)
    return tuple(night for night in found if night is not None)


def newest_analyses(nights: Sequence[TrendNight]) -> tuple[TrendNight, ...]:
    """Return the nights without those that a later analysis of the same stretch of time replaces; naps stay."""
    by_day: dict[date, list[TrendNight]] = {}
    for night in nights:
        same_day = by_day.setdefault(night.night, [])
        same_day[:] = [*(one for one in same_day if not _overlap(one, night)), night]
    return tuple(night for day in sorted(by_day) for night in by_day[day])


def _overlap(one: TrendNight, other: TrendNight) -> bool:
    """Return whether two recordings are of the same sleep: of the same day, and more than half of the shorter in the other."""
    if one.night != other.night or one.sleep is None or other.sleep is None:
        return one.night == other.night and one.sleep is None and other.sleep is None
    spans = [(s.start.timestamp(), s.start.timestamp() + len(s.states) * s.epoch_s) for s in (one.sleep, other.sleep)]
    shared = min(spans[0][1], spans[1][1]) - max(spans[0][0], spans[1][0])
    return shared > min(end - begin for begin, end in spans) / 2


def _night(owner: str, night_id: str, night: date, demo: bool, sealed: bytes | None) -> TrendNight | None:
    """Return a night in small; from the night itself where it is older than trends are, or its small form was changed."""
    if sealed is not None:
        try:
            packed = house().vault.open_sealed(sealed, table=TABLE, row=night_id, owner=owner)
            return trendcodec.unpack(packed, night_id=night_id, night=night, demo=demo)
        except TamperedError:
            pass
    row = session().get_one(NightRow, night_id)

    def again() -> TrendNight:
        summary = house().vault.open_sealed(row.sealed_summary, table="nights.summary", row=row.id, owner=owner)
        packed = trendcodec.pack(nightcodec.unpack_summary(summary))
        return trendcodec.unpack(packed, night_id=night_id, night=night, demo=demo)

    return read_or(again, None, what=f"night {night_id}")
