"""What doctors have on record of a person, as plain values for the person's export."""

from typing import Any

from sqlalchemy import select

from somnia_server.store import codec
from somnia_server.store.addresses import called
from somnia_server.store.damaged import SENTENCE, read_or
from somnia_server.store.house import house
from somnia_server.store.interpretations import SIGNED
from somnia_server.store.scorings import Marks
from somnia_server.store.tables import InterpretationRow, MessageRow, ScoringRow, VisitRow, session
from somnia_server.store.visits import Detail

Plain = dict[str, Any]


def clinic_part(owner: str) -> Plain:
    """Return what doctors signed and scored of a person's nights, and the messages and visits between them; drafts stay with the doctor."""
    return {
        "signed": [_signed(row) for row in _rows(InterpretationRow, InterpretationRow.patient == owner, InterpretationRow.state == SIGNED)],
        "scorings": [_scoring(row) for row in _rows(ScoringRow, ScoringRow.patient == owner, ScoringRow.state.in_(("kept", "lights")))],
        "messages": [_message(row) for row in _rows(MessageRow, MessageRow.patient == owner)],
        "visits": [_visit(row) for row in _rows(VisitRow, VisitRow.patient == owner)],
    }


def _rows(table: Any, *which: Any) -> Any:
    return session().scalars(select(table).where(*which).order_by(table.created_at, table.id))


def _signed(row: InterpretationRow) -> Plain:
    said = {
        "night": row.night_id,
        "version": row.version,
        "doctor": called(row.author),
        "signed_at": row.signed_at.isoformat() if row.signed_at else None,
    }
    return said | {"text": _text(row.sealed_text, "interpretations.text", row)}


def _scoring(row: ScoringRow) -> Plain:
    def read() -> Marks:
        return codec.loads(Marks, _opened(row.sealed_marks, "scorings.marks", row))

    marks = read_or(read, None, what=f"scoring {row.id}")
    said: Plain = {"night": row.night_id, "version": row.version, "doctor": called(row.author), "changed_at": row.changed_at.isoformat()}
    if marks is None:
        return said | {"damaged": True}
    events = [[event.kind.value, event.onset_s, event.duration_s] for event in marks.events]
    comments = [[comment.at_s, comment.text] for comment in marks.comments]
    return said | {"stages": marks.stages, "events": events, "comments": comments, "lights_off_s": marks.off_s, "lights_on_s": marks.on_s}


def _message(row: MessageRow) -> Plain:
    said = {"doctor": called(row.doctor), "from_doctor": row.author == row.doctor, "created_at": row.created_at.isoformat()}
    return said | {"text": _text(row.sealed_text, "messages.text", row)}


def _visit(row: VisitRow) -> Plain:
    def read() -> Detail:
        return codec.loads(Detail, _opened(row.sealed_detail, "visits.detail", row))

    detail = read_or(read, None, what=f"visit {row.id}")
    said = {"doctor": called(row.doctor), "begins_at": row.begins_at.isoformat(), "minutes": row.minutes, "state": row.state}
    return said | ({"damaged": True} if detail is None else {"link": detail.link, "night": detail.night_id, "notes": detail.notes})


def _text(sealed: bytes, table: str, row: Any) -> str:
    def read() -> str:
        return _opened(sealed, table, row).decode()

    return read_or(read, str(SENTENCE), what=f"{table} {row.id}")


def _opened(sealed: bytes, table: str, row: Any) -> bytes:
    return house().vault.open_sealed(sealed, table=table, row=row.id, owner=row.patient)
