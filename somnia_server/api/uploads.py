"""/api/v1/upload and /api/v1/uploads: files come whole or in pieces (tus 1.0), and are checked against what is said of them."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response, abort, request
from pydantic import BaseModel, Field

from somnia_engine.text import Text, t
from somnia_server.access.permissions import Action
from somnia_server.api.authority import BEARER, caller, needs, whose
from somnia_server.api.errors import problem
from somnia_server.api.once import once, streamed
from somnia_server.api.paging import Whose, page_of
from somnia_server.store.house import house
from somnia_server.store.recordings import READY, Upload
from somnia_server.work import arriving, uploads
from somnia_server.work.arriving import NotTakenError, Piece
from somnia_server.work.tus import VERSION, said_about

files = APIBlueprint("files", __name__, url_prefix="/api/v1", tag="Uploads")
PIECES = "application/offset+octet-stream"
KINDS = {"audio": frozenset({"audio"}), "video": frozenset({"video"})}
"""The formats that files of a kind have; any format is a recording."""
OTHER_KIND = Text("This file holds no {kind}, it is: {found}. It was deleted. Bring it as a “recording”.")
WRONG_DIGEST = Text("{header} cannot be read. Give {shape}.")
DIGEST = {"Upload-Checksum": "sha256 and 32 bytes in base64", "Repr-Digest": "sha-256=:32 bytes in base64:"}


class Found(BaseModel):
    """A night in a file; times are null where the file has none."""

    night: date | None
    start: datetime | None
    end: datetime | None
    duration_s: float


class Looked(BaseModel):
    """What a file holds; `needs_start`: it does not say when it began, `zone` null: nor where."""

    format: str
    channels: list[str]
    zone: str | None
    needs_start: bool
    nights: list[Found]


class UploadEntry(BaseModel):
    """A file: what has arrived of it [bytes], its digest once it is whole, and what it holds once somebody looked."""

    id: str = Field(examples=["5f0c9b3d2a1e4f67890123456789abcd"])
    href: str
    kind: Literal["audio", "video", "recording"] | None
    name: str
    state: Literal["receiving", "ready", "damaged"]
    size: int
    received: int
    sha256: str | None = Field(description="Hexadecimal.")
    created_at: datetime
    expires_at: datetime
    found: Looked | None


class UploadEntries(BaseModel):
    """The caller's files that wait here, oldest first."""

    uploads: list[UploadEntry]
    next: str | None


class Named(BaseModel):
    """How the file is called, and for whom it is, when that is somebody who lets the caller bring files."""

    name: str = Field(default="", max_length=1024)
    subject: str = Field(default="", max_length=64)


@files.after_request
def _say_tus(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    return response


@files.errorhandler(NotTakenError)
def not_taken(error: NotTakenError) -> Response:
    """Say why bytes were not taken, and where the file goes on."""
    headers = {} if error.offset is None else {"Upload-Offset": str(error.offset)}
    return problem(error.status, t(error.text), headers=headers)


@files.post("/upload/<kind>")
@files.doc(
    security=BEARER,
    description="Bring a file: whole in the body; or give its Upload-Length and bring its pieces to the address in Location with PATCH, "
    "as tus 1.0 does. A broken upload goes on where HEAD of that address says. Bytes that are not those of their digest are not kept "
    "(460); what is no sound or no video although it came as such is deleted (415).",
)
@streamed
@once
@files.input(Named, location="query", arg_name="named")
@files.output(UploadEntry, status_code=201)
@needs(Action.UPLOAD)
def bring(kind: str, named: Named) -> Any:
    """Bring a file, whole or in pieces."""
    if kind not in (*KINDS, "recording"):
        abort(404)
    request.max_content_length = house().settings.max_upload_bytes
    actor, said, whole = caller(), request.headers.get("Upload-Length"), request.content_length or 0
    size = whole if said is None else arriving.number(said)
    name = named.name or _metadata_name()
    digests = _digests()
    upload_id = arriving.make_room(actor, name, size=size or None, subject=named.subject or None, kind=kind)
    if whole:
        try:
            _take(upload_id, 0, digests)
        except NotTakenError:  # whoever brought it was not told where it would go on
            arriving.drop(actor, upload_id)
            raise
    upload = arriving.find(actor, upload_id)
    return _entry(upload), 201, _places(upload)


@files.get("/uploads")
@files.doc(security=BEARER)
@files.input(Whose, location="query", arg_name="asked")
@files.output(UploadEntries)
@needs(Action.UPLOAD)
def read_uploads(asked: Whose) -> Any:
    """Return the files that wait here: the caller's, or those that they brought for somebody."""
    shown, following = page_of(uploads.list_uploads(caller(), whose(asked.subject)), asked, lambda upload: upload.id)
    return {"uploads": [_entry(upload) for upload in shown], "next": following}


@files.get("/uploads/<upload_id>")
@files.doc(security=BEARER, description="HEAD answers without a body: Upload-Offset says where a broken upload goes on.")
@files.output(UploadEntry)
@needs(Action.UPLOAD)
def read_upload(upload_id: str) -> Any:
    """Return a file: how much has arrived, and what is known of it."""
    actor = caller()
    try:
        arriving.settle(actor, arriving.find(actor, upload_id))
    except BlockingIOError:
        raise NotTakenError(HTTPStatus.LOCKED, arriving.UNDER_WAY) from None
    upload = arriving.find(actor, upload_id)
    if upload.state == READY and upload.kind in KINDS and uploads.known_survey(upload) is None:
        _check_kind(upload)  # the server died before it looked
    return _entry(upload), 200, _places(upload)


@files.patch("/uploads/<upload_id>")
@files.doc(
    security=BEARER,
    description="Bring the next bytes; Upload-Offset of the answer says where the file goes on. "
    "With its last byte a file that came as sound or video is looked into.",
)
@files.output({}, status_code=204)
@needs(Action.UPLOAD)
def go_on(upload_id: str) -> Any:
    """Bring the next bytes of a file."""
    request.max_content_length = house().settings.max_upload_bytes
    if request.mimetype != PIECES:
        return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, t("Pieces of a file come as {media}.", media=PIECES))
    came = _take(upload_id, arriving.number(request.headers.get("Upload-Offset", "")), _digests())
    return Response(status=204, headers={"Upload-Offset": str(came)})


