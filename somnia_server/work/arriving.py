"""How a file arrives, whoever brings it: room is made for its length, its bytes are sealed as they stream, its digests are checked."""

import base64
import binascii
import errno
import hashlib
import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import IO, Any

from werkzeug.exceptions import ClientDisconnected

from somnia_engine.text import Text
from somnia_server.store import recordings
from somnia_server.store.actors import Actor
from somnia_server.store.frames import FRAME_BYTES, SealedWriter
from somnia_server.store.processing import processing_refusal
from somnia_server.store.recordings import READY, Upload

log = logging.getLogger(__name__)

NAME_BYTES = 240
MISMATCH = 460
"""What tus 1.0 answers to bytes that are not those of their checksum."""
NOT_HERE = Text("This upload is not here. Choose the file again.")
UNDER_WAY = Text("This file is being uploaded already.")
_OFFSETS_KEPT = 64
_digests: "OrderedDict[str, tuple[int, Any]]" = OrderedDict()
"""Running digests of uploads under way in this process: a digest that is missing or behind is made again from the sealed file."""


class NotTakenError(Exception):
    """Bytes that are not taken; `status` is what HTTP answers, `text` says why, `offset` where the file goes on, if that is why."""

    def __init__(self, status: int, text: Text, offset: int | None = None) -> None:
        super().__init__(str(text))
        self.status, self.text, self.offset = status, text, offset


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that come: where in the file they begin, how many are said to come, their stream; digests (sha256) of them and of the file."""

    offset: int | None
    length: int
    stream: IO[bytes]
    sha256: bytes | None = None
    whole_sha256: bytes | None = None


def tidy_name(name: str) -> str:
    """Return the name that a person's file had, without folders; "file" when none was given."""
    plain = "".join(c for c in name.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())
    return plain.encode()[-NAME_BYTES:].decode(errors="ignore") or "file"  # the end: it holds the suffix


def number(given: str) -> int | None:
    """Return the number that a header holds; None when it holds none."""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None


def make_room(actor: Actor, name: str, *, size: int | None, subject: str | None = None, kind: str | None = None) -> str:
    """Make room for a file of a declared length [bytes] and return the upload's id; NotTakenError when it may not come."""
    owner = subject or actor.id
    most = recordings.largest_file(owner)
    if not size:
        raise NotTakenError(400, Text("The length of the file is missing.") if size is None else Text("This file is empty."))
    if size > most:
        said = {"size": size >> 20, "most": most >> 20}
        raise NotTakenError(413, Text("This file has {size} MB; at most {most} MB can be uploaded here.", said))
    if not recordings.may_add(actor, owner):
        raise NotTakenError(404, NOT_HERE)
    refuse_processing(owner)
    if (refusal := recordings.quota_refusal(owner, size)) is not None:
        raise NotTakenError(413, refusal)
    upload_id = recordings.add_upload(actor, tidy_name(name), size=size, subject=owner, kind=kind)
    if upload_id is None:
        raise NotTakenError(404, NOT_HERE)
    return upload_id


def find(actor: Actor, upload_id: str) -> Upload:
    """Return an upload that somebody brings; NotTakenError (404) when there is none of that id."""
    upload = recordings.find_upload(actor, upload_id)
    if upload is None or upload.demo is not None:
        raise NotTakenError(404, NOT_HERE)
    return upload


def settle(actor: Actor, upload: Upload) -> None:
    """Note that a file is whole when its server died between the last byte and its note of it; BlockingIOError while it is written."""
    if upload.state != READY and upload.received == upload.size:
        with recordings.open_writer(upload) as writer:
            _complete(actor, upload, writer, (None, None))


