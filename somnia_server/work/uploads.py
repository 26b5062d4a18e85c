"""Uploads as pages use them: survey, list, remove, demo files. What arrives over the network is `tus.py`'s."""

import hashlib
import os
import threading
import time
from pathlib import Path

from somnia_engine.text import Text
from somnia_engine.types.recording import ReadOptions, Survey
from somnia_server.store import codec, persons, recordings
from somnia_server.store.actors import Actor
from somnia_server.store.choices import Choices
from somnia_server.store.house import house
from somnia_server.store.processing import processing_refusal
from somnia_server.store.recordings import READY, Upload
from somnia_server.work import door, room
from somnia_server.work.door import RefusedError
from somnia_server.work.room import Limits, Progress, Request

__all__ = ["RefusedError", "Upload", "add_demo", "known_survey", "list_uploads", "remove_upload", "split_hour_of", "survey_upload"]

list_uploads = recordings.list_uploads
remove_upload = recordings.remove_upload

SURVEY_S = 120.0
_rooms = threading.BoundedSemaphore(2)
"""Surveys at once in one process: more would only slow each other down."""
NOT_HERE = Text("This file is not here, or has not arrived completely.")
TOO_LONG = Text("Looking into this file took too long. Split it, or upload a shorter export.")


def survey_upload(actor: Actor, upload_id: str, choices: Choices | ReadOptions | None = None) -> Survey:
    """Return what a file holds, found in the locked room; remembered until other choices are made.

    Raises
    ------
    RefusedError
        The file cannot be read; its `text` says why and what can be.
    """
    upload = recordings.find_upload(actor, upload_id)
    if upload is None or upload.state != READY:
        raise RefusedError(NOT_HERE)
    refusal = processing_refusal(upload.owner)
    if refusal is not None:
        raise RefusedError(refusal)
    said = Choices() if choices is None else choices
    choices = Choices(said.zone, said.start, split_hour=split_hour_of(upload.owner))
    asked, known = codec.dumps(choices), recordings.load_survey(upload)
    if known is None or known.partition(b"\n")[0] != asked:
        known = asked + b"\n" + _survey(upload, choices)
        recordings.save_survey(upload, known)
    return codec.loads(Survey, known.partition(b"\n")[2])


def known_survey(upload: Upload) -> Survey | None:
    """Return what was last found in a file, without looking again; None also when its person's nights begin at another hour since."""
    known = recordings.load_survey(upload)
    if known is None:
        return None
    asked, _, found = known.partition(b"\n")
    same = codec.loads(Choices, asked).split_hour == split_hour_of(upload.owner)
    return codec.loads(Survey, found) if same else None


def split_hour_of(owner: str) -> int:
    """Return the local hour at which a person's nights begin."""
    return persons.load_settings(Actor.owner(owner)).night_split_h


def _survey(upload: Upload, choices: Choices) -> bytes:
    until = time.monotonic() + SURVEY_S

    def wanted(_progress: Progress) -> bool:
        return time.monotonic() < until

    with _rooms, door.laid_out([upload], house().settings.temp) as paths:
        limits = Limits(house().settings.analysis_memory_mib, int(SURVEY_S))
        try:
            answer = door.ask(Request("survey", limits, os.getpid(), paths=paths, choices=choices), wanted=wanted)
        except door.StoppedError:
            raise RefusedError(TOO_LONG) from None
    return answer.frames[room.RESULT]


def add_demo(actor: Actor, key: str) -> tuple[str, ...]:
    """Give the actor the files of a demo; KeyError when it was not prepared."""
    folder = house().settings.demo / Path(key).name
    if not key or not folder.is_dir():
        raise KeyError(key)
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    return tuple(recordings.add_demo_upload(actor, path, sha256=_digest(path)) for path in paths)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
