"""Everything of one person as a zip of open formats, streamed: nothing lies on disk, and one night at a time is in memory."""

import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from io import RawIOBase
from typing import Any

from sqlalchemy import select

from somnia_engine.document import to_document
from somnia_engine.exports.edf_plus import edf_plus
from somnia_engine.exports.fhir import fhir_bundle
from somnia_engine.exports.omh import sleep_episode
from somnia_engine.text import t
from somnia_engine.types.clips import Clip
from somnia_server.store import clips, mydata, nights, opencsv, recordings
from somnia_server.store.actors import Actor, pseudonym
from somnia_server.store.audit import note
from somnia_server.store.house import now
from somnia_server.store.nightcodec import unpack_night
from somnia_server.store.reach import acts_for, alive
from somnia_server.store.recordings import READY, Upload
from somnia_server.store.tables import NightRow, UploadRow, session
from somnia_server.store.vault import TamperedError

FORMAT, VERSION = "somnia-export", 1
MANIFEST, README, NIGHTS, UPLOADS = "manifest.json", "README.txt", "nights.json", "uploads.json"
LOSSLESS = ("summary.zst", "series.zst")
"""The two blobs of a night as they are kept, for another instance; what they hold stands beside them in open formats."""
PIECE = 1 << 18


def export_zip(actor: Actor, subject: str | None = None) -> Iterator[bytes] | None:
    """Return the zip of everything of a person (the actor by default) in pieces, and note it; None when it is not theirs to take.

    The pieces are made within the application's context; a response wraps them in `flask.stream_with_context`.
    """
    owner = subject or actor.id
    if not acts_for(actor, owner):
        return None
    note(actor, "export", subject=owner)
    session().commit()
    return _Zip().pieces(_members(actor, owner), owner)


Member = tuple[str, Iterable[bytes]]


def _members(actor: Actor, owner: str) -> Iterator[Member]:
    """Yield the name and the content of every file but the manifest."""
    yield README, [_readme().encode()]
    for name, made in mydata.parts(actor, owner).items():
        yield f"{name}.json", [_json(made())]
    kept = session().execute(select(NightRow.id, NightRow.night).where(NightRow.owner == owner, alive()).order_by(NightRow.night)).all()
    index = []
    for night_id, day in kept:
        folder = f"nights/{day.isoformat()}-{night_id[:8]}"
        entry: dict[str, Any] = {"folder": folder, "night": day.isoformat()}
        try:
            found = nights.blobs_of(owner, night_id)
        except TamperedError:
            index.append(entry | {"damaged": True})
            continue
        if found is not None:  # not deleted while the zip was on its way
            index.append(entry | {"demo": found.demo, "created_at": found.created_at.isoformat()})
            yield from _night(folder, found.blobs, names=(night_id, pseudonym(owner)))
            yield from _clips(folder, clips.clips_of(owner, night_id))
    yield NIGHTS, [_json(index)]
    yield from _uploads(owner)


def _night(folder: str, blobs: tuple[bytes, bytes], *, names: tuple[str, str]) -> Iterator[Member]:
    """Yield the files of a night; `names` are its id and what its person is called in files for others."""
    analysis = unpack_night(*blobs)
    yield f"{folder}/night.fhir.json", [_json(fhir_bundle(analysis, night_id=names[0], person=names[1], issued=now()))]
    yield f"{folder}/night.edf", [edf_plus(analysis)]
    episode = sleep_episode(analysis, night_id=names[0], issued=now())
    if episode is not None:
        yield f"{folder}/sleep-episode.json", [_json(episode)]
    yield f"{folder}/night.json", [_json(to_document(analysis))]
    for name, text in opencsv.night_tables(analysis):
        yield f"{folder}/{name}", (piece.encode() for piece in text)
    for name, blob in zip(LOSSLESS, blobs, strict=True):
        yield f"{folder}/{name}", [blob]


def _clips(folder: str, kept: Sequence[Clip]) -> Iterator[Member]:
    """Yield the loudest moments of a night; each is named by when it began."""
    for clip in kept:
        yield f"{folder}/loud-{round(clip.onset_s):06d}-s.mp3", [clip.sound]
        yield f"{folder}/loud-{round(clip.onset_s):06d}-s.png", [clip.picture]


