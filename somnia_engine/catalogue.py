"""The catalogue of disorders: what each is, what is measured, what that cannot say, when to see a doctor; and of usual rooms."""

from dataclasses import dataclass

from somnia_engine.resources import load_table
from somnia_engine.text import Text


@dataclass(frozen=True, slots=True)
class Disorder:
    """One entry: `about` in five lines, what is `measured`, its `limits`, when to see a `doctor`, and the `sources`."""

    key: str
    about: tuple[Text, ...]
    measured: tuple[Text, ...]
    limits: tuple[Text, ...]
    doctor: tuple[Text, ...]
    sources: tuple[str, ...]

    @property
    def sentences(self) -> tuple[Text, ...]:
        """Every sentence that a person reads of it."""
        return (*self.about, *self.measured, *self.limits, *self.doctor)


def disorders() -> tuple[Disorder, ...]:
    """Return the entries of `data/disorders.toml`, in their order."""
    return tuple(
        Disorder(
            entry["key"],
            about=tuple(map(Text, entry["about"])),
            measured=tuple(map(Text, entry["measured"])),
            limits=tuple(map(Text, entry["limits"])),
            doctor=tuple(map(Text, entry["doctor"])),
            sources=tuple(entry["sources"]),
        )
        for entry in load_table("disorders")["disorders"]
    )


def disorder(key: str) -> Disorder | None:
    """Return one entry; None for an unknown key."""
    return next((found for found in disorders() if found.key == key), None)


@dataclass(frozen=True, slots=True)
class RoomRange:
    """What the mean of one reading of a room is compared with."""

    usual: Text
    source: str


def room_ranges() -> dict[str, RoomRange]:
    """Return the ranges of `data/room.toml`, by the measure that they are of."""
    return {entry["key"]: RoomRange(Text(entry["usual"]), entry["source"]) for entry in load_table("room")["ranges"]}
