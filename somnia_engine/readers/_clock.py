"""Clocks of files: local times without a zone, and which night a moment belongs to."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import NightChoiceNeeded, ReadError
from somnia_engine.text import Text
from somnia_engine.types.recording import NightSpan, ReadOptions

NOON = 12
"""The local hour at which a new night begins unless the person says another."""
ONE_NIGHT_S = 36 * 3600.0
"""A file that is longer than this [s] holds more than one night."""
_SLICE_S = 900
"""Zones change their offset at multiples of this [s] only."""
ZONE_SAID = Text("You said this zone.")


def zone_info(zone: str) -> ZoneInfo:
    """Return the zone of an IANA name; a name that does not exist raises ReadError."""
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        said = {"zone": zone[:60]}
        raise ReadError(Text("“{zone}” is not a time zone. Give a name such as Europe/Berlin or Asia/Kolkata.", said)) from error


def is_zone(zone: str) -> bool:
    """Tell whether a name is an IANA zone."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True


def night_key(at: datetime, zone: str | None, split_hour: int = NOON) -> date:
    """Return the key of the night that a moment belongs to: the local date on which that night's day began.

    Parameters
    ----------
    at : aware datetime
    zone : str or None
        IANA name; None takes the offset that `at` carries.
    split_hour : int
        The hour of the local clock, 0 to 23, at which a new night begins; also on days that have 23 or 25 hours.
    """
    local = at.astimezone(zone_info(zone)) if zone else at
    return (local.replace(tzinfo=None) - timedelta(hours=split_hour)).date()


def night_keys(epoch_s: NDArray[np.float64], zone: str | None, split_hour: int = NOON) -> NDArray[np.int64]:
    """Return the key of each moment as the ordinal of its date; without a zone the days are those of UTC."""
    slices, inverse = np.unique(np.floor(epoch_s / _SLICE_S).astype(np.int64), return_inverse=True)
    moments = (datetime.fromtimestamp(s * _SLICE_S, UTC) for s in slices.tolist())
    keys = np.array([night_key(at, zone, split_hour).toordinal() for at in moments], dtype=np.int64)
    return np.asarray(keys[inverse])


def wall_to_epoch(wall_s: NDArray[np.float64], zone: str) -> NDArray[np.float64]:
    """Turn wall clock times into UTC; in the hour that an autumn night has twice, the clock going back starts the second one.

    Parameters
    ----------
    wall_s : ndarray, shape (n,)
        Local time as if it were UTC, in seconds since 1970, in the order of the file.
    """
    info = zone_info(zone)
    slices, inverse = np.unique(np.floor(wall_s / _SLICE_S).astype(np.int64), return_inverse=True)
    locals_ = [datetime.fromtimestamp(s * _SLICE_S, UTC).replace(tzinfo=info) for s in slices.tolist()]
    first = np.array([_offset_s(at) for at in locals_], dtype=np.float64)[inverse]
    second = np.array([_offset_s(at.replace(fold=1)) for at in locals_], dtype=np.float64)[inverse]
    if not (first > second).any():
        return wall_s - first
    back = np.concatenate(([False], np.diff(wall_s) < 0)) & (first > second)
    return np.asarray(wall_s - np.where(np.cumsum(back) > 0, second, first))


def _offset_s(at: datetime) -> float:
    offset = at.utcoffset()
    return offset.total_seconds() if offset is not None else 0.0


def choose_night(nights: Sequence[NightSpan], options: ReadOptions, *, name: str) -> date | None:
    """Return the key of the wanted night; several without a choice, or a night that is not there, raise NightChoiceNeeded."""
    keys = [span.night for span in nights if span.night is not None]
    if options.night is not None and keys:
        if options.night not in keys:
            said = {"name": name, "night": options.night.isoformat(), "nights": listed(keys)}
            raise NightChoiceNeeded(Text("{name} does not hold the night {night}. It holds: {nights}.", said), keys)
        return options.night
    if len(keys) > 1:
        said = {"name": name, "n": str(len(keys)), "nights": listed(keys)}
        raise NightChoiceNeeded(Text("{name} holds {n} nights: {nights}. Choose one of them.", said), keys)
    return keys[0] if keys else None


def listed(keys: Sequence[date]) -> str:
    """Return night keys for a sentence, the latest 30 of a long list."""
    shown = [key.isoformat() for key in keys]
    return ", ".join(shown) if len(shown) <= 30 else "… " + ", ".join(shown[-30:])
