"""Pressure mats: frames as `.npy` (frames, rows, columns), or as a CSV whose first line names the mat."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import DamagedFile, ReadError
from somnia_engine.readers._clock import ZONE_SAID, choose_night
from somnia_engine.text import Text
from somnia_engine.types.recording import Media, NightSpan, Reader, ReadOptions, Recording, Source, Survey

KEY = "mat"
NAME = Text("Pressure mat (NPY, CSV)")
MAGIC = b"\x93NUMPY"
NPY_HEADER = re.compile(
    rb"\{'descr': '([<|](?:u[124]|i[124]|f[248]))', 'fortran_order': False, 'shape': \((\d{1,9}, ?\d{1,9}, ?\d{1,9}),?\), ?\}"
)
HEAD_LINE = re.compile(rb"# pressure mat rows=(\d{1,3}) columns=(\d{1,3}) fs=(\d{1,2}(?:\.\d{1,6})?) head=(first|last)\r?\n")
LEAST_SIDE, MOST_SIDE = 8, 256
MOST_S, MOST_FS = 24 * 3600, 50.0
NPY_FS = 1.0
"""A .npy file cannot say its rate: one frame a second, the head at the first row unless the person says the last."""


@dataclass(frozen=True, slots=True)
class _Mat:
    """How the frames lie in the file: `turned` when the head is at the last row."""

    rows: int
    columns: int
    fs: float
    turned: bool
    n: int


def _recognises(_: Path, head: bytes) -> bool:
    return head[:6] == MAGIC or HEAD_LINE.match(head) is not None


def read_frames(path: Path, every_s: float, *, head: str = "first") -> Iterator[tuple[float, NDArray[np.float32]]]:
    """Yield time [s] and pressure, shape (rows, columns), head first, of a frame about every `every_s`; errors as in `read_recording`.

    `head` is the row at which the head lies, "first" or "last", in files that do not say it.
    """
    mat = _mat(path, head)
    step = max(1, round(every_s * mat.fs))
    for at, frame in _raw(path, mat, step):
        yield at / mat.fs, np.ascontiguousarray(frame[::-1, ::-1] if mat.turned else frame)


def _raw(path: Path, mat: _Mat, step: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    with path.open("rb") as file:
        if file.read(6) == MAGIC:
            frames = _mapped(path)
            for at in range(0, mat.n, step):
                yield at, frames[at].astype(np.float32)
            return
        file.seek(0)
        file.readline()
        for at in range(mat.n):
            line = file.readline()
            if at % step == 0 and (frame := _line(line, mat.rows, mat.columns)) is not None:
                yield at, frame


def _line(line: bytes, rows: int, columns: int) -> NDArray[np.float32] | None:
    """Return the frame of a line; None when it is not whole."""
    try:
        values = np.array(line.split(b","), dtype=np.float64)
    except ValueError:
        return None
    whole = len(values) == rows * columns and np.isfinite(values).all() and np.abs(values).max() < 1e9
    return values.reshape(rows, columns).astype(np.float32) if whole else None


def _mapped(path: Path) -> Any:
    """Map the frames of a .npy file; its header is read strictly here, because numpy's own reader evaluates what it finds."""
    with path.open("rb") as file:
        head = file.read(4096)
    wide = 4 if head[6:7] in (b"\x02", b"\x03") else 2
    begin = 8 + wide + int.from_bytes(head[8 : 8 + wide], "little")
    said = NPY_HEADER.match(head[8 + wide : begin])
    shape = tuple(map(int, said[2].split(b",")[:3])) if said else (0, 0, 0)
    size = int(np.prod(np.array(shape, dtype=np.float64))) * int(said[1][2:] if said else 1)
    if said is None or size > path.stat().st_size - begin or size == 0:
        raise ReadError(
            Text(
                "{name} is no whole stack of frames; (frames, rows, columns) are read. Export it again.",
                {"name": path.name},
            )
        )
    return np.memmap(path, dtype=said[1].decode(), mode="r", offset=begin, shape=shape)


def _mat(path: Path, head: str = "first") -> _Mat:
    with path.open("rb") as file:
        begin = file.read(200)
    said = HEAD_LINE.match(begin)
    if begin[:6] == MAGIC:
        frames = _mapped(path)
        mat = _Mat(frames.shape[1], frames.shape[2], NPY_FS, turned=head == "last", n=frames.shape[0])
    elif said is not None:
        rows, columns, fs = int(said[1]), int(said[2]), float(said[3])
        mat = _Mat(rows, columns, fs, said[4] == b"last", _lines(path, most=int(MOST_S * min(fs, MOST_FS)) + 1))
    else:
        raise DamagedFile(Text("{name} is damaged or not complete. Export the mat’s frames again.", {"name": path.name}))
    _check(mat, path)
    return mat


def _check(mat: _Mat, path: Path) -> None:
    sides = LEAST_SIDE <= min(mat.rows, mat.columns) and max(mat.rows, mat.columns) <= MOST_SIDE
    if not sides or not 0.0 < mat.fs <= MOST_FS or not 0 < mat.n <= MOST_S * mat.fs:
        raise ReadError(
            Text(
                "{name}: {n} frames of {rows} × {columns}, {fs} a second; allowed are 24 hours, {low} to {high} a side, {most} a second.",
                {
                    "name": path.name, "n": mat.n, "rows": mat.rows, "columns": mat.columns, "fs": mat.fs,
                    "low": LEAST_SIDE, "high": MOST_SIDE, "most": round(MOST_FS),
                },
            )
        )  # fmt: skip


def _lines(path: Path, *, most: int) -> int:
    with path.open("rb") as file:
        return sum(1 for _, line in zip(range(most + 1), file, strict=False) if line.strip()) - 1


def _survey(path: Path, options: ReadOptions) -> Survey:
    night = _read(path, options)
    return Survey(
        format=KEY,
        name=NAME,
        nights=(NightSpan(None, None, None, night.duration_s),),
        zone=night.zone,
        zone_origin=night.zone_origin,
        channels=("mat",),
        needs_start=night.start is None,
    )


def _read(path: Path, options: ReadOptions) -> Recording:
    mat = _mat(path)
    length_s = mat.n / mat.fs
    choose_night((NightSpan(None, None, None, length_s),), options, name=path.name)
    return Recording(
        start=options.start,
        zone=options.zone,
        zone_origin=ZONE_SAID if options.zone else Text("The file names no zone."),
        duration_s=length_s,
        source=Source(KEY, path.name),
        media=(Media("mat", path, length_s, mat.fs, 1, head=options.mat_head),),
    )


READER = Reader(KEY, NAME, (".npy", ".csv"), _recognises, _survey, _read, icon="lab")
