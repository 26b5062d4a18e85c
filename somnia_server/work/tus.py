"""The tus 1.0 routes: files arrive in pieces, are sealed while they stream, and go on where they stopped."""

import base64
import binascii

from flask import Blueprint, Response, jsonify, request

from somnia_engine.text import Text, t
from somnia_server.access.visitor import actor_now
from somnia_server.store import recordings
from somnia_server.store.house import house
from somnia_server.work import arriving
from somnia_server.work.arriving import NotTakenError, Piece, number

tus = Blueprint("tus", __name__, url_prefix="/upload/tus")

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum"
TUS_ONLY = Text("This address takes resumable uploads (tus {version}) only.")


@tus.before_request
def _speaks_tus() -> Response | None:
    if request.method == "OPTIONS" or request.headers.get("Tus-Resumable") == VERSION:
        return None
    return _problem(412, t(TUS_ONLY, version=VERSION))


@tus.after_request
def _says_tus(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    return response


@tus.route("", methods=["OPTIONS"])
def options() -> Response:
    """Say what is understood."""
    headers = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Checksum-Algorithm": "sha256"}
    headers["Tus-Max-Size"] = str(recordings.largest_file(actor_now().id))
    return Response(status=204, headers=headers)


@tus.errorhandler(NotTakenError)
def not_taken(error: NotTakenError) -> Response:
    """Say why bytes were not taken, and where the file goes on."""
    response = _problem(error.status, t(error.text))
    if error.offset is not None:
        response.headers["Upload-Offset"] = str(error.offset)
    return response


@tus.post("")
def create() -> Response:
    """Make room for a file of a declared length."""
    size = number(request.headers.get("Upload-Length", ""))
    upload_id = arriving.make_room(actor_now(), said_about("filename", "name"), size=size, subject=said_about("subject") or None)
    return Response(status=201, headers={"Location": f"/upload/tus/{upload_id}", "Upload-Offset": "0"})


@tus.route("/<upload_id>", methods=["HEAD"])
def head(upload_id: str) -> Response:
    """Say how much has arrived."""
    upload = arriving.find(actor_now(), upload_id)
    try:
        arriving.settle(actor_now(), upload)
    except BlockingIOError:
        return Response(status=423)
    headers = {"Upload-Offset": str(upload.received), "Upload-Length": str(upload.size), "Cache-Control": "no-store"}
    return Response(status=200, headers=headers)


@tus.patch("/<upload_id>")
def patch(upload_id: str) -> Response:
    """Take the next bytes, seal them as they come, and note when the last has arrived."""
    request.max_content_length = house().settings.max_upload_bytes
    upload = arriving.find(actor_now(), upload_id)
    if request.mimetype != "application/offset+octet-stream":
        return _problem(415, t(TUS_ONLY, version=VERSION))
    checksum = request.headers.get("Upload-Checksum", "")
    sha256 = arriving.digest_of(checksum, before="sha256 ")
    if checksum and sha256 is None:
        return _problem(400, t("A checksum is sha256 and its 32 bytes in base64."))
    offset = number(request.headers.get("Upload-Offset", ""))
    came = arriving.take(actor_now(), upload, Piece(offset, request.content_length or 0, request.stream, sha256))
    return Response(status=204, headers={"Upload-Offset": str(came)})


@tus.delete("/<upload_id>")
def terminate(upload_id: str) -> Response:
    """Delete an upload."""
    return Response(status=204 if arriving.drop(actor_now(), upload_id) else 404)


def said_about(*keys: str) -> str:
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


def _problem(status: int, message: str) -> Response:
    response = jsonify({"error": {"status": status, "message": message}})
    response.status_code = status
    return response
