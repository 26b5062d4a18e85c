"""One's own data as a whole: take a copy, bring one from elsewhere, erase everything."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, stream_with_context
from flask_login import logout_user as forget_login
from flask_security import auth_required
from werkzeug.wrappers import Response as AnyResponse

from somnia_engine.text import Text, t
from somnia_server.access.credentials import prove_again
from somnia_server.access.sessions import session_actor
from somnia_server.store.actors import Actor
from somnia_server.store.audit import note
from somnia_server.store.erasure import erase_owner
from somnia_server.store.export import export_zip
from somnia_server.store.house import house, now
from somnia_server.store.refusals import RefusalError
from somnia_server.store.restore import import_zip

data = Blueprint("data", __name__, url_prefix="/data")
MOST_BYTES = 64 * 1024 * 1024
"""Of an archive that is brought through the browser; larger ones go through the command line."""
WORD = "ERASE"


@data.get("")
@auth_required("session")
def overview() -> str:
    """Show what can be done with one's data as a whole."""
    return render_template("data.html", word=WORD)


@data.get("/export")
@auth_required("session")
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
        with _laid_out(file.stream.read()) as path:
            found = import_zip(_actor(), path)
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
    note(actor, "erase", subject=actor.id)
    erase_owner(actor.id)
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


@contextmanager
def _laid_out(content: bytes) -> Iterator[Path]:
    """Lay an archive out where files are read, for as long as it is read."""
    path = house().settings.temp / f"import-{token_hex(8)}.zip"
    try:
        path.write_bytes(content)
        path.chmod(0o600)
        yield path
    finally:
        path.unlink(missing_ok=True)
