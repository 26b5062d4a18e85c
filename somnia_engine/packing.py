"""A night into its packet: bytes go where an error would change a stage, until the budget is met."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import PacketError
from somnia_engine.packet.courses import SAME, Shape, carried, course, quantised, restored
from somnia_engine.packet.happenings import COARSEST, KINDS, Fineness
from somnia_engine.packet.letter import MOST_EPOCHS, MOST_MASKS, SWING_CODE, Content, Told, write_letter
from somnia_engine.packet.levels import level_of, value_of
from somnia_engine.packet.masks import Mask, edges_of, rounded
from somnia_engine.packet.measured import STEPS
from somnia_engine.packet.plans import DERIVED, LEVELS, SWING, SWINGS, course_of
from somnia_engine.packet.seal import OVERHEAD
from somnia_engine.staging import stage_night
from somnia_engine.text import Text
from somnia_engine.types.events import EventTable
from somnia_engine.types.features import FEATURES, NightFeatures
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.packet import FeaturePacket

BUDGET = 2048
"""Bytes of a whole packet of a night of up to 12 h."""
STAGED = ("hr_bpm", *SWINGS, "activity_count")
"""Columns that the stages are made of: their masks are exact, and what is left of the budget is theirs."""
FINEST, COARSE = 8, 127
"""Ends of the fineness exponent."""
DRAWN_REACH = (-4, 32)
"""How far the columns that are only drawn follow the others: never much finer than their plan, at most 16 times coarser."""
SHORTEST_RUN = 4
LIST_MOST = 400
"""More events of a kind than this are counted by epoch."""
TOO_MUCH = Text("This night does not fit into {budget} bytes. Allow more, or leave streams out.")

Columns = dict[int, NDArray[np.float64]]


def packet_of(analysis: NightAnalysis, *, device: str = "") -> FeaturePacket:
    """Return what a packet carries of an analysed night: no stages, no signals.

    Parameters
    ----------
    analysis : NightAnalysis
    device : str
        What recorded it, as a person recognises it; at most 48 bytes.
    """
    measures = {name: value for name, value in analysis.measures.items() if name in STEPS and np.isfinite(value)}
    columns = {name: column for name, column in analysis.features.columns.items() if name not in DERIVED and np.isfinite(column).any()}
    features = NightFeatures(analysis.start, analysis.features.n_epochs, columns)
    return FeaturePacket(analysis.start, analysis.zone, analysis.lights, features, analysis.events, measures, device)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """A group as it is to be carried: its gapless rows, and where its mask stands."""

    names: tuple[str, ...]
    mask: int
    rows: NDArray[np.float64]

    @property
    def staged(self) -> bool:
        return self.names[0] in STAGED


def pack_night(packet: FeaturePacket, *, budget: int = BUDGET, effort: int = 300) -> bytes:
    """Return the letter of a night, to be sealed, so that the sealed packet has at most `budget` bytes.

    Parameters
    ----------
    packet : FeaturePacket
        From `packet_of`.
    budget : int
        Bytes of the sealed packet.
    effort : int
        Trials of telling the staged columns so that the stages come out as from the full columns, a quarter of them where
        that is soon so, five times as many where the stages hang on little; 0 makes none.

    Returns
    -------
    bytes

    Raises
    ------
    PacketError
        The night does not fit, or is longer than 24 h.
    """
    if packet.features.n_epochs > MOST_EPOCHS:
        raise PacketError(TOO_MUCH)
    room = 8.0 * (budget - OVERHEAD - 6)
    for fineness, coarse in _ladder(packet.events):
        letter = _Letter(packet, fineness, coarse=coarse)
        level = letter.level_for(room)
        if level is not None:
            found = letter.searched(level, room, effort=effort)
            content = write_letter(found).finish()
            if len(content) + OVERHEAD <= budget:
                return content
    raise PacketError(Text(TOO_MUCH.msgid, {"budget": budget}))


def _ladder(events: EventTable) -> list[tuple[Fineness, bool]]:
    """Return ever coarser ways to tell events; the last ones also leave out what is only drawn."""
    counts = {kind: sum(k is kind for k in events.kind) for kind in KINDS}
    often = frozenset(kind for kind, count in counts.items() if count > LIST_MOST)
    unit = 0 if len(events) < 30 else 1 if len(events) < 60 else 2 if sum(c for k, c in counts.items() if k not in often) < 150 else 3
    steps = [(Fineness(u, min(max(u - 1, 0), 2), often), False) for u in range(unit, COARSEST + 1)]
    everything = frozenset(kind for kind, count in counts.items() if count)
    return [*steps, (Fineness(COARSEST, 2, often), True), (Fineness(COARSEST, 3, everything), True)]


class _Letter:
    """A night being fitted: what is fixed is costed once, spectra as often as their steps change."""

    def __init__(self, packet: FeaturePacket, fineness: Fineness, *, coarse: bool) -> None:
        self.packet, self.fineness = packet, fineness
        self.masks: list[Mask] = []
        self.groups: dict[int, _Group] = {}
        self.levels: dict[int, Told] = {}
        names = [name for name in packet.features.columns if name not in SWINGS and (name in STAGED or not coarse)]
        for name in sorted(names, key=lambda name: (name not in STAGED, name)):
            self._add((name,), FEATURES[name].code)
            if name == "hr_bpm" and all(swing in packet.features.columns for swing in SWINGS):
                self._add(SWINGS, SWING_CODE)
        self._fixed = write_letter(Content(packet, tuple(self.masks), self.levels, fineness)).cost_bits()

    def _add(self, names: tuple[str, ...], code: int) -> None:
        columns = [self.packet.features[name].astype(np.float64) for name in names]
        seen = np.isfinite(columns[1 if names == SWINGS else 0])
        at = self._mask(seen, exact=names[0] in STAGED)
        inside = np.flatnonzero(self.masks[at])
        span = slice(int(inside[0]), int(inside[-1]) + 1)
        gapless = [_bridged(column)[span] for column in columns]
        if names[0] in LEVELS:
            self.levels[code] = Told(at, levels=level_of(gapless[0], names[0]))
        else:
            self.groups[code] = _Group(names, at, carried(gapless, names))

    def _mask(self, seen: Mask, *, exact: bool) -> int:
        wanted = seen if exact else rounded(seen, SHORTEST_RUN)
        near = [float((mask != wanted).mean()) for mask in self.masks]
        if near and min(near) <= (0.0 if exact else 0.03 if len(edges_of(wanted)) > 2 else 0.0):
            return int(np.argmin(near))
        if len(self.masks) == MOST_MASKS:
            return int(np.argmin(near))
        self.masks.append(wanted)
        return len(self.masks) - 1

    def shape_of(self, code: int, level: int, *, offsets: Mapping[int, tuple[int, int]]) -> Shape:
        """Return how a group is quantised at a level of coarseness."""
        group = self.groups[code]
        plan = SWING if code == SWING_CODE else course_of(group.names[0])
        if not group.staged:
            return Shape(group.names, SAME + int(np.clip(level, *DRAWN_REACH)), plan.corner, plan.keep)
        extra, corner = offsets.get(code, (0, plan.corner))
        return Shape(group.names, int(np.clip(SAME + level + extra, FINEST, COARSE)), corner, plan.keep)

    def told(self, code: int, shape: Shape, *, rows: NDArray[np.float64] | None = None) -> Told:
        """Return a group quantised."""
        group = self.groups[code]
        means, quotients = quantised(group.rows if rows is None else rows, shape)
        return Told(group.mask, shape=shape, means=means, quotients=quotients)

    def cost(self, told: Mapping[int, Told]) -> float:
        """Return the bits that spectra take."""
        nothing = replace(self.packet, events=EventTable.empty(), measures={})
        empty = write_letter(Content(nothing, tuple(self.masks), {}, self.fineness)).cost_bits()
        return write_letter(Content(nothing, tuple(self.masks), told, self.fineness)).cost_bits() - empty

    def told_at(self, level: int, offsets: Mapping[int, tuple[int, int]]) -> dict[int, Told]:
        """Return every group at a level."""
        return {code: self.told(code, self.shape_of(code, level, offsets=offsets)) for code in self.groups}

    def level_for(self, room: float, offsets: Mapping[int, tuple[int, int]] | None = None) -> int | None:
        """Return the finest level that fits; None when even the coarsest does not."""
        low, high = FINEST - SAME, COARSE - SAME
        spare = room - self._fixed
        if self.cost(self.told_at(high, offsets or {})) > spare:
            return None
        while low < high:
            middle = (low + high) // 2
            if self.cost(self.told_at(middle, offsets or {})) <= spare:
                high = middle
            else:
                low = middle + 1
        return high

    def content(self, told: Mapping[int, Told]) -> Content:
        """Return everything that is to be written."""
        return Content(self.packet, tuple(self.masks), {**self.levels, **told}, self.fineness)

    def searched(self, level: int, room: float, *, effort: int) -> Content:
        """Return the content whose stages come closest to those of the full columns, within the room."""
        return self.content(_Search(self, room - self._fixed).best(level, effort))


def _bridged(column: NDArray[np.float64]) -> NDArray[np.float64]:
    seen = np.flatnonzero(np.isfinite(column))
    return np.interp(np.arange(len(column)), seen, column[seen])


OFFSETS: tuple[dict[int, tuple[int, int]], ...] = tuple(
    {FEATURES["hr_bpm"].code: (extra, 0), SWING_CODE: (0, corner)} for corner in (0, 1, 2, 3) for extra in (-8, -2, 4, 10)
)
"""Balances of heart rate against its swings that are tried first."""
ALIKE = 0.975
"""Agreement (Cohen's kappa) of the stages from which a night is told well enough; below it, up to five times the trials are made."""
SHORTER, LONGER = 4, 5


class _Search:
    """Tells the staged columns in slightly different ways, and keeps what changes the stages least."""

    def __init__(self, letter: _Letter, spare: float) -> None:
        self.letter, self.spare = letter, spare
        self.codes = [code for code, group in letter.groups.items() if group.staged]
        features = letter.packet.features
        self.fixed = {name: features[name] for name in STAGED if name in features.columns}
        for code in letter.levels:
            name = next(f.name for f in FEATURES.values() if f.code == code)
            self.fixed[name] = self._placed(letter.levels[code].mask, value_of(_levels(letter.levels[code]), name))
        self.wanted = stage_night(features)

    def _placed(self, mask: int, values: NDArray[np.float64]) -> NDArray[np.float32]:
        where = self.letter.masks[mask]
        inside = np.flatnonzero(where)
        column = np.full(len(where), np.nan)
        column[inside[0] : inside[-1] + 1] = values
        return np.where(where, column, np.nan).astype(np.float32)

    def hypnogram(self, told: Mapping[int, Told]) -> Hypnogram | None:
        """Return the stages that a receiver would find."""
        columns = dict(self.fixed)
        for code in self.codes:
            one, group = told[code], self.letter.groups[code]
            rows = _rows(one, len(group.rows))
            for name, values in zip(group.names, restored(rows, group.names), strict=True):
                columns[name] = self._placed(group.mask, values)
        features = self.letter.packet.features
        return stage_night(NightFeatures(features.start, features.n_epochs, columns))

    def score(self, told: Mapping[int, Told]) -> tuple[float, NDArray[np.intp]]:
        """Return how far the stages are off (0 = the same), and the epochs that differ."""
        found, wanted = self.hypnogram(told), self.wanted
        if found is None or wanted is None:
            return 0.0, np.zeros(0, dtype=np.intp)
        differs = found.stages != wanted.stages
        share = 0.0
        if found.probabilities is not None and wanted.probabilities is not None and found.probabilities.shape == wanted.probabilities.shape:
            share = float(np.nansum(np.abs(found.probabilities - wanted.probabilities))) / 2.0
        minutes = [abs(float((found.stages == s).sum() - (wanted.stages == s).sum())) * EPOCH_S / 60.0 for s in np.unique(wanted.stages)]
        return float(differs.sum()) + 0.3 * share + 4.0 * sum(max(m - 2.5, 0.0) for m in minutes), np.flatnonzero(differs)

    def best(self, level: int, effort: int) -> dict[int, Told]:
        """Return the best telling found."""
        told = self.letter.told_at(level, {})
        if self.wanted is None or not self.codes or not effort:
            return told
        best, differs = self.score(told)
        for offsets in OFFSETS:
            here = self.letter.level_for(self.spare + self.letter._fixed, offsets)
            if here is None:
                continue
            tried = self.letter.told_at(here, offsets)
            score, where = self.score(tried)
            if score < best:
                best, differs, told = score, where, tried
        return self._climbed(told, best, differs, effort=effort)

    def _climbed(self, told: dict[int, Told], best: float, differs: NDArray[np.intp], *, effort: int) -> dict[int, Told]:
        rng = np.random.default_rng(1)
        targets = {code: self.letter.groups[code].rows.copy() for code in self.codes}
        for trial in range(LONGER * effort):
            if not len(differs) or (trial >= effort // SHORTER and self._alike(differs)):
                break
            code = self.codes[int(rng.integers(len(self.codes)))]
            rows, shape = self._nudged(code, told[code], targets[code], at=int(rng.choice(differs)), rng=rng)
            tried = {**told, code: self.letter.told(code, shape, rows=rows)}
            score, where = self.score(tried)
            if score < best and self.letter.cost(tried) <= self.spare:
                best, differs, told, targets[code] = score, where, tried, rows
        return told

    def _alike(self, differs: NDArray[np.intp]) -> bool:
        """Tell whether so few epochs differ that the agreement beyond chance is good; wanted stages stand for both in the chance."""
        stages = self.wanted.stages if self.wanted is not None else np.zeros(1, dtype=np.int8)
        chance = sum(float((stages == stage).mean()) ** 2 for stage in np.unique(stages))
        return len(differs) / len(stages) <= (1.0 - ALIKE) * (1.0 - chance)

    def _nudged(
        self, code: int, told: Told, target: NDArray[np.float64], *, at: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], Shape]:
        """Return a target that leans against the error around an epoch, so that its rounding falls otherwise."""
        group, shape = self.letter.groups[code], told.shape
        if shape is None:
            raise AssertionError("a spectrum has a shape")
        first = int(np.flatnonzero(self.letter.masks[group.mask])[0])
        width = float(rng.choice((3.0, 8.0, 20.0, 60.0)))
        finer = int(rng.choice((-1, 0, 0, 0, 0, 1)))
        shape = replace(shape, fineness=int(np.clip(shape.fineness + finer, FINEST, COARSE)))
        window = np.exp(-0.5 * ((np.arange(len(target)) - (at - first)) / width) ** 2)[:, None]
        error = group.rows - _rows(told, len(group.rows))
        dither = 0.15 * shape.steps(len(target))[0] * rng.standard_normal(error.shape)
        return target + window * (float(rng.uniform(0.2, 1.2)) * error + dither), shape


def _rows(told: Told, n: int) -> NDArray[np.float64]:
    if told.shape is None or told.means is None or told.quotients is None:
        raise AssertionError("a spectrum is told by its shape, means and quotients")
    return course(told.means, told.quotients, shape=told.shape, n=n)


def _levels(told: Told) -> NDArray[np.int64]:
    if told.levels is None:
        raise AssertionError("these are no levels")
    return told.levels
