"""The door of the locked room: starts it, hands a request in, takes the answer out, ends it when it is no longer wanted."""

import os
import secrets
import selectors
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from somnia_engine.packet.seal import MOST_BYTES, OPENED, looks_like
from somnia_engine.text import Text
from somnia_server.settings import PROJECT
from somnia_server.store import codec, packets
from somnia_server.store.recordings import Upload, plain_pieces
from somnia_server.work import room
from somnia_server.work.room import Progress, Request

TICK_S = 0.25


class RefusedError(Exception):
    """The room cannot use the files; `text` is for the person, `error_id` for the log."""

    def __init__(self, text: Text, error_id: str | None = None) -> None:
        super().__init__(str(text))
        self.text, self.error_id = text, error_id


class StoppedError(Exception):
    """The room was ended before it answered: no longer wanted, out of time or killed from outside."""


UNREADABLE = Text("A file could not be opened: it seems to be damaged. Nothing of it was kept. Try to export it again.")
TROUBLE = Text("The analysis met an unexpected problem. Tell whoever runs this server the number {id}.")


@dataclass(slots=True)
class Answer:
    """What the room said, frame by frame."""

    frames: dict[bytes, bytes] = field(default_factory=dict)
    progress: Progress = field(default_factory=lambda: Progress("", 0.0))


def ask(
    request: Request, history: Iterable[tuple[bytes, bytes]] = (), *, wanted: Callable[[Progress], bool], tick_s: float = TICK_S
) -> Answer:
    """Put a request to a new room and wait.

    `wanted` is called every `tick_s` with how far it is; when it answers False the room is ended.

    Raises
    ------
    RefusedError
        The files cannot be used.
    StoppedError
        The room was ended.
    """
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SOMNIA_")}
    environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, "-m", room.__name__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT, env=environ) as process:
        try:
            _hand_in(process, request, history)
            answer = _listen(process, wanted, tick_s)
            process.wait()
        finally:
            process.kill()
    return _judge(answer, process.returncode)


def _hand_in(process: subprocess.Popen[bytes], request: Request, history: Iterable[tuple[bytes, bytes]]) -> None:
    if process.stdin is None:
        raise AssertionError("the room has no standard input")
    try:
        room.write_frame(process.stdin, room.RESULT, codec.dumps(request))
        for summary, series in history:
            room.write_frame(process.stdin, room.SUMMARY, summary)
            room.write_frame(process.stdin, room.SERIES, series)
        process.stdin.close()
    except BrokenPipeError:
        return  # the room is dead already: its exit code says why


def _listen(process: subprocess.Popen[bytes], wanted: Callable[[Progress], bool], tick_s: float) -> Answer:
    if process.stdout is None:
        raise AssertionError("the room has no standard output")
    answer, waiting = Answer(), bytearray()
    descriptor = process.stdout.fileno()
    next_tick = time.monotonic() + tick_s
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if selector.select(max(0.0, next_tick - time.monotonic())):
                piece = os.read(descriptor, 1 << 16)
                if not piece:
                    return answer
                waiting += piece
                _take_frames(waiting, answer)
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + tick_s
                if not wanted(answer.progress):
                    raise StoppedError("the answer is no longer wanted")


def _take_frames(waiting: bytearray, answer: Answer) -> None:
    while len(waiting) >= room.HEAD_BYTES:
        end = room.HEAD_BYTES + int.from_bytes(waiting[1 : room.HEAD_BYTES], "big")
        if len(waiting) < end:
            return
        kind, body = bytes(waiting[:1]), bytes(waiting[room.HEAD_BYTES : end])
        del waiting[:end]
        if kind == room.PROGRESS:
            answer.progress = codec.loads(Progress, body)
        else:
            answer.frames[kind] = body


def _judge(answer: Answer, code: int) -> Answer:
    if room.REFUSED in answer.frames:
        raise RefusedError(codec.loads(Text, answer.frames[room.REFUSED]))
    if room.CRASHED in answer.frames:
        error_id = codec.loads(str, answer.frames[room.CRASHED])
        raise RefusedError(Text(TROUBLE.msgid, {"id": error_id}), error_id)
    if room.RESULT in answer.frames:
        return answer
    if code in (-9, -15):
        raise StoppedError("the room was killed")
    raise RefusedError(UNREADABLE)


@contextmanager
def laid_out(uploads: Iterable[Upload], temp: Path) -> Iterator[tuple[str, ...]]:
    """Lay uploads unsealed, under their own names, into a private folder for as long as the block runs."""
    folder = temp / f"{os.getpid()}-{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    try:
        yield tuple(str(_lay(upload, folder / str(i))) for i, upload in enumerate(uploads))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def laid_letter(letter: bytes, temp: Path) -> Iterator[tuple[str, ...]]:
    """Lay an opened packet into a private folder for as long as the block runs."""
    folder = temp / f"{os.getpid()}-{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    try:
        path = folder / "night.pkt"
        path.write_bytes(OPENED + letter)
        yield (str(path),)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lay(upload: Upload, folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    path = folder / (upload.name if upload.name not in ("", ".", "..") else "file")
    with path.open("wb") as file:
        for piece in plain_pieces(upload):
            file.write(piece)
    if upload.size <= MOST_BYTES and looks_like(content := path.read_bytes()):
        letter = packets.opened(upload.owner, content)
        if letter is not None:  # else it stays sealed, and its reader says what to do
            path.write_bytes(OPENED + letter)
    return path


def sweep_temp(temp: Path) -> int:
    """Delete what dead processes left unsealed; return how many folders."""
    left = [folder for folder in temp.iterdir() if not _alive(folder.name.split("-")[0])]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def _alive(pid: str) -> bool:
    return pid.isdigit() and Path(f"/proc/{pid}").exists()
