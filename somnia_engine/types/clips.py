"""A loud moment of a night, to listen to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One loud moment: when [s of the night], how long [s], how far above the floor [dB], how much was blanked [s]; MP3 and PNG."""

    onset_s: float
    duration_s: float
    height_db: float
    blanked_s: float
    sound: bytes
    picture: bytes