def take(actor: Actor, upload: Upload, piece: Piece) -> int:
    """Take the next bytes, seal them as they come, and note when the last has arrived; return where the file goes on [bytes].

    Raises
    ------
    NotTakenError
        They belong elsewhere, are not those of their digest, or there is no room.
    """
    refuse_processing(upload.owner)
    if upload.state == READY:
        if piece.offset != upload.size:
            raise _elsewhere(upload.size)
        return upload.size
    try:
        with recordings.open_writer(upload) as writer:
            return _append(actor, upload, writer, piece)
    except BlockingIOError:
        raise NotTakenError(423, UNDER_WAY) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        log.error("no room left for uploads")
        raise NotTakenError(507, Text("There is no room left on this server. What has arrived is kept; try again later.")) from None


def drop(actor: Actor, upload_id: str) -> bool:
    """Delete an upload; False when there is none of that id, or a job needs it."""
    _digests.pop(upload_id, None)
    return recordings.remove_upload(actor, upload_id)


def digest_of(given: str, *, before: str = "", after: str = "") -> bytes | None:
    """Return the SHA-256 that a header carries in base64 between two marks; None when it carries none."""
    if not given.startswith(before) or not given.endswith(after) or len(given) < len(before) + len(after):
        return None
    try:
        found = base64.b64decode(given[len(before) : len(given) - len(after)].strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) == hashlib.sha256().digest_size else None


def refuse_processing(owner: str) -> None:
    """Refuse when nothing of whose file it is may be worked on now."""
    if (refusal := processing_refusal(owner)) is not None:
        raise NotTakenError(403, refusal)


def _append(actor: Actor, upload: Upload, writer: SealedWriter, piece: Piece) -> int:
    if piece.offset != writer.offset:
        raise _elsewhere(writer.offset)
    left = upload.size - writer.offset
    if piece.length > left:
        raise NotTakenError(413, Text("More bytes came than the file was said to have."))
    at, digest = _digests.pop(upload.id, (0, hashlib.sha256()))
    whole = at == writer.offset  # this process has seen every byte so far
    before, mark = digest.copy(), writer.mark()
    own = None if piece.sha256 is None else hashlib.sha256()
    _write(writer, piece, left, [one for one in (digest, own) if one is not None])
    wrong = own is not None and own.digest() != piece.sha256
    if wrong:
        writer.cut_back(mark)
        digest = before
    if whole:
        _remember(upload.id, writer.offset, digest)
    if wrong:
        raise NotTakenError(MISMATCH, Text("What arrived is not what its checksum says. Send these bytes again."), writer.offset)
    if writer.offset == upload.size:
        _complete(actor, upload, writer, (digest if whole else None, piece.whole_sha256))
    return writer.offset


def _write(writer: SealedWriter, piece: Piece, left: int, digests: list[Any]) -> None:
    """Seal what comes, at most what is left of the file [bytes], until it ends or breaks off."""
    try:
        while left and (block := piece.stream.read(min(FRAME_BYTES, left))):
            writer.write(block)
            for digest in digests:
                digest.update(block)
            left -= len(block)
    except ClientDisconnected:
        log.info("an upload was interrupted")


def _complete(actor: Actor, upload: Upload, writer: SealedWriter, digests: tuple[Any, bytes | None]) -> None:
    """Close a file that is whole; `digests` are its running one, if there is one, and the one that it is to have."""
    running, wanted = digests
    writer.finish()
    _digests.pop(upload.id, None)
    if running is None:
        running = hashlib.sha256()
        for block in recordings.stream(upload):
            running.update(block)
    if wanted not in (None, running.digest()):
        recordings.remove_upload(actor, upload.id)
        raise NotTakenError(MISMATCH, Text("The file that arrived is not what its digest says. It was deleted: upload it again."))
    recordings.mark_ready(actor, upload.id, sha256=running.hexdigest())


def _remember(upload_id: str, offset: int, digest: Any) -> None:
    _digests[upload_id] = (offset, digest)
    while len(_digests) > _OFFSETS_KEPT:
        _digests.popitem(last=False)


def _elsewhere(offset: int) -> NotTakenError:
    return NotTakenError(409, Text("The upload goes on elsewhere in the file."), offset)
