"""Events: a list of onsets, lengths and values, or for what happens very often the number in each epoch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import PacketError
from somnia_engine.packet.counting import Numbers, bounded
from somnia_engine.packet.rans import BROKEN, Adaptive, Coder
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.hypnogram import EPOCH_S

KINDS: dict[EventKind, int] = {kind: number for number, kind in enumerate(
    (EventKind.OA, EventKind.CA, EventKind.MA, EventKind.H, EventKind.DS, EventKind.AR, EventKind.LM, EventKind.SN, EventKind.BP,
     EventKind.GR, EventKind.CO, EventKind.TK, EventKind.CR, EventKind.MV, EventKind.LT, EventKind.NS, EventKind.BR, EventKind.TA,
     EventKind.IR, EventKind.BE), start=1)}  # fmt: skip
"""Codes of the kinds, 1..63; never reused."""
COARSEST = 4
"""Onsets in units of 1, 2, 4, 8 or 16 s."""
MOST = 20_000
LONGEST_S = 86_400.0
UNKNOWN = 15
FULL = 15
"""An epoch with 15 or more events of a dense kind tells how many more."""
DENSE_PER_H = 60.0


@dataclass(frozen=True, slots=True)
class Fineness:
    """How finely events are told: the unit of onsets is 2^unit s, of values 2^value; kinds in `dense` are counted by epoch."""

    unit: int
    value: int
    dense: frozenset[EventKind] = frozenset()


def code_events(coder: Coder, events: EventTable, *, fineness: Fineness, n_epochs: int, source: str) -> EventTable:
    """Write or read the events of a night."""
    kinds = sorted({kind for kind in events.kind if kind in KINDS}, key=KINDS.__getitem__)
    by_code = {code: kind for kind, code in KINDS.items()}
    found: list[Event] = []
    for number in range(bounded(coder.bits(len(kinds), 6), len(KINDS))):
        kind = by_code.get(coder.bits(KINDS[kinds[number]] if kinds else 0, 6))
        if kind is None:
            raise PacketError(BROKEN)
        found += _code_kind(coder, events.of_kind(kind), fineness=fineness, kind=kind, n_epochs=n_epochs, source=source)
    return EventTable.of(found)


def _code_kind(coder: Coder, rows: EventTable, *, fineness: Fineness, kind: EventKind, n_epochs: int, source: str) -> list[Event]:
    dense = bool(coder.bits(int(kind in fineness.dense), 1))
    known = rows.confidence[np.isfinite(rows.confidence)]
    level = coder.bits(round(14.0 * float(np.clip(known.mean(), 0.0, 1.0))) if len(known) else UNKNOWN, 4)
    confidence = float("nan") if level == UNKNOWN else level / 14.0
    valued = bool(coder.bits(int(bool(len(rows)) and bool(np.isfinite(rows.value).all())), 1))
    numbers = Numbers(4)
    if dense:
        found = _code_dense(coder, rows, numbers=numbers, n_epochs=n_epochs, valued=valued)
    else:
        found = _code_listed(coder, rows, fineness=fineness, numbers=numbers, n_epochs=n_epochs, valued=valued)
    return [Event(kind, onset, duration, confidence, source, value if valued else float("nan")) for onset, duration, value in found]


Rows = list[tuple[float, float, float]]


def _code_listed(coder: Coder, rows: EventTable, *, fineness: Fineness, numbers: Numbers, n_epochs: int, valued: bool) -> Rows:
    unit, grain = 2 ** bounded(coder.bits(fineness.unit, 3), COARSEST), 2 ** coder.bits(fineness.value, 2)
    onsets = np.floor(np.maximum(rows.onset_s, 0.0) / unit).astype(np.int64)
    lengths = np.round(np.clip(rows.duration_s, 0.0, LONGEST_S) / unit).astype(np.int64)
    values = (
        np.floor(np.clip(rows.value, -1e4, 1e4) / grain).astype(np.int64) if valued and len(rows) else np.zeros(len(rows), dtype=np.int64)
    )
    lowest = _code_lowest(coder, values) if valued else 0
    count = bounded(numbers.code(coder, len(rows) - 1), MOST - 1) + 1
    found, last = [], 0
    for at in range(count):
        last += numbers.code(coder, int(onsets[at]) - last if len(rows) else 0, context=1)
        length = numbers.code(coder, int(lengths[at]) if len(rows) else 0, context=2)
        value = lowest + numbers.code(coder, int(values[at]) - lowest if len(rows) else 0, context=3) if valued else 0
        if last * unit > n_epochs * EPOCH_S or length * unit > LONGEST_S or abs(value) > 10_000:
            raise PacketError(BROKEN)
        found.append((last * unit + unit // 2 if unit > 1 else float(last), float(length * unit), float(value * grain)))
    return found


def _code_lowest(coder: Coder, values: NDArray[np.int64]) -> int:
    lowest = int(values.min()) if len(values) else 0
    return coder.bits(lowest + 16384, 15) - 16384


def _code_dense(coder: Coder, rows: EventTable, *, numbers: Numbers, n_epochs: int, valued: bool) -> Rows:
    epochs = np.clip(np.floor(rows.onset_s / EPOCH_S).astype(np.int64), 0, n_epochs - 1)
    counts: list[int] = np.bincount(epochs, minlength=n_epochs).tolist() if len(rows) else []
    length = numbers.code(coder, round(10.0 * min(float(rows.duration_s.mean()), 600.0)) if len(rows) else 0, context=2) / 10.0
    value = (
        _code_lowest(coder, np.array([round(float(np.clip(rows.value.mean(), -1e4, 1e4)))]) if len(rows) else np.zeros(1, np.int64))
        if valued
        else 0
    )
    model, last, before, total = Adaptive(FULL + 1, 25), 0, 0, 0
    found: Rows = []
    for epoch in range(n_epochs):
        here = counts[epoch] if counts else 0
        symbol = coder.symbol(min(here, FULL), model, context=5 * min((last + 1) // 2, 4) + min((before + 1) // 2, 4))
        here = FULL + numbers.code(coder, here - FULL) if symbol == FULL else symbol
        total += here
        if total > MOST or length > LONGEST_S:
            raise PacketError(BROKEN)
        found += [((epoch + (i + 0.5) / here) * EPOCH_S, length, float(value)) for i in range(here)]
        last, before = symbol, last
    return found
