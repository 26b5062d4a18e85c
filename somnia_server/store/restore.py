"""Takes in what `export` gave out, here or on another server: adds what is missing, twice is once, and what is newer here stays."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from string import Formatter
from typing import Any

import numpy as np
import zstandard
from sqlalchemy import select

from somnia_engine.document import to_document
from somnia_engine.errors import SomniaError
from somnia_engine.text import Text, t
from somnia_engine.types.questionnaires import Answered
from somnia_engine.types.signals import Signal
from somnia_server.store import nightcodec, nights, persons, recordings
from somnia_server.store.actors import Actor
from somnia_server.store.answers import AnswerError, answers_of, checked_answers, put_answers
from somnia_server.store.archive import Archive, ArchiveError, opened, wrong
from somnia_server.store.audit import note
from somnia_server.store.damaged import DAMAGED
from somnia_server.store.export import LOSSLESS, NIGHTS, UPLOADS
from somnia_server.store.frames import FRAME_BYTES
from somnia_server.store.house import house, now
from somnia_server.store.nights import Kept
from somnia_server.store.reach import acts_for
from somnia_server.store.remarks import Remark, Remarked, RemarkError, checked_remark, load_remark, put_remark
from somnia_server.store.retention import night_stays_until
from somnia_server.store.tables import ConsentRow, NightRow, session
from somnia_server.store.vault import TamperedError

CONSENTS, REMARKS, ANSWERS, ELSEWHERE = "consents.json", "remarks.json", "answers.json", "elsewhere"
MOST_NIGHT_BYTES = 64 << 20
MOST_EPOCHS = 2880
MALFORMED = (
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    StopIteration,
    SomniaError,
    zstandard.ZstdError,
)
"""What reading a night raises that nobody here has written."""
MOST_ENTRIES = 20_000
MOST_CHARS = 4000
PLACE_FORMAT = re.compile(r"(\+?(\.[0-9])?[dfg%])?")
"""How a number may be asked for in a sentence: a width of a billion would fill the memory."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import: what was added, and how many nights were here before."""

    nights: int
    known_nights: int
    uploads: int
    consents: int


def import_zip(actor: Actor, path: Path, *, subject: str | None = None) -> Imported | None:
    """Take an exported archive in for a person (the actor by default); None when that is not the actor's to do.

    Everything is checked before anything is kept. A profile and settings that are here already go before imported ones, a history is
    united by its entries, what was noted here of a night stays. A consent was given to the other server, not to this one: it
    arrives as withdrawn.

    Raises
    ------
    ArchiveError, PersonError
        Nothing was taken in; the `text` says why.
    """
    owner = subject or actor.id
    if not acts_for(actor, owner):
        return None
    with opened(path) as archive:
        found, raw, consents, remarked = _nights(archive), _uploads(archive), _consents(archive, owner), _remarks(archive)
        answered = _answers(archive)
        try:
            persons.take_in(owner, {part: _object(archive, f"{part}.json") for part in ("profile", "history", "settings")})
        except MALFORMED:
            raise ArchiveError(wrong("profile.json")) from None
        added_consents = _add_consents(owner, consents)
        _add_remarks(owner, remarked)
        _add_answers(owner, answered)
        note(actor, "import", subject=owner)
        session().commit()
        added = sum(_add_night(owner, archive, night) for night in found)
        uploads = sum(_add_upload(actor, owner, archive, file) for file in raw)
    return Imported(added, len(found) - added, uploads, added_consents)


@dataclass(frozen=True, slots=True)
class _Night:
    """A night of an archive: its folder, its day, whether it is a demo's, when it was analysed."""

    folder: str
    day: date
    demo: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Raw:
    """A raw file of an archive."""

    member: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class _Consent:
    kind: str
    version: str
    given_by: str
    given_at: datetime
    withdrawn_at: datetime


def _nights(archive: Archive) -> list[_Night]:
    """Return the nights of an archive, each looked into; those that could not be read when it was made are not in it."""
    found = []
    for entry in _entries(archive, NIGHTS):
        try:
            if not entry.get("damaged"):
                made = _moment(entry["created_at"])
                found.append(_Night(str(entry["folder"]), date.fromisoformat(entry["night"]), entry["demo"] is True, min(made, now())))
        except MALFORMED:
            raise ArchiveError(wrong(NIGHTS)) from None
    for night in found:
        _check_night(archive, night)
    return found


