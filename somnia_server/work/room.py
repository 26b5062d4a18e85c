"""The locked room: the one child process in which uploaded files are opened, without keys, network or much memory.

It reads one request from its standard input and answers in frames: a kind (one byte), a length (four bytes), a body.
"""

import ctypes
import logging
import os
import resource
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, BinaryIO

from somnia_engine.errors import SomniaError
from somnia_engine.text import Text
from somnia_engine.types.night import NightHistory
from somnia_engine.types.recording import ReadOptions, Subject
from somnia_server.failures import noted
from somnia_server.store import clipcodec, codec, nightcodec
from somnia_server.store.choices import Choices
from somnia_server.work.content import content_of
from somnia_server.work.fence import put_up

PROGRESS, RESULT, SUMMARY, SERIES, CLIPS, REFUSED, CRASHED = b"P", b"R", b"S", b"T", b"C", b"E", b"X"
HEAD_BYTES = 5
PR_SET_PDEATHSIG = 1
FILE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """What the room may use."""

    memory_mib: int
    cpu_s: int


@dataclass(frozen=True, slots=True)
class Request:
    """What the room is asked: "survey" the one file, or "analyse" the files of one night."""

    task: str
    limits: Limits
    parent: int
    paths: tuple[str, ...] = ()
    night: date | None = None
    choices: Choices = field(default_factory=Choices)
    subject: Subject = field(default_factory=Subject)
    history: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an analysis is: `fraction` 0..1 of the whole."""

    stage: str
    fraction: float


@dataclass(frozen=True, slots=True)
class NightKey:
    """The day of an analysed night, and the digest of what it was made of; "" where only its files tell."""

    night: date
    content: str = ""


def write_frame(pipe: IO[bytes], kind: bytes, body: bytes) -> None:
    """Write one frame."""
    pipe.write(kind + len(body).to_bytes(HEAD_BYTES - 1, "big") + body)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> tuple[bytes, bytes] | None:
    """Return the next frame; None at the end or when it was cut."""
    head = pipe.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES:
        return None
    body = pipe.read(int.from_bytes(head[1:], "big"))
    return (head[:1], body) if len(body) == int.from_bytes(head[1:], "big") else None


def main() -> int:
    """Answer one request."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints does not speak for us
    frame = read_frame(sys.stdin.buffer)
    if frame is None:
        return 2
    request = codec.loads(Request, frame[1])
    _lock(request)
    try:
        _answer(request, answers)
    except SomniaError as error:
        write_frame(answers, REFUSED, codec.dumps(error.text))
    except MemoryError:
        write_frame(
            answers, REFUSED, codec.dumps(Text("This file needs more memory than is allowed here. Split it, or upload a shorter night."))
        )
    except Exception as error:  # the job runner's wall: the owner gets an id, the log the cause
        write_frame(answers, CRASHED, codec.dumps(noted(error, "an analysis")))
    return 0


def _answer(request: Request, answers: BinaryIO) -> None:
    if request.task == "survey":
        from somnia_engine.readers import survey

        found = survey(Path(request.paths[0]), _options(request))
        write_frame(answers, RESULT, codec.dumps(found))
        return
    history = NightHistory(tuple(nightcodec.unpack_record(*_history_pair()) for _ in range(request.history)))
    _analyse(request, history, answers)


def _options(request: Request) -> ReadOptions:
    said = request.choices
    return ReadOptions(said.zone, said.start, request.night, said.split_hour, said.full_scale_db, said.look, said.mat_head)


def _history_pair() -> tuple[bytes, bytes]:
    first, second = read_frame(sys.stdin.buffer), read_frame(sys.stdin.buffer)
    if first is None or second is None:
        raise EOFError("the history ended early")
    return first[1], second[1]


def _analyse(request: Request, history: NightHistory, answers: BinaryIO) -> None:
    from somnia_engine.analyse import AnalysisOptions, analyse
    from somnia_engine.readers import night_key, read_recording

    def progress(stage: str, fraction: float) -> None:
        write_frame(answers, PROGRESS, codec.dumps(Progress(stage, fraction)))

    choices = request.choices
    progress("read", 0.0)
    options = _options(request)
    recordings = [read_recording(Path(path), options) for path in request.paths]
    said = AnalysisOptions(choices.start, choices.lights_off, choices.lights_on, choices.zone, request.subject)
    analysis = analyse(recordings, options=said, history=history, progress=progress)
    night = request.night or night_key(analysis.start or datetime.now(UTC), analysis.zone, choices.split_hour)
    summary, series = nightcodec.pack_night(analysis)
    write_frame(answers, SUMMARY, summary)
    write_frame(answers, SERIES, series)
    if choices.loud_clips:
        from somnia_engine.clips import loudest_clips

        write_frame(answers, CLIPS, clipcodec.pack_clips(loudest_clips(recordings, said)))
    write_frame(answers, RESULT, codec.dumps(NightKey(night, content_of(recordings))))


def _lock(request: Request) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != request.parent:
        sys.exit(3)  # the parent died before the line above
    os.umask(0o077)
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, request.limits.cpu_s),
        (resource.RLIMIT_AS, request.limits.memory_mib << 20),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
    ):
        resource.setrlimit(what, (most, most))
    folders = sorted({Path(path).parent for path in request.paths})
    tempfile.tempdir = str(folders[0]) if folders else None
    put_up(folders)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    sys.exit(main())
