"""One's own data as a whole: take a copy, bring one from elsewhere, erase everything."""

from hashlib import sha256
from os import SEEK_END

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, stream_with_context
from flask_login import logout_user as forget_login
from flask_security import auth_required
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from somnia_engine.text import Text, t
from somnia_server.access.credentials import prove_again
from somnia_server.access.sessions import recently, session_actor
from somnia_server.store import recordings
from somnia_server.store.actors import Actor
from somnia_server.store.export import export_zip
from somnia_server.store.frames import FRAME_BYTES
from somnia_server.store.house import now
from somnia_server.store.leaving import erase as erase_person
from somnia_server.store.refusals import RefusalError
from somnia_server.work.moving import import_upload

data = Blueprint("data", __name__, url_prefix="/data")
WORD = "ERASE"


@data.get("")
@auth_required("session")
def overview() -> str:
    """Show what can be done with one's data as a whole."""
    return render_template("data.html", word=WORD)


@data.get("/export")
@recently
def export() -> Response:
    """Send everything of a person as one archive."""
    return archive(_actor())


@data.post("/import")
@auth_required("session")
def bring() -> AnyResponse:
    """Take in an archive from another server."""
    file = request.files.get("archive")
    if file is None or not file.filename:
        flash(t("Choose the archive first."), "error")
        return redirect("/data")
    try:
        found = import_upload(_actor(), _received(file))
    except RefusalError as refusal:
        flash(t(refusal.text), "error")
        return redirect("/data")
    if found is not None:
        flash(t("Taken in: {nights} nights; {known} were here already.", nights=found.nights, known=found.known_nights), "success")
    return redirect("/data")


@data.post("/erase")
@auth_required("session")
def erase() -> AnyResponse:
    """Erase everything of a person, who proves once more who they are."""
    actor = _actor()
    if request.form.get("word", "").strip() != WORD or not prove_again(actor.id, request.form.get("password", "")):
        flash(t(NOT_ERASED), "error")
        return redirect("/data")
    try:
        erase_person(actor, password_checked=True)
    except RefusalError as refusal:
        flash(t(refusal.text), "error")
        return redirect("/data")
    forget_login()
    flash(t("Everything is erased. Thank you for your trust."), "success")
    return redirect("/login")


NOT_ERASED = Text("Nothing was erased: the word or the password is not right.")


def archive(actor: Actor) -> Response:
    """Return the answer that carries everything of a person."""
    pieces = export_zip(actor)
    if pieces is None:
        abort(404)
    name = f"somnia-{now():%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(stream_with_context(pieces), mimetype="application/zip", headers=headers)


def _actor() -> Actor:
    actor = session_actor()
    if actor is None:
        abort(401)
    return actor


def _received(file: FileStorage) -> str:
    """Keep an archive as any upload is kept, sealed; return its id."""
    size = file.stream.seek(0, SEEK_END)
    file.stream.seek(0)
    upload_id = recordings.add_upload(_actor(), "archive.zip", size=size)
    upload = recordings.find_upload(_actor(), upload_id) if upload_id else None
    if upload is None:
        abort(404)
    digest = sha256()
    with recordings.open_writer(upload) as writer:
        while piece := file.stream.read(FRAME_BYTES):
            writer.write(piece)
            digest.update(piece)
        writer.finish()
    recordings.mark_ready(_actor(), upload.id, sha256=digest.hexdigest())
    return upload.id
