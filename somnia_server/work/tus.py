"""The tus 1.0 routes: files arrive in pieces, are sealed while they stream, and go on where they stopped."""

import base64
import binascii
import errno
import hashlib
import logging
from collections import OrderedDict
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import ClientDisconnected

from somnia_engine.text import t
from somnia_server.access.visitor import actor_now
from somnia_server.store import recordings
from somnia_server.store.frames import FRAME_BYTES, SealedWriter
from somnia_server.store.house import house
from somnia_server.store.processing import processing_refusal
from somnia_server.store.recordings import READY, Upload

log = logging.getLogger(__name__)

tus = Blueprint("tus", __name__, url_prefix="/upload/tus")

VERSION = "1.0.0"
EXTENSIONS = "creation,termination"
NAME_BYTES = 240
_OFFSETS_KEPT = 64
_digests: "OrderedDict[str, tuple[int, Any]]" = OrderedDict()
"""Running digests of uploads under way in this process: a digest that is missing or behind is made again from the sealed file."""


@tus.before_request
def _speaks_tus() -> Response | None:
    if request.method == "OPTIONS" or request.headers.get("Tus-Resumable") == VERSION:
        return None
    return _problem(412, t("This address takes resumable uploads (tus {version}) only.", version=VERSION))


@tus.after_request
def _says_tus(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    return response


@tus.route("", methods=["OPTIONS"])
def options() -> Response:
    """Say what is understood."""
    headers = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(recordings.largest_file(actor_now().id))}
    return Response(status=204, headers=headers)


@tus.post("")
def create() -> Response:
    """Make room for a file of a declared length."""
    size = _number("Upload-Length")
    owner = _said_about("subject") or actor_now().id
    most = recordings.largest_file(owner)
    if not size:
        return _problem(400, t("The length of the file is missing.") if size is None else t("This file is empty."))
    if size > most:
        return _problem(413, t("This file has {size} MB; at most {most} MB can be uploaded here.", size=size >> 20, most=most >> 20))
    if not recordings.may_add(actor_now(), owner):
        return _not_here()
    if (refused := _refused(owner) or _too_much(owner, size)) is not None:
        return refused
    upload_id = recordings.add_upload(actor_now(), _file_name(), size=size, subject=owner)
    if upload_id is None:
        return _not_here()
    return Response(status=201, headers={"Location": f"/upload/tus/{upload_id}", "Upload-Offset": "0"})


@tus.route("/<upload_id>", methods=["HEAD"])
def head(upload_id: str) -> Response:
    """Say how much has arrived."""
    upload = recordings.find_upload(actor_now(), upload_id)
    if upload is None or upload.demo is not None:
        return Response(status=404)
    if upload.state != READY and upload.received == upload.size:
        try:  # the server died between the last byte and its note of it
            with recordings.open_writer(upload) as writer:
                _complete(upload, writer, None)
        except BlockingIOError:
            return Response(status=423)
    headers = {"Upload-Offset": str(upload.received), "Upload-Length": str(upload.size), "Cache-Control": "no-store"}
    return Response(status=200, headers=headers)


@tus.patch("/<upload_id>")
def patch(upload_id: str) -> Response:
    """Take the next bytes, seal them as they come, and note when the last has arrived."""
    request.max_content_length = house().settings.max_upload_bytes
    upload = recordings.find_upload(actor_now(), upload_id)
    if upload is None or upload.demo is not None:
        return _not_here()
    if request.mimetype != "application/offset+octet-stream":
        return _problem(415, t("This address takes resumable uploads (tus {version}) only.", version=VERSION))
    return _refused(upload.owner) or _take(upload)


def _take(upload: Upload) -> Response:
    if upload.state == READY:
        return _conflict(upload.size) if _number("Upload-Offset") != upload.size else _taken(upload.size)
    try:
        with recordings.open_writer(upload) as writer:
            return _append(upload, writer)
    except BlockingIOError:
        return _problem(423, t("This file is being uploaded already."))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        log.error("no room left for uploads")
        return _problem(507, t("There is no room left on this server. What has arrived is kept; try again later."))


@tus.delete("/<upload_id>")
def terminate(upload_id: str) -> Response:
    """Delete an upload."""
    _digests.pop(upload_id, None)
    return Response(status=204 if recordings.remove_upload(actor_now(), upload_id) else 404)


def _append(upload: Upload, writer: SealedWriter) -> Response:
    if _number("Upload-Offset") != writer.offset:
        return _conflict(writer.offset)
    left = upload.size - writer.offset
    if (request.content_length or 0) > left:
        return _problem(413, t("More bytes came than the file was said to have."))
    at, digest = _digests.pop(upload.id, (0, hashlib.sha256()))
    whole = at == writer.offset  # this process has seen every byte so far
    try:
        while left and (piece := request.stream.read(min(FRAME_BYTES, left))):
            writer.write(piece)
            digest.update(piece)
            left -= len(piece)
    except ClientDisconnected:
        log.info("an upload was interrupted")
    finally:
        if whole:
            _remember(upload.id, writer.offset, digest)
    if left == 0:
        _complete(upload, writer, digest.hexdigest() if whole else None)
    return _taken(writer.offset)


def _complete(upload: Upload, writer: SealedWriter, sha256: str | None) -> None:
    writer.finish()
    _digests.pop(upload.id, None)
    if sha256 is None:
        digest = hashlib.sha256()
        for piece in recordings.stream(upload):
            digest.update(piece)
        sha256 = digest.hexdigest()
    recordings.mark_ready(actor_now(), upload.id, sha256=sha256)


def _remember(upload_id: str, offset: int, digest: Any) -> None:
    _digests[upload_id] = (offset, digest)
    while len(_digests) > _OFFSETS_KEPT:
        _digests.popitem(last=False)


def _taken(offset: int) -> Response:
    return Response(status=204, headers={"Upload-Offset": str(offset)})


def _conflict(offset: int) -> Response:
    response = _problem(409, t("The upload goes on elsewhere in the file."))
    response.headers["Upload-Offset"] = str(offset)
    return response


def _number(header: str) -> int | None:
    given = request.headers.get(header, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None


def _file_name() -> str:
    """Return the name that the person's file had, without folders; "file" when none was given."""
    name = _said_about("filename", "name")
    plain = "".join(c for c in name.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())
    return plain.encode()[-NAME_BYTES:].decode(errors="ignore") or "file"  # the end: it holds the suffix


def _said_about(*keys: str) -> str:
    """Return the first text that the request says of the file under one of these keys; empty when it says none."""
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key in keys:
            try:
                said = base64.b64decode(value, validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError):
                continue
            if said:
                return said
    return ""


def _not_here() -> Response:
    return _problem(404, t("This upload is not here. Choose the file again."))


def _refused(owner: str) -> Response | None:
    """Return the answer when nothing of whose file it is may be worked on now."""
    refusal = processing_refusal(owner)
    return None if refusal is None else _problem(403, t(refusal))


def _too_much(owner: str, size: int) -> Response | None:
    refusal = recordings.quota_refusal(owner, size)
    return None if refusal is None else _problem(413, t(refusal))


def _problem(status: int, message: str) -> Response:
    response = jsonify({"error": {"status": status, "message": message}})
    response.status_code = status
    return response
