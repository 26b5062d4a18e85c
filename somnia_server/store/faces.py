"""What a list of many patients shows of a night, small enough to open a thousand at once."""

import json
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from somnia_engine.types.findings import Level
from somnia_server.store.damaged import read_or
from somnia_server.store.house import house
from somnia_server.store.nightcodec import Summary, unpack_summary
from somnia_server.store.tables import NightRow

BINS = 96
"""How many pieces a ribbon has in a list."""
FLAGS = (Level.HIGH, Level.MODERATE)
TABLE = "nights.face"


@dataclass(frozen=True, slots=True)
class Face:
    """A night in a list: minutes in bed and asleep (None: not measured), its ribbon in digits, what was found, and whether it is staged."""

    tib_min: float | None
    tst_min: float | None
    se_pct: float | None
    ribbon: str
    flags: tuple[tuple[str, str], ...]
    assessed: int
    staged: bool


NOTHING = Face(None, None, None, "", (), 0, False)


def face_of(summary_blob: bytes) -> bytes:
    """Return what a list needs of an unsealed summary, packed."""
    face = _face(unpack_summary(summary_blob))
    return json.dumps(
        [face.tib_min, face.tst_min, face.se_pct, face.ribbon, face.flags, face.assessed, face.staged], separators=(",", ":")
    ).encode()


def open_face(row: NightRow) -> Face | None:
    """Return a night's face; None when what is kept was changed. One of an older version is made from its summary."""

    def read() -> Face | None:
        if row.sealed_face is None:
            summary = house().vault.open_sealed(row.sealed_summary, table="nights.summary", row=row.id, owner=row.owner)
            return _face(unpack_summary(summary))
        tib, tst, se, ribbon, flags, assessed, staged = json.loads(
            house().vault.open_sealed(row.sealed_face, table=TABLE, row=row.id, owner=row.owner)
        )
        return Face(tib, tst, se, ribbon, tuple((key, level) for key, level in flags), assessed, staged)

    return read_or(read, None, what=f"night {row.id}")


def _face(summary: Summary) -> Face:
    numbers, ribbon = summary.statistics, summary.ribbon
    judged = [finding for finding in summary.findings if finding.level is not Level.NOT_ASSESSED]
    flags = sorted((FLAGS.index(finding.level), finding.disorder) for finding in judged if finding.level in FLAGS)
    return Face(
        tib_min=_known(numbers.tib_min),
        tst_min=_known(numbers.tst_min),
        se_pct=_known(numbers.se_pct),
        ribbon="" if ribbon is None else _short(ribbon.stages),
        flags=tuple((key, str(FLAGS[place])) for place, key in flags),
        assessed=len(judged),
        staged=ribbon is not None,
    )


def _known(value: float) -> float | None:
    return round(float(value), 1) if np.isfinite(value) else None


def _short(digits: str) -> str:
    """Return a ribbon of at most BINS pieces: of each piece the stage that fills most of it."""
    if len(digits) <= BINS:
        return digits
    edges = np.linspace(0, len(digits), BINS + 1).astype(int)
    pieces = (digits[a:b] for a, b in pairwise(edges.tolist()))
    return "".join(max(sorted(set(piece)), key=piece.count) for piece in pieces)