def _check_night(archive: Archive, night: _Night) -> None:
    """Refuse a night that would not open here, that no night can be, or whose sentences ask for more than they show."""
    name = f"{night.folder}/{LOSSLESS[1]}"
    summary, series = _blobs(archive, night)
    try:
        if not 0 < zstandard.frame_content_size(series) <= MOST_NIGHT_BYTES:
            raise ArchiveError(wrong(name))
        analysis = nightcodec.unpack_night(summary, series)
        sound = _sound(analysis) and all(map(_sound_trace, analysis.traces)) and 0 < analysis.features.n_epochs <= MOST_EPOCHS
        aware = analysis.start is None or analysis.start.utcoffset() is not None
        if not sound or not aware:
            raise ArchiveError(wrong(name))
        to_document(analysis)  # only now: a sentence that is not sound may ask for gigabytes
    except MALFORMED:
        raise ArchiveError(wrong(name)) from None


def _sound(value: Any) -> bool:
    """Return whether nothing in a value is infinite, endless, or a sentence that reaches further than its places."""
    sound = True
    if isinstance(value, Text):
        sound = _sound_text(value)
    elif isinstance(value, str):
        sound = len(value) <= MOST_CHARS
    elif isinstance(value, float | np.ndarray):
        sound = not np.isinf(value).any()
    elif isinstance(value, Mapping):
        sound = all(_sound(name) and _sound(v) for name, v in value.items())
    elif isinstance(value, Sequence):
        sound = all(map(_sound, value))
    elif is_dataclass(value):
        sound = all(_sound(getattr(value, field.name)) for field in fields(value))
    return sound


def _sound_text(text: Text) -> bool:
    places = list(Formatter().parse(text.msgid)) if text.values else []
    for _, name, form, conversion in places:
        if name is not None and (name not in text.values or conversion or not PLACE_FORMAT.fullmatch(form or "")):
            return False
    return len(text.msgid) <= MOST_CHARS and _sound(dict(text.values)) and isinstance(t(text), str)


def _sound_trace(trace: Signal) -> bool:
    return 0 < trace.fs < 1e6 and math.isfinite(trace.onset_s)


def _add_night(owner: str, archive: Archive, night: _Night) -> bool:
    """Keep a night unless the very same is here; False when it was."""
    blobs = _blobs(archive, night)
    for row in session().scalars(select(NightRow.id).where(NightRow.owner == owner, NightRow.night == night.day)).all():
        if _same(owner, row, blobs):
            return False
    fingerprint = house().vault.fingerprint("import", owner, *(sha256(blob).hexdigest() for blob in blobs))
    kept = Kept(night.day, fingerprint, demo=night.demo, expires_at=night_stays_until(owner, now()))
    row_id = nights.put_night(owner, blobs, kept=kept)
    session().get_one(NightRow, row_id).created_at = night.created_at
    session().commit()
    session().expunge_all()
    return True


def _same(owner: str, night_id: str, blobs: tuple[bytes, bytes]) -> bool:
    try:
        found = nights.blobs_of(owner, night_id)
    except TamperedError:
        return False
    return found is not None and found.blobs == blobs


def _uploads(archive: Archive) -> list[_Raw]:
    found = []
    for entry in _entries(archive, UPLOADS):
        try:
            raw = _Raw(str(entry["file"]), str(entry["name"])[:255], archive.sizes[str(entry["file"])])
        except MALFORMED:
            raise ArchiveError(wrong(UPLOADS)) from None
        if not entry.get("damaged"):
            found.append(raw)
    return found


def _add_upload(actor: Actor, owner: str, archive: Archive, raw: _Raw) -> bool:
    """Seal a raw file unless one with the same bytes is here; False when it was."""
    digest = archive.digests[raw.member]
    here = {upload.sha256 for upload in recordings.list_uploads(actor, owner)}
    upload_id = None if digest in here else recordings.add_upload(actor, raw.name, size=raw.size, subject=owner)
    upload = None if upload_id is None else recordings.find_upload(actor, upload_id)
    if upload is None:
        return False
    with recordings.open_writer(upload) as writer:
        for piece in archive.pieces(raw.member):
            for at in range(0, len(piece), FRAME_BYTES):
                writer.write(piece[at : at + FRAME_BYTES])
        writer.finish()
    recordings.mark_ready(actor, upload.id, sha256=digest)
    return True