@files.delete("/uploads/<upload_id>")
@files.doc(security=BEARER)
@files.output({}, status_code=204)
@needs(Action.UPLOAD)
def remove(upload_id: str) -> Any:
    """Delete a file that no analysis needs."""
    if not arriving.drop(caller(), upload_id):
        abort(404)
    return Response(status=204)


def _digests() -> tuple[bytes | None, bytes | None]:
    """Return the digests that a request names: of its bytes and of the whole file; 400 for one that cannot be read."""
    said = {name: request.headers.get(name, "") for name in DIGEST}
    piece = arriving.digest_of(said["Upload-Checksum"], before="sha256 ")
    whole = arriving.digest_of(said["Repr-Digest"], before="sha-256=:", after=":")
    for name, found in (("Upload-Checksum", piece), ("Repr-Digest", whole)):
        if said[name] and found is None:
            abort(400, t(WRONG_DIGEST, header=name, shape=DIGEST[name]))
    return piece, whole


def _take(upload_id: str, offset: int | None, digests: tuple[bytes | None, bytes | None]) -> int:
    actor = caller()
    upload = arriving.find(actor, upload_id)
    came = arriving.take(actor, upload, Piece(offset, request.content_length or 0, request.stream, *digests))
    if came == upload.size and upload.kind in KINDS:
        _check_kind(upload)
    return came


def _check_kind(upload: Upload) -> None:
    """Look into a file that is to be sound or video; one that is not goes."""
    actor, kind = caller(), str(upload.kind)
    try:
        survey = uploads.survey_upload(actor, upload.id)
    except uploads.RefusedError as refused:
        arriving.drop(actor, upload.id)
        raise NotTakenError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, refused.text) from None
    if survey.format not in KINDS[kind]:
        arriving.drop(actor, upload.id)
        raise NotTakenError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Text(OTHER_KIND.msgid, {"kind": kind, "found": survey.name}))


def _metadata_name() -> str:
    return said_about("filename", "name")


def _places(upload: Upload) -> dict[str, str]:
    return {"Location": _href(upload), "Upload-Offset": str(upload.received), "Upload-Length": str(upload.size)}


def _href(upload: Upload) -> str:
    return f"/api/v1/uploads/{upload.id}"


def _entry(upload: Upload) -> dict[str, Any]:
    survey = uploads.known_survey(upload) if upload.state == READY else None
    found: dict[str, Any] | None = None
    if survey is not None:
        spans = [{"night": one.night, "start": one.start, "end": one.end, "duration_s": one.duration_s} for one in survey.nights]
        found = {"format": survey.format, "channels": list(survey.channels), "zone": survey.zone, "nights": spans}
        found["needs_start"] = survey.needs_start
    names = ("id", "kind", "name", "state", "size", "received", "sha256", "created_at", "expires_at")
    return {name: getattr(upload, name) for name in names} | {"href": _href(upload), "found": found}
