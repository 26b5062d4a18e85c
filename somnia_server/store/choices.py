"""What a person says about a night before it is analysed."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Choices:
    """The zone of local times, when a file without absolute time began, the marked time in bed (None: unsaid), when a night begins [h].

    `full_scale_db` is the level of 0 dB re full scale (None: the microphone is not calibrated), `loud_clips` whether the loudest
    moments are kept to listen to.
    `look`: how a camera looks at the bed, "above", "oblique" or "level"; "" is unsaid. `mat_head`: the row of a mat at which
    the head lies, "first" or "last", where the file does not say.
    """

    zone: str | None = None
    start: datetime | None = None
    lights_off: datetime | None = None
    lights_on: datetime | None = None
    split_hour: int = 12
    full_scale_db: float | None = None
    loud_clips: bool = False
    look: str = ""
    mat_head: str = "first"
