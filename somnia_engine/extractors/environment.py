"""The room and the warmth of the body: readings that change slowly, and the lights and noises that stand out in dense ones."""

from collections.abc import Callable

from somnia_engine.dsp.disturbances import Found, dense, lights_on, noises
from somnia_engine.extractors._slow import extract_slow
from somnia_engine.extractors._streams import Samples
from somnia_engine.text import Text
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import Extraction, Extractor, NightInput

CHANNELS = ("room_temp_c", "humidity_pct", "co2_ppm", "light_lux", "noise_db", "skin_temp_c", "body_temp_c")
STANDING_OUT: dict[str, tuple[EventKind, Callable[..., Found]]] = {
    "light_lux": (EventKind.LT, lights_on),
    "noise_db": (EventKind.NS, noises),
}


def extract_environment(night: NightInput) -> tuple[Extraction, ...]:
    """Extract room and temperature readings [°C, %, ppm, lx, dB] from every source.

    An epoch's value is the mean of its readings; a reading stands for up to 10 min of following empty epochs. Readings of light and
    noise at least every two minutes also give LT and NS events, with the brightest [lx] or loudest [dB] reading as `value`.
    """
    return extract_slow(night, CHANNELS, events_of=_standing_out)


def _standing_out(channel: str, samples: Samples, source: str) -> EventTable:
    if channel not in STANDING_OUT or not dense(samples.times_s):
        return EventTable.empty()
    kind, find = STANDING_OUT[channel]
    return EventTable.of(
        Event(kind, onset, duration, float("nan"), source, peak) for onset, duration, peak in find(samples.times_s, samples.values)
    )


EXTRACTOR = Extractor(
    key="environment", name=Text("Room and temperature"), channels=CHANNELS, columns=CHANNELS, extract=extract_environment
)