def _consents(archive: Archive, owner: str) -> list[_Consent]:
    found = []
    for entry in _entries(archive, CONSENTS):
        try:
            by = owner if entry["given_by"] == archive.owner else ELSEWHERE
            ended = now() if entry["withdrawn_at"] is None else _moment(entry["withdrawn_at"])
            consent = _Consent(str(entry["kind"]), str(entry["version"]), by, _moment(entry["given_at"]), min(ended, now()))
        except MALFORMED:
            raise ArchiveError(wrong(CONSENTS)) from None
        if max(len(consent.kind), len(consent.version)) > 16:
            raise ArchiveError(wrong(CONSENTS))
        found.append(consent)
    return found


def _add_consents(owner: str, consents: Sequence[_Consent]) -> int:
    """Add the consents that are not here, within the caller's transaction; return how many."""
    rows = session().scalars(select(ConsentRow).where(ConsentRow.owner == owner))
    here = {(row.kind, row.version, row.given_at) for row in rows}
    new = {(c.kind, c.version, c.given_at): c for c in consents if (c.kind, c.version, c.given_at) not in here}
    for c in new.values():
        row = ConsentRow(id=token_hex(16), owner=owner, kind=c.kind, version=c.version, given_by=c.given_by, given_at=c.given_at)
        row.withdrawn_at = c.withdrawn_at
        session().add(row)
    return len(new)


def _remarks(archive: Archive) -> list[Remarked]:
    found = []
    for entry in _entries(archive, REMARKS):
        try:
            remark = checked_remark(Remark(str(entry["note"]), tuple(map(str, entry["tags"]))))
            found.append(Remarked(date.fromisoformat(entry["night"]), remark))
        except (*MALFORMED, RemarkError):
            raise ArchiveError(wrong(REMARKS)) from None
    return found


def _add_remarks(owner: str, remarked: Sequence[Remarked]) -> None:
    """Keep what was noted of nights of which nothing is noted here, within the caller's transaction."""
    me = Actor.owner(owner)
    for one in remarked:
        if load_remark(me, one.night) == Remark():
            put_remark(owner, one.night, remark=one.remark)


def _answers(archive: Archive) -> list[Answered]:
    found = []
    for entry in _entries(archive, ANSWERS):
        if entry.get("key") == DAMAGED:
            continue
        try:
            day, choices = date.fromisoformat(entry["day"]), tuple(map(int, entry["choices"]))
            found.append(checked_answers(Answered(str(entry["key"]), day, choices)))
        except (*MALFORMED, AnswerError):
            raise ArchiveError(wrong(ANSWERS)) from None
    return found


def _add_answers(owner: str, answered: Sequence[Answered]) -> None:
    """Keep the answers of days on which the same was not answered here, within the caller's transaction."""
    here = {(one.key, one.day) for one in answers_of(owner)}
    for one in answered:
        if (one.key, one.day) not in here:
            put_answers(owner, one)


def _entries(archive: Archive, name: str) -> list[dict[str, Any]]:
    """Return a JSON member that is a list of objects; empty when there is none of that name."""
    found = archive.json(name) if name in archive else []
    if not isinstance(found, list) or len(found) > MOST_ENTRIES or not all(isinstance(entry, dict) for entry in found):
        raise ArchiveError(wrong(name))
    return found


def _object(archive: Archive, name: str) -> dict[str, Any]:
    found = archive.json(name) if name in archive else {}
    if not isinstance(found, dict):
        raise ArchiveError(wrong(name))
    return found


def _moment(said: Any) -> datetime:
    at = datetime.fromisoformat(said)
    if at.utcoffset() is None:
        raise ValueError("a time without its zone")
    return at


def _blobs(archive: Archive, night: _Night) -> tuple[bytes, bytes]:
    first, second = (archive.read(f"{night.folder}/{name}") for name in LOSSLESS)
    return first, second
