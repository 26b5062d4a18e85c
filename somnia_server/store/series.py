"""Many arrays in one small blob: each quantised by its step, differenced, its bytes in planes, all under one zstd frame."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

LEVEL = 12
HEAD_BYTES = 4
WIDTHS: tuple[type[np.signedinteger[Any]], ...] = (np.int8, np.int16, np.int32, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """An array to keep: values equal within `step`/2 come back; NaN stays NaN."""

    values: NDArray[Any]
    step: float


def pack(columns: Mapping[str, Column]) -> bytes:
    """Return the blob of the named arrays."""
    heads, bodies = {}, []
    for name, column in columns.items():
        head, body = _pack_one(column)
        heads[name] = head
        bodies.append(body)
    head_bytes = json.dumps(heads, separators=(",", ":")).encode()
    plain = len(head_bytes).to_bytes(HEAD_BYTES, "big") + head_bytes + b"".join(bodies)
    return zstandard.ZstdCompressor(level=LEVEL).compress(plain)


def unpack(blob: bytes) -> dict[str, NDArray[np.float64]]:
    """Return the arrays of a blob, as float64."""
    plain = _decompressor().decompress(blob)
    size = int.from_bytes(plain[:HEAD_BYTES], "big")
    heads: dict[str, Any] = json.loads(plain[HEAD_BYTES : HEAD_BYTES + size])
    at, found = HEAD_BYTES + size, {}
    for name, head in heads.items():
        found[name], at = _unpack_one(head, plain, at)
    return found


@cache
def _decompressor() -> zstandard.ZstdDecompressor:
    return zstandard.ZstdDecompressor()


def _pack_one(column: Column) -> tuple[dict[str, Any], bytes]:
    values = np.asarray(column.values, dtype=np.float64).ravel()
    missing = ~np.isfinite(values)
    levels = np.rint(values / column.step, where=~missing, out=np.zeros(len(values)))
    if len(levels) and np.abs(levels).max() >= 2.0**53:
        raise ValueError(f"values up to {np.nanmax(np.abs(values))} cannot be kept in steps of {column.step}")
    whole = _hold(levels.astype(np.int64), missing)
    changes = np.diff(whole, prepend=0)
    width = next(w for w in WIDTHS if not len(changes) or (np.iinfo(w).min <= changes.min() and changes.max() <= np.iinfo(w).max))
    planes = changes.astype(width).view(np.uint8).reshape(-1, np.dtype(width).itemsize).T
    holes = np.packbits(missing).tobytes() if missing.any() else b""
    return {"n": len(values), "w": np.dtype(width).itemsize, "s": column.step, "m": bool(holes)}, planes.tobytes() + holes


def _hold(levels: NDArray[np.int64], missing: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the levels with each hole holding the last level before it, which costs nothing once differenced."""
    last = np.maximum.accumulate(np.where(missing, -1, np.arange(len(levels))))
    return np.where(last >= 0, levels[np.maximum(last, 0)], 0)


def _unpack_one(head: dict[str, Any], plain: bytes, at: int) -> tuple[NDArray[np.float64], int]:
    n, width = head["n"], head["w"]
    planes = np.frombuffer(plain, np.uint8, n * width, at).reshape(width, n)
    changes = np.ascontiguousarray(planes.T).view(f"<i{width}").ravel()
    values = np.cumsum(changes, dtype=np.int64) * head["s"]
    at += n * width
    if head["m"]:
        size = (n + 7) // 8
        values[np.unpackbits(np.frombuffer(plain, np.uint8, size, at), count=n).astype(bool)] = np.nan
        at += size
    return values.astype(np.float64, copy=False), at
