"""The made-up history as nights of whoever asks to see it: marked as a demo, gone when they say so."""

from datetime import timedelta

from sqlalchemy import select

from somnia_engine.synthetic.history import demo_history
from somnia_server.store import nightcodec
from somnia_server.store.actors import Actor
from somnia_server.store.house import now
from somnia_server.store.nights import Kept, put_night
from somnia_server.store.people import note_visitor
from somnia_server.store.reach import acts_for, changes
from somnia_server.store.remarks import Remark, load_remark, put_remark
from somnia_server.store.retention import night_stays_until
from somnia_server.store.tables import NightRow, session

PREFIX = "demo-history-"


def add_demo_history(actor: Actor) -> int:
    """Keep the made-up history among the actor's nights, as demo nights, and commit; return how many nights. Twice is once."""
    if not acts_for(actor, actor.id):
        return 0
    note_visitor(actor.id)
    until = night_stays_until(actor.id, now())
    made = demo_history((now() - timedelta(days=1)).date())
    for number, one in enumerate(made):
        kept = Kept(one.night, f"{PREFIX}{number}", demo=True, expires_at=until)
        put_night(actor.id, nightcodec.pack_night(one.analysis), kept=kept)
        if one.tags and load_remark(actor, one.night) == Remark():
            put_remark(actor.id, one.night, remark=Remark("", one.tags))
    session().commit()
    return len(made)


def forget_demo_history(actor: Actor) -> int:
    """Delete the made-up nights and their tags, and commit; return how many nights went."""
    mine = select(NightRow).where(changes(actor, NightRow.owner), NightRow.owner == actor.id, NightRow.demo)
    rows = session().scalars(mine.where(NightRow.fingerprint.startswith(PREFIX))).all()
    tags = {one.night: one.tags for one in demo_history(max(row.night for row in rows))} if rows else {}
    for row in rows:
        if load_remark(actor, row.night) == Remark("", tags.get(row.night, ())):
            put_remark(actor.id, row.night, remark=Remark())
        session().delete(row)
    session().commit()
    return len(rows)


def has_demo_history(actor: Actor) -> bool:
    """Return whether the made-up history is among the actor's own nights."""
    mine = select(NightRow.id).where(NightRow.owner == actor.id, changes(actor, NightRow.owner), NightRow.fingerprint.startswith(PREFIX))
    return session().scalar(mine.limit(1)) is not None
