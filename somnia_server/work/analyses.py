"""Runs one job: lays its files out, lets the room analyse them, keeps the night, lets go of the files."""

import errno
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from somnia_engine.readers import night_key
from somnia_engine.text import Text
from somnia_engine.types.recording import Subject
from somnia_server.failures import noted
from somnia_server.reports import narrator
from somnia_server.store import answers, clipcodec, codec, jobs, nightcodec, nights, packets, persons, recordings, retention
from somnia_server.store.actors import Actor
from somnia_server.store.connections import AWAY, forget_failed, is_away
from somnia_server.store.house import house, now
from somnia_server.store.jobs import Claim
from somnia_server.store.nights import Kept
from somnia_server.store.processing import processing_refusal
from somnia_server.store.recordings import READY, Upload
from somnia_server.store.vault import TamperedError
from somnia_server.work import door, room
from somnia_server.work.queue import said_of
from somnia_server.work.room import Limits, NightKey, Progress, Request

T = TypeVar("T")
log = logging.getLogger(__name__)

BEAT_S = 1.0
CPU_S = 3600
NO_ROOM = Text("There is no room left on this server for the analysis. Try again later.")
GONE = Text("A file of this night is no longer here. Upload it again.")


def run(claim: Claim, stop: threading.Event) -> None:
    """Bring a claimed job to its end, or back into the queue once `stop` is set; nothing stays unsealed."""
    try:
        _run(claim, stop)
    except door.RefusedError as refused:
        text, number = refused.text, refused.error_id
        _patiently(lambda: jobs.fail(claim, text, error_id=number), stop)
    except door.StoppedError:
        _patiently(lambda: jobs.give_back(claim), stop)
    except AWAY as error:
        if not is_away(error):
            raise
        forget_failed()
        log.warning("the database went away before the analysis of job %s; it goes back into the queue", claim.id)
        _patiently(lambda: jobs.give_back(claim, blameless=True), stop)
    except (OSError, TamperedError) as error:
        error_id = noted(error, f"job {claim.id}")
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        jobs.fail(claim, NO_ROOM if full else Text(door.TROUBLE.msgid, {"id": error_id}), error_id=error_id)


def _run(claim: Claim, stop: threading.Event) -> None:
    refusal = processing_refusal(claim.owner)
    if refusal is not None:
        raise door.RefusedError(refusal)
    packet = None if claim.upload_ids else packets.letter_of(claim.id, claim.owner)
    uploads = () if packet is not None else _uploads(claim)
    demo = packet is None and all(upload.demo is not None for upload in uploads)
    history = _history(claim, demo=demo)
    subject = Subject() if demo else _subject(claim)
    temp = house().settings.temp
    with door.laid_out(uploads, temp) if packet is None else door.laid_letter(packet[1], temp) as paths:
        limits = Limits(house().settings.analysis_memory_mib, CPU_S)
        asked = Request("analyse", limits, os.getpid(), paths=paths, night=claim.night, choices=claim.choices)
        request = replace(asked, subject=subject, history=len(history))
        answer = door.ask(request, history, wanted=_Heartbeat(claim, stop))
    key = codec.loads(NightKey, answer.frames[room.RESULT])
    kept = Kept(
        key.night, _fingerprint(claim, packet, answer, key=key), demo=demo, expires_at=retention.night_stays_until(claim.owner, now())
    )
    plain = (answer.frames[room.SUMMARY], answer.frames[room.SERIES])
    blobs = plain if demo else narrator.with_words(claim.owner, plain)
    clips = clipcodec.unpack_clips(answer.frames.get(room.CLIPS, b"[]"))
    if _patiently(lambda: jobs.finish(claim, blobs, kept=kept, clips=clips), stop) is None:
        log.warning("job %s was taken over; its second result is dropped", claim.id)
        return
    if packet is not None:
        packets.spend(claim.id, key.night)
    recordings.release_uploads(claim.upload_ids, at=now())


def _fingerprint(claim: Claim, packet: tuple[str, bytes] | None, answer: door.Answer, *, key: NightKey) -> str:
    """Return what the night is recognised by, so that bringing it again replaces it.

    One from a packet by its device and its start, else by what was read for it: a newer export holds the older nights too. Sound and
    pictures are recognised by their files.
    """
    if packet is None:
        content = "night", str(key.night), said_of(claim.choices), key.content
        return house().vault.fingerprint(claim.owner, *content) if key.content else claim.fingerprint
    start = nightcodec.unpack_summary(answer.frames[room.SUMMARY]).start
    return packets.night_fingerprint(claim.owner, packet[0], str(start))


def _patiently(do: Callable[[], T], stop: threading.Event) -> T:
    """Do something with the database, again and again while it is away: what was analysed is not to be lost."""
    while True:
        try:
            return do()
        except AWAY as error:
            if not is_away(error) or stop.wait(BEAT_S):
                raise
            forget_failed()


def _history(claim: Claim, *, demo: bool) -> tuple[tuple[bytes, bytes], ...]:
    """Return the nights before this one; none when nobody knows which night this is."""
    night = claim.night
    if night is None and claim.choices.start is not None:
        night = night_key(claim.choices.start, claim.choices.zone, claim.choices.split_hour)
    return () if night is None else nights.history_blobs(claim.owner, night, demo=demo)


def _subject(claim: Claim) -> Subject:
    """Return what the engine is told of the person whose night it is."""
    night = claim.night or (claim.choices.start or now()).date()
    known = persons.engine_subject(persons.load_profile(Actor.owner(claim.owner)), night)
    return replace(known, answered=answers.answers_of(claim.owner))


def _uploads(claim: Claim) -> tuple[Upload, ...]:
    found = [recordings.find_upload(Actor.owner(claim.owner), upload_id) for upload_id in claim.upload_ids]
    ready = tuple(upload for upload in found if upload is not None and upload.state == READY)
    if not ready or len(ready) < len(found):
        raise door.RefusedError(GONE)
    return ready


class _Heartbeat:
    """Writes how far the job is at most once in BEAT_S; False when it is to stop."""

    def __init__(self, claim: Claim, stop: threading.Event) -> None:
        self._claim = claim
        self._stop = stop
        self._next = 0.0

    def __call__(self, progress: Progress) -> bool:
        if self._stop.is_set():
            return False
        if time.monotonic() < self._next:
            return True
        self._next = time.monotonic() + BEAT_S
        try:
            return jobs.beat(self._claim, stage=progress.stage, fraction=progress.fraction)
        except AWAY as error:  # the analysis goes on; whether the job is still this worker's is asked when the night is kept
            if not is_away(error):
                raise
            forget_failed()
            return True
