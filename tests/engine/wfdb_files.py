"""Writes small WFDB records, by the definitions of header(5), signal(5) and annot(5)."""

import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Rows = Sequence[tuple[int, int, str]]


def write_wfdb(
    path: Path,
    signals: Mapping[str, NDArray[np.float64]],
    *,
    fs: float,
    start: str = "",
    annotations: Mapping[str, Rows] | None = None,
    unit: str = "mV",
    gain: int = 1000,
) -> Path:
    """Write a record in format 16 with a gain per unit; return its header."""
    n = len(next(iter(signals.values()))) if signals else 0
    lines = [f"{path.name} {len(signals)} {fs:g} {n} {start}".strip()]
    lines += [f"{path.name}.dat 16 {gain}/{unit} 16 0 0 0 0 {label}" for label in signals]
    header = path.with_suffix(".hea")
    header.write_text("\n".join(lines) + "\n")
    if signals:
        np.round(gain * np.stack(list(signals.values()), axis=1)).astype("<i2").tofile(path.with_suffix(".dat"))
    for kind, rows in (annotations or {}).items():
        path.with_suffix(f".{kind}").write_bytes(annotation_bytes(rows))
    return header


def annotation_bytes(rows: Rows) -> bytes:
    """Pack (frame, code, text) as an annotation file; a long step becomes a SKIP."""
    raw, last = b"", 0
    for frame, code, text in rows:
        step, last = frame - last, frame
        if step > 1023:
            raw += struct.pack("<HHH", 59 << 10, step >> 16, step & 0xFFFF)
            step = 0
        raw += struct.pack("<H", code << 10 | step)
        if text:
            said = text.encode("latin-1") + b"\0"
            raw += struct.pack("<H", 63 << 10 | len(said)) + said + b"\0" * (len(said) % 2)
    return raw + b"\0\0"


def zipped(header: Path) -> Path:
    """Pack a record's files into one zip, in a folder of their own."""
    path = header.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(header.parent.glob(f"{header.stem}.*")):
            if part.suffix != ".zip":
                archive.write(part, f"record/{part.name}")
    return path
