"""The room and the warmth of the body: readings that change slowly."""

from somnia_engine.extractors._slow import extract_slow
from somnia_engine.text import Text
from somnia_engine.types.features import Extraction, Extractor, NightInput

CHANNELS = ("room_temp_c", "humidity_pct", "co2_ppm", "light_lux", "noise_db", "skin_temp_c", "body_temp_c")


def extract_environment(night: NightInput) -> tuple[Extraction, ...]:
    """Extract room and temperature readings [°C, %, ppm, lx, dB] from every source.

    An epoch's value is the mean of its readings; a reading stands for up to 10 min of following empty epochs.
    """
    return extract_slow(night, CHANNELS)


EXTRACTOR = Extractor(
    key="environment", name=Text("Room and temperature"), channels=CHANNELS, columns=CHANNELS, extract=extract_environment
)
