"""/clip: a loud moment of a night to listen to, and its picture, for whoever may see the night."""

from flask import Blueprint, Response, abort

from somnia_server.access.visitor import actor_now
from somnia_server.store.clips import load_clip

clip = Blueprint("clip", __name__, url_prefix="/clip")


@clip.get("/<clip_id>")
def clip_sound(clip_id: str) -> Response:
    """Send the sound."""
    found = load_clip(actor_now(), clip_id)
    if found is None:
        abort(404)
    return Response(found.clip.sound, mimetype="audio/mpeg", headers={"Cache-Control": "no-store"})


@clip.get("/<clip_id>/picture")
def clip_picture(clip_id: str) -> Response:
    """Send the spectrogram."""
    found = load_clip(actor_now(), clip_id)
    if found is None:
        abort(404)
    return Response(found.clip.picture, mimetype="image/png", headers={"Cache-Control": "no-store"})
