"""A night to the bytes inside the seal, and back: one walk through the format that a writer and a reader both make."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import PacketError
from somnia_engine.packet.counting import Numbers, bounded, text
from somnia_engine.packet.courses import Shape, Whole, code_course, course, restored
from somnia_engine.packet.happenings import Fineness, code_events
from somnia_engine.packet.levels import code_levels, value_of
from somnia_engine.packet.masks import Mask, code_mask
from somnia_engine.packet.measured import code_measures
from somnia_engine.packet.plans import LEVELS, SWINGS
from somnia_engine.packet.rans import BROKEN, Coder, Reader, Writer
from somnia_engine.types.events import EventTable
from somnia_engine.types.features import FEATURES, NightFeatures
from somnia_engine.types.night import Lights
from somnia_engine.types.packet import FeaturePacket

MOST_EPOCHS = 2880
"""24 h, the longest night there is."""
LONGEST_NAME = 48
SWING_CODE = 0
EPOCH_ZERO = datetime(2000, 1, 1, tzinfo=UTC)
MOST_MASKS = 31
NAMES = {feature.code: feature.name for feature in FEATURES.values()}


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """One group of columns as it is told: where it was measured, and its levels or its quantised spectrum."""

    mask: int
    levels: Whole | None = None
    shape: Shape | None = None
    means: Whole | None = None
    quotients: Whole | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """Everything that is written: what is told as it is, the masks, and the groups by their code."""

    packet: FeaturePacket
    masks: tuple[Mask, ...]
    groups: Mapping[int, Told]
    fineness: Fineness


def names_of(code: int) -> tuple[str, ...]:
    """Return the columns of a group; PacketError for an unknown code."""
    if code == SWING_CODE:
        return SWINGS
    if code not in NAMES:
        raise PacketError(BROKEN)
    return (NAMES[code],)


def write_letter(content: Content) -> Writer:
    """Return a writer that holds a night; `finish` makes the bytes."""
    writer = Writer()
    _walk(writer, content)
    return writer


def read_letter(content: bytes) -> FeaturePacket:
    """Return the night in a letter. Raises PacketError when it is not one."""
    reader = Reader(content)
    empty = FeaturePacket(None, None, Lights(0.0, 1.0), NightFeatures(None, 1, {}), EventTable.empty())
    packet = _walk(reader, Content(empty, (), {}, Fineness(0, 0)))
    reader.finish()
    return packet


def _walk(coder: Coder, content: Content) -> FeaturePacket:
    given = content.packet
    n = bounded(coder.bits(given.features.n_epochs - 1, 12), MOST_EPOCHS - 1) + 1
    start, zone = _code_start(coder, given)
    lights = _code_lights(coder, given.lights)
    device = text(coder, given.device, longest=LONGEST_NAME)
    measures = code_measures(coder, given.measures)
    numbers = Numbers(3)
    count = bounded(coder.bits(len(content.masks), 5), MOST_MASKS)
    empty = np.zeros(n, dtype=np.bool_)
    masks = [code_mask(coder, content.masks[i] if content.masks else empty, numbers=numbers, n=n) for i in range(count)]
    columns = _code_groups(coder, content.groups, masks, n=n)
    source = device or "packet"
    events = code_events(coder, given.events, fineness=content.fineness, n_epochs=n, source=source)
    features = NightFeatures(start, n, dict(sorted(columns.items())), dict.fromkeys(columns, (source,)))
    return FeaturePacket(start, zone, lights, features, events, measures, device)


def _code_start(coder: Coder, given: FeaturePacket) -> tuple[datetime | None, str | None]:
    zone = text(coder, given.zone or "", longest=LONGEST_NAME) or None
    if not coder.bits(int(given.start is not None), 1):
        return None, zone
    passed, offset = 0, 0
    if given.start is not None:
        passed = max(round((given.start - EPOCH_ZERO) / timedelta(milliseconds=1)), 0)
        offset = round((given.start.utcoffset() or timedelta()) / timedelta(minutes=1))
    passed, offset = coder.bits(passed, 43), bounded(coder.bits(offset + 1024, 11), 2047) - 1024
    if abs(offset) > 900:
        raise PacketError(BROKEN)
    try:
        return (EPOCH_ZERO + timedelta(milliseconds=passed)).astimezone(timezone(timedelta(minutes=offset))), zone
    except OverflowError as error:
        raise PacketError(BROKEN) from error


def _code_lights(coder: Coder, lights: Lights) -> Lights:
    """Code lights off and on in tenths of a second; they may lie a day around the night's start."""
    day = 864_000
    off = coder.bits(int(np.clip(round(10.0 * lights.off_s), -day, day)) + day, 21) - day
    on = coder.bits(int(np.clip(round(10.0 * lights.on_s), -day, day)) + day, 21) - day
    if on <= off:
        raise PacketError(BROKEN)
    marked = bool(coder.bits(int(lights.off_marked), 1)), bool(coder.bits(int(lights.on_marked), 1))
    return Lights(off / 10.0, on / 10.0, *marked)


def _code_groups(coder: Coder, groups: Mapping[int, Told], masks: list[Mask], *, n: int) -> dict[str, NDArray[np.float32]]:
    numbers, columns = Numbers(), {}
    codes = list(groups)
    for number in range(coder.bits(len(groups), 6)):
        code = coder.bits(codes[number] if codes else 0, 8)
        names, told = names_of(code), groups[code] if codes else None
        at = bounded(coder.bits(told.mask if told else 0, 5), len(masks) - 1)
        inside = np.flatnonzero(masks[at])
        first, past = int(inside[0]), int(inside[-1]) + 1
        if names[0] in LEVELS:
            levels = told.levels if told is not None and told.levels is not None else np.zeros(0, dtype=np.int64)
            found = [value_of(code_levels(coder, levels, name=names[0], n=past - first), names[0])]
        else:
            found = _code_spectrum(coder, told, names, n=past - first, numbers=numbers)
        for name, values in zip(names, found, strict=True):
            column = np.full(n, np.nan, dtype=np.float32)
            column[first:past] = values
            columns[name] = np.where(masks[at], column, np.nan).astype(np.float32)
    return columns


def _code_spectrum(coder: Coder, told: Told | None, names: tuple[str, ...], *, n: int, numbers: Numbers) -> list[NDArray[np.float64]]:
    given = told.shape if told is not None else None
    fineness = coder.bits(given.fineness if given else 0, 7)
    corner, keep = coder.bits(given.corner if given else 0, 3), coder.bits(given.keep if given else 0, 3)
    shape = Shape(names, fineness, corner, keep)
    nothing = np.zeros(len(names), dtype=np.int64), np.zeros((0, len(names)), dtype=np.int64)
    means, quotients = (told.means, told.quotients) if told is not None else nothing
    if means is None or quotients is None:
        means, quotients = nothing
    means, quotients = code_course(coder, means, quotients=quotients, n=n, shape=shape, numbers=numbers)
    return restored(course(means, quotients, shape=shape, n=n), names)
