"""The open CSV as columns of measured cells: times, bounds, and an exact list of what was not used."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import DamagedFile, MissingChannel, ReadError
from somnia_engine.readers._clock import wall_to_epoch
from somnia_engine.readers._csv_columns import CHANNELS, STAGE, Column, Refused, is_other_count, numbers, stage_codes
from somnia_engine.readers._table import open_table, row_chunks
from somnia_engine.text import Said, Text
from somnia_engine.types.recording import Dropped, ReadOptions

_MOST_S = 10 * 86400.0
"""`time_s` counts from the start of a recording; a value beyond ten days is an error [s]."""
_FIRST_EPOCH_S = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
_LAST_EPOCH_S = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True, eq=False)
class CsvTable:
    """A read table. Times count from `start` (which is None when unknown); `absolute` tells that the file itself gave it."""

    name: str
    start: datetime | None
    absolute: bool
    columns: Mapping[str, Column]
    dropped: tuple[Dropped, ...]
    notes: tuple[Text, ...]

    def bounds_s(self) -> tuple[float, float]:
        """Return the first and last time of any measured cell [s]."""
        held = [column.times_s for column in self.columns.values() if len(column.times_s)]
        return (min(float(t[0]) for t in held), max(float(t[-1]) for t in held)) if held else (0.0, 0.0)

    def only(self, keys: Mapping[str, NDArray[np.int64]], key: int) -> "CsvTable":
        """Return the cells of one night."""
        cut = {name: Column(c.times_s[keys[name] == key], c.values[keys[name] == key]) for name, c in self.columns.items()}
        return replace(self, columns={name: column for name, column in cut.items() if len(column.times_s)})


def read_table(path: Path, options: ReadOptions) -> CsvTable:
    """Read an open CSV whole; raises ReadError, DamagedFile or MissingChannel with what to do."""
    names, delimiter, encoding = open_table(path)
    if not {"time", "time_s"} & set(names):
        raise MissingChannel(Text("{name} has no column time_s or time. Add one; the page about CSV files says how.", {"name": path.name}))
    sheet = _Sheet(path, names, options)
    for rows, broken in row_chunks(path, encoding, delimiter=delimiter):
        sheet.broken += broken
        if rows:
            sheet.add(rows)
    return sheet.table()


class _Sheet:
    """Collects a table chunk by chunk."""

    def __init__(self, path: Path, names: list[str], options: ReadOptions) -> None:
        self.path, self.names, self.options = path, names, options
        self.time_name = "time" if "time" in names else "time_s"
        self.time_at = names.index(self.time_name)
        self.used = {name: names.index(name) for name in names if name in CHANNELS or name == STAGE}
        self.refused = {name: Refused() for name in self.used}
        self.parts: dict[str, list[tuple[NDArray[np.float64], NDArray[np.float32]]]] = {name: [] for name in self.used}
        self.broken = self.short = self.untimed = self.far = self.row = 0
        self.unordered = False
        self.last_s = -np.inf
        if not self.used:
            raise MissingChannel(
                Text(
                    "{name} has no column that I know. {reasons} The known columns are: {columns}.",
                    {"name": path.name, "reasons": " ".join(str(n) for n in self.column_notes()), "columns": ", ".join((*CHANNELS, STAGE))},
                )
            )

    def add(self, rows: list[list[str]]) -> None:
        """Take in a chunk of rows."""
        width = len(self.names)
        for row in rows:
            if len(row) != width:
                self.short += any(row[width:]) or len(row) <= self.time_at
                row.extend([""] * (width - len(row)))
        cells = list(zip(*(row if len(row) == width else row[:width] for row in rows), strict=True))
        times = self._times(cells[self.time_at])
        self.row += len(rows)
        timed = np.isfinite(times)
        seen = times[timed]
        if len(seen):
            self.unordered |= bool(seen[0] < self.last_s) or bool((np.diff(seen) < 0).any())
            self.last_s = max(self.last_s, float(seen.max()))
        for name, at in self.used.items():
            values = stage_codes(cells[at], self.refused[name]) if name == STAGE else numbers(cells[at], self.refused[name], name=name)
            measured = np.isfinite(values) & timed
            if measured.any():
                self.parts[name].append((times[measured], values[measured].astype(np.float32)))

    def _times(self, cells: tuple[str, ...]) -> NDArray[np.float64]:
        if self.time_name == "time":
            times = self._absolute(cells)
            far = (times < _FIRST_EPOCH_S) | (times > _LAST_EPOCH_S)
        else:
            refused = Refused()
            times = numbers(cells, refused, name="time_s")
            if refused.decimal_commas:
                raise ReadError(Text("{name}: time_s has a decimal comma. Write a decimal point, as in 12.5.", {"name": self.path.name}))
            far = np.abs(times) > _MOST_S
        self.untimed += int(np.isnan(times).sum())
        self.far += int(far.sum())
        return np.where(far, np.nan, times)

    def _absolute(self, cells: tuple[str, ...]) -> NDArray[np.float64]:
        """Return UTC seconds; times without a zone take the person's."""
        times = np.full(len(cells), np.nan)
        local: list[int] = []
        for i, cell in enumerate(cells):
            try:
                at = datetime.fromisoformat(cell.strip())
            except ValueError:
                continue
            if at.tzinfo is None:
                self._need_zone(cell, self.row + i + 2)
                local.append(i)
                at = at.replace(tzinfo=UTC)
            times[i] = at.timestamp()
        if local and self.options.zone:
            times[local] = wall_to_epoch(times[local], self.options.zone)
        return times

    def _need_zone(self, cell: str, row: int) -> None:
        if not self.options.zone:
            said: Said = {"name": self.path.name, "row": row, "value": cell.strip()[:40]}
            raise ReadError(
                Text(
                    "{name}, row {row}: the time “{value}” has no zone. "
                    "Write it with its offset, as in 2025-03-06T22:20:56+01:00, or say your zone.",
                    said,
                )
            )

    def column_notes(self) -> list[Text]:
        """Return what to say about columns that are not used."""
        said = []
        for i, name in enumerate(self.names):
            if i == self.time_at or (name in self.used and self.used[name] == i):
                continue
            if is_other_count(name):
                said.append(
                    Text(
                        "The column “{column}” is refused: it is another kind of count. "
                        "activity_count must hold te Lindert counts per 15 seconds; the page about CSV files says how to make them.",
                        {"column": name[:60]},
                    )
                )
            elif name in self.names[:i]:
                said.append(Text("The column “{column}” stands there twice; the first one is used.", {"column": name[:60]}))
            else:
                said.append(Text("The column “{column}” is not known and is not used.", {"column": name[:60]}))
        return said

    def table(self) -> CsvTable:
        """Return the columns in order of time; raises DamagedFile when no row could be used."""
        columns = {name: _ordered(parts) for name, parts in self.parts.items() if parts}
        if not columns:
            reasons = "; ".join(f"{d.reason} ({d.count})" for d in self._dropped()) or str(Text("every cell is empty"))
            said: Said = {"name": self.path.name, "reasons": reasons}
            raise DamagedFile(Text("{name} holds no value that can be used: {reasons}.", said))
        start = self.options.start
        absolute = self.time_name == "time"
        if absolute:
            first = min(float(c.times_s[0]) for c in columns.values())
            columns = {name: Column(c.times_s - first, c.values) for name, c in columns.items()}
            start = datetime.fromtimestamp(first, UTC)
        return CsvTable(self.path.name, start, absolute, columns, self._dropped(), tuple(self._notes()))

    def _dropped(self) -> tuple[Dropped, ...]:
        said: Said = {"column": self.time_name}
        found = [
            (Text("a row that is not a row of this table"), self.broken),
            (Text("a row with more or fewer cells than the header"), self.short),
            (Text("{column}: a row without a time that can be read", said), self.untimed),
            (Text("{column}: a time too far from the others", said), self.far),
        ]
        found += [reason for name, refused in self.refused.items() for reason in refused.reasons(name)]
        return tuple(Dropped(text, count) for text, count in found if count)

    def _notes(self) -> list[Text]:
        ordered = [Text("The rows were not in order of time; they were sorted.")] if self.unordered else []
        return [*self.column_notes(), *ordered]


def _ordered(parts: list[tuple[NDArray[np.float64], NDArray[np.float32]]]) -> Column:
    times = np.concatenate([part[0] for part in parts])
    values = np.concatenate([part[1] for part in parts])
    if (np.diff(times) < 0).any():
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
    return Column(times, values)
