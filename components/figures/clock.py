"""The time axis: local clock labels for elapsed seconds, right on the night of a clock change too."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from components import words

STEPS_S = (300, 600, 900, 1800, 3600, 7200)


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns night seconds into local clock time; `start` None counts hours from the start."""

    start: datetime | None
    zone: str | None

    def at(self, second: float) -> datetime | None:
        """Return the local time of a second of the night."""
        if self.start is None:
            return None
        moment = self.start.astimezone(UTC) + timedelta(seconds=second)
        return moment.astimezone(ZoneInfo(self.zone)) if self.zone else moment.astimezone(self.start.tzinfo)

    def label(self, second: float) -> str:
        """Return "03:12", or "+3:12" in a night whose start nobody knows."""
        local = self.at(second)
        if local is not None:
            return f"{local:%H:%M}"
        return f"+{int(second // 3600)}:{int(second // 60) % 60:02d}"

    def offsets(self, duration_s: float) -> list[list[float]]:
        """Return [second, offset from UTC in s] for the start and for each clock change in the night."""
        found: list[list[float]] = []
        for second in range(0, int(duration_s) + 1, 60):
            local = self.at(second)
            offset = local.utcoffset() if local is not None else None
            value = offset.total_seconds() if offset is not None else 0.0
            if not found or found[-1][1] != value:
                found.append([float(second), value])
        return found

    def ticks(self, duration_s: float, *, most: int = 10) -> tuple[list[float], list[str]]:
        """Return places and labels on whole clock times; the date stands where the day changes."""
        step = next((s for s in STEPS_S if duration_s / s <= most), STEPS_S[-1])
        places: list[float] = []
        labels: list[str] = []
        for second in _whole(self, duration_s, step):
            local, before = self.at(second), self.at(places[-1]) if places else None
            places.append(second)
            day = local is not None and before is not None and local.date() != before.date()
            labels.append(self.label(second) + (f"<br>{words.day_month(local)}" if day and local is not None else ""))
        return places, labels


def _whole(clock: Clock, duration_s: float, step: int) -> list[float]:
    """Return the seconds at which the local clock shows a multiple of a step."""
    found = []
    for second in range(0, int(duration_s) + 1, 60):
        local = clock.at(second)
        into_day = second if local is None else local.hour * 3600 + local.minute * 60
        if local is not None and local.second:
            continue
        if into_day % step == 0:
            found.append(float(second))
    if not found and clock.start is not None and clock.start.second:
        shifted = Clock(clock.start - timedelta(seconds=clock.start.second), clock.zone)
        found = [second - clock.start.second for second in _whole(shifted, duration_s, step) if second >= clock.start.second]
    return found
