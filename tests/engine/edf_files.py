"""EDF files written by the letter of the specification, for the tests of the reader."""

from pathlib import Path

import numpy as np

Annotation = tuple[float, float | None, str]


def tal(onset_s: float, duration_s: float | None, text: str, encoding: str = "utf-8") -> bytes:
    length = b"" if duration_s is None else b"\x15" + f"{duration_s:g}".encode()
    return f"{onset_s:+.10g}".encode() + length + b"\x14" + text.encode(encoding) + b"\x14\x00"


def field(value: object, width: int) -> bytes:
    return str(value).encode("latin-1")[:width].ljust(width)


def write_edf(
    path: Path,
    signals: dict[tuple[str, str], np.ndarray] | None = None,
    *,
    fs: dict[str, float] | None = None,
    record_s: float = 1.0,
    marks: list[Annotation] | None = None,
    onsets_s: list[float] | None = None,
    header: dict[str, object] | None = None,
    encoding: str = "utf-8",
) -> Path:
    """Write signals (label, unit) -> values with a resolution of 16 bits; `onsets_s` of records make it discontinuous (EDF+D)."""
    signals, fs = signals or {}, fs or {}
    plus = marks is not None or onsets_s is not None
    per = {key: round(fs.get(key[0], 1.0) * record_s) if record_s else 1 for key in signals}
    n = max([len(v) // per[k] for k, v in signals.items()], default=1)
    onsets = onsets_s or [i * record_s for i in range(n)]
    texts = [tal(at, None, "") for at in onsets]
    for onset, duration, text in marks or []:
        at = max((i for i, begin in enumerate(onsets) if begin <= onset), default=0)
        texts[at] += tal(onset, duration, text, encoding)
    width = (max(map(len, texts)) + 1) // 2 + 1
    ends = {key: (float(np.nanmin(v)) - 1, float(np.nanmax(v)) + 1) for key, v in signals.items()}
    labels = [(*key, *(f"{x:.7g}" for x in ends[key]), per[key]) for key in signals] + (
        [("EDF Annotations", "", -1, 1, width)] if plus else []
    )
    said = {
        "version": "0", "patient": "X X X X", "recording": "Startdate 08-MAR-2025 X X X", "date": "08.03.25", "clock": "22.00.00",
        "bytes": 256 * (len(labels) + 1), "reserved": ("EDF+D" if onsets_s else "EDF+C") if plus else "", "n": n,
        "record_s": f"{record_s:g}",
        "ns": len(labels), **(header or {}),
    }  # fmt: skip
    widths = {
        "version": 8,
        "patient": 80,
        "recording": 80,
        "date": 8,
        "clock": 8,
        "bytes": 8,
        "reserved": 44,
        "n": 8,
        "record_s": 8,
        "ns": 4,
    }
    out = b"".join(field(said[name], wide) for name, wide in widths.items())
    rows = [(16, 0), (80, None), (8, 1), (8, 2), (8, 3), (8, -32768), (8, 32767), (80, None), (8, 4), (32, None)]
    for wide, at in rows:
        out += b"".join(field("" if at is None else at if at < 0 or at > 4 else label[at], wide) for label in labels)
    for i in range(n):
        for key, values in signals.items():
            low, high = (float(f"{x:.7g}") for x in ends[key])
            digital = np.round((values[i * per[key] : (i + 1) * per[key]] - low) / (high - low) * 65535 - 32768)
            out += digital.astype("<i2").tobytes()
        if plus:
            out += texts[i].ljust(2 * width, b"\0")
    path.write_bytes(out)
    return path