def _uploads(owner: str) -> Iterator[Member]:
    """Yield the raw files that are still here, and their list; files of the demo belong to nobody."""
    query = select(UploadRow).where(
        UploadRow.owner == owner, UploadRow.state == READY, UploadRow.demo.is_(None), UploadRow.expires_at > now()
    )
    index: list[dict[str, Any]] = []
    for row in session().scalars(query.order_by(UploadRow.created_at)).all():
        upload = recordings.as_upload(row)
        member = f"uploads/{upload.id}-{_safe_name(upload.name)}"
        entry = {"file": member, "name": upload.name, "size": upload.size, "created_at": upload.created_at.isoformat()}
        yield member, _whole_pieces(upload, entry)
        index.append(entry)
    yield UPLOADS, [_json(index)]


def _whole_pieces(upload: Upload, entry: dict[str, Any]) -> Iterator[bytes]:
    """Yield a file's bytes as far as they are whole; the list says when that is not all."""
    try:
        yield from recordings.stream(upload)
    except (TamperedError, FileNotFoundError):
        entry["damaged"] = True


class _Sink(RawIOBase):
    """Takes what the zip writes and gives it on; it cannot seek, so the zip is written as a stream."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._waiting.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        taken, self._waiting = b"".join(self._waiting), []
        return taken


class _Zip:
    """A zip on its way; its manifest, which vouches for the other members, goes last."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)
        self._listed: list[dict[str, str | int]] = []

    def pieces(self, members: Iterable[Member], owner: str) -> Iterator[bytes]:
        for name, content in members:
            yield from self._member(name, content)
        manifest = {"format": FORMAT, "version": VERSION, "owner": owner, "made_at": now().isoformat(), "members": self._listed}
        yield from self._member(MANIFEST, [_json(manifest)])
        self._zip.close()
        yield self._sink.take()

    def _member(self, name: str, content: Iterable[bytes]) -> Iterator[bytes]:
        info = zipfile.ZipInfo(name, now().timetuple()[:6])
        info.compress_type = zipfile.ZIP_STORED if name.endswith(".zst") else zipfile.ZIP_DEFLATED
        digest, size = sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as file:
            for piece in content:
                digest.update(piece)
                size += len(piece)
                file.write(piece)
                if taken := self._sink.take():
                    yield taken
        self._listed.append({"name": name, "size": size, "sha256": digest.hexdigest()})
        yield self._sink.take()


def _readme() -> str:
    paragraphs = (
        t("This archive holds everything that SOMNIA keeps of you."),
        t("account.json, profile.json, history.json, settings.json: who you are, what you said of yourself, how you want things."),
        t("consents.json, sharing.json, audit.json, notices.json: what you agreed to, who may see what, who looked, what you were told."),
        t("remarks.json: what you noted of your nights."),
        t("answers.json: what you answered to questionnaires; each number is the place of your answer, from 0."),
        t("clinic.json: what doctors signed and scored of your nights, messages and visits."),
        t("nights: a folder for each night. night.json is the whole result, epochs.csv has a row for every 30 seconds."),
        t("night.fhir.json is the night for systems of clinics (HL7 FHIR), night.edf its stages and events for scoring programs (EDF+)."),
        t("sleep-episode.json is the sleep in the words of Open mHealth (IEEE 1752.1), from falling asleep to the last awakening."),
        t("events.csv has a row for every event, the files named trace-… one for every sample."),
        t("The files named loud-… are the loudest moments of a night, if you had them kept; the number is the second they begin at."),
        t("Times count in seconds from the start that night.json names. An empty cell means: not measured."),
        t("summary.zst and series.zst hold the same night for another SOMNIA server, which can take this archive in."),
        t("uploads: the files that you brought and that are still here, as you brought them."),
        t("manifest.json lists every file with its size and its SHA-256 digest."),
    )
    return "\n\n".join(paragraphs) + "\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _safe_name(name: str) -> str:
    """Return a file name that every system takes; the true one stands in the list."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".")[-80:] or "file"
