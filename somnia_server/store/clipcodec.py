"""Clips as bytes: JSON with the sound and the picture in base64, between the room, the store and the vault."""

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict

from somnia_engine.types.clips import Clip

MOST = 20


def pack_clips(clips: Sequence[Clip]) -> bytes:
    """Return clips as bytes."""
    plain = [asdict(clip) | {"sound": b64encode(clip.sound).decode(), "picture": b64encode(clip.picture).decode()} for clip in clips]
    return json.dumps(plain).encode()


def unpack_clips(packed: bytes) -> tuple[Clip, ...]:
    """Return the clips of their bytes."""
    return tuple(
        Clip(**{**one, "sound": b64decode(one["sound"]), "picture": b64decode(one["picture"])}) for one in json.loads(packed)[:MOST]
    )
