"""The columns of a night on the 30-s grid: each defined once, with its unit, bounds and resolution."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from somnia_engine.text import Text
from somnia_engine.types.events import EventTable
from somnia_engine.types.recording import Recording
from somnia_engine.types.signals import Series, Signal


@dataclass(frozen=True, slots=True)
class Feature:
    """A column's definition: database column, packet quantiser, chart axis and docs come from it.

    `code` is 1..255 and never reused; `low`, `high`, `step` are in `unit`: values outside are not measured, and `step` is the
    resolution that matters.
    """

    code: int
    name: str
    label: Text
    unit: str
    low: float
    high: float
    step: float


FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature(1, "hr_bpm", Text("Heart rate"), "/min", 20.0, 240.0, 0.25),
        Feature(2, "hr_sd_bpm", Text("Spread of the heart rate"), "/min", 0.0, 60.0, 0.05),
        Feature(3, "activity_count", Text("Movement (te Lindert counts per 15 s)"), "", 0.0, 20000.0, 1.0),
        Feature(4, "spo2_pct", Text("Blood oxygen"), "%", 40.0, 100.0, 0.1),
        Feature(5, "spo2_min_pct", Text("Lowest blood oxygen"), "%", 40.0, 100.0, 0.1),
        Feature(6, "sound_level_db", Text("Sound level (relative)"), "dB", -140.0, 20.0, 0.1),
        Feature(7, "sound_peak_db", Text("Loudest second (relative)"), "dB", -140.0, 20.0, 0.1),
        Feature(8, "resp_rate_bpm", Text("Breathing rate"), "/min", 3.0, 90.0, 0.1),
        Feature(9, "skin_temp_c", Text("Skin temperature"), "°C", 15.0, 45.0, 0.01),
        Feature(10, "body_temp_c", Text("Body temperature"), "°C", 30.0, 45.0, 0.01),
        Feature(11, "room_temp_c", Text("Room temperature"), "°C", -20.0, 50.0, 0.1),
        Feature(12, "humidity_pct", Text("Humidity"), "%", 0.0, 100.0, 0.5),
        Feature(13, "co2_ppm", Text("Carbon dioxide"), "ppm", 200.0, 20000.0, 10.0),
        Feature(14, "light_lux", Text("Light in the room"), "lx", 0.0, 150000.0, 0.1),
        Feature(15, "noise_db", Text("Room noise"), "dB", 0.0, 140.0, 0.1),
        Feature(16, "step_count", Text("Steps"), "", 0.0, 200.0, 1.0),
        Feature(17, "sdnn_ms", Text("Heart rate variability (SDNN)"), "ms", 0.0, 500.0, 0.5),
        Feature(18, "motion_index", Text("Movement (the ring's own index)"), "", 0.0, 255.0, 1.0),
        Feature(19, "rr_ms", Text("Time between beats"), "ms", 200.0, 3000.0, 1.0),
        Feature(20, "rmssd_ms", Text("Heart rate variability (RMSSD)"), "ms", 0.0, 500.0, 0.5),
        Feature(21, "p_breathing_event", Text("Likelihood of disturbed breathing"), "", 0.0, 1.0, 0.004),
        Feature(22, "p_irregular_rhythm", Text("Likelihood of an irregular pulse"), "", 0.0, 1.0, 0.004),
        Feature(23, "lf_ms2", Text("Slow waves of the heart rate (LF, 0.04 to 0.15 Hz)"), "ms²", 0.0, 100000.0, 1.0),
        Feature(24, "hf_ms2", Text("Breathing waves of the heart rate (HF, 0.15 to 0.4 Hz)"), "ms²", 0.0, 100000.0, 1.0),
        Feature(25, "beat_quality_frac", Text("Share of the beats that can be used"), "", 0.0, 1.0, 0.004),
        Feature(26, "ectopic_frac", Text("Share of extra beats"), "", 0.0, 1.0, 0.004),
        Feature(27, "pnn50_pct", Text("Neighboring beats more than 50 ms apart (pNN50)"), "%", 0.0, 100.0, 0.5),
        Feature(28, "sound_level_dba", Text("Sound level (A-weighted)"), "dB", 0.0, 140.0, 0.1),
        Feature(29, "sound_peak_dba", Text("Loudest second (A-weighted)"), "dB", 0.0, 140.0, 0.1),
        Feature(33, "enmo_mg", Text("Movement (ENMO)"), "mg", 0.0, 8000.0, 0.1),
        Feature(34, "arm_angle_deg", Text("Angle of the arm"), "°", -90.0, 90.0, 0.5),
        Feature(35, "worn_frac", Text("Share of the time that the sensor was worn"), "", 0.0, 1.0, 0.01),
        Feature(36, "trunk_position", Text("Position of the trunk"), "", 0.0, 4.0, 1.0),
        Feature(40, "hr_wave_20_s_bpm", Text("Waves of the heart rate, about 20 s long"), "/min", 0.0, 40.0, 0.02),
        Feature(41, "hr_wave_33_s_bpm", Text("Waves of the heart rate, about 33 s long"), "/min", 0.0, 40.0, 0.02),
        Feature(42, "hr_wave_65_s_bpm", Text("Waves of the heart rate, about 65 s long"), "/min", 0.0, 40.0, 0.02),
        Feature(43, "hr_wave_130_s_bpm", Text("Waves of the heart rate, about 130 s long"), "/min", 0.0, 40.0, 0.02),
        Feature(44, "hr_rise_bpm", Text("Rise of the heart rate within half a minute"), "/min", 0.0, 40.0, 0.02),
        Feature(45, "hr_dip_bpm", Text("Dip of the heart rate within half a minute"), "/min", 0.0, 40.0, 0.02),
        Feature(46, "camera_motion_pct", Text("Movement (share of the picture)"), "%", 0.0, 100.0, 0.05),
        Feature(47, "mat_position", Text("Position on the mat"), "", 0.0, 2.0, 1.0),
        Feature(48, "camera_position", Text("Position seen by the camera"), "", 0.0, 4.0, 1.0),
        Feature(49, "p_camera_position", Text("Likelihood of the position seen by the camera"), "", 0.0, 1.0, 0.004),
        Feature(50, "snore_frac", Text("Share of the time with snoring"), "", 0.0, 1.0, 0.004),
        Feature(51, "vocal_frac", Text("Talking, coughing or crying heard"), "", 0.0, 1.0, 1.0),
        Feature(52, "snore_pitch_hz", Text("Pitch of the snores"), "Hz", 40.0, 400.0, 1.0),
        Feature(53, "snore_formant_1_hz", Text("First formant of the snores"), "Hz", 150.0, 3500.0, 5.0),
        Feature(54, "snore_formant_2_hz", Text("Second formant of the snores"), "Hz", 150.0, 3500.0, 5.0),
        Feature(55, "periodic_breathing_frac", Text("Breathing that waxes and wanes (experimental)"), "", 0.0, 1.0, 1.0),
        Feature(56, "breathing_cycle_s", Text("Length of the waves of breathing (experimental)"), "s", 40.0, 90.0, 1.0),
        Feature(60, "jaw_frac", Text("Grinding-like sounds heard"), "", 0.0, 1.0, 1.0),
    )
}


def feature(name: str) -> Feature:
    """Return a column's definition; an unknown name raises KeyError that lists the names."""
    if name not in FEATURES:
        raise KeyError(f"{name!r} is not a feature; there are: {', '.join(sorted(FEATURES))}")
    return FEATURES[name]


@dataclass(frozen=True, slots=True, eq=False)
class NightFeatures:
    """The night on the 30-s grid.

    Parameters
    ----------
    start : aware datetime or None
        Time of the first epoch; None when the files count from an unknown moment.
    n_epochs : int
        Number of 30-s epochs.
    columns : mapping of str to ndarray, shape (n_epochs,), float32
        Names of `FEATURES` only; NaN = not measured.
    sources : mapping of str to tuple of str
        Which sources each column was taken from, the most used first.
    """

    start: datetime | None
    n_epochs: int
    columns: Mapping[str, NDArray[np.float32]]
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, column in self.columns.items():
            feature(name)
            if column.shape != (self.n_epochs,):
                raise ValueError(f"column {name} has shape {column.shape}; ({self.n_epochs},) is needed")

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """Return a column; all NaN when the night does not have it."""
        feature(name)
        return self.columns.get(name, np.full(self.n_epochs, np.nan, dtype=np.float32))

    def coverage(self, name: str) -> float:
        """Return the share of epochs in which a column was measured, 0..1."""
        return float(np.isfinite(self[name]).mean()) if self.n_epochs else 0.0


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Placed:
    """A recording laid on the night: night time [s] = recording time + `offset_s`."""

    recording: Recording
    offset_s: float

    @property
    def source(self) -> str:
        """The name under which its streams are known."""
        return self.recording.source.name

    def series(self, channel: str) -> Series | None:
        """Return a channel in night time, from an uneven or an even stream; None when it is not there or empty."""
        for series in self.recording.series:
            if series.channel == channel and len(series.values):
                return Series(channel, series.times_s + self.offset_s, series.values, series.unit)
        for signal in self.recording.signals:
            if signal.channel == channel:
                seen = np.isfinite(signal.samples)
                if seen.any():
                    return Series(channel, signal.times_s[seen] + self.offset_s, signal.samples[seen], signal.unit)
        return None


@dataclass(frozen=True, slots=True, eq=False)
class NightInput:
    """The recordings of one night on one clock; what an extractor reads. Time 0 is the start of the first epoch."""

    start: datetime | None
    zone: str | None
    n_epochs: int
    placed: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class StreamQuality:
    """How one stream of one source covers the night: `coverage` 0..1 of the night's epochs; times in night seconds."""

    stream: str
    source: str
    coverage: float
    first_s: float
    last_s: float
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Extraction:
    """What one extractor found in one source.

    Parameters
    ----------
    source : str
        Name of the source.
    leads : str
        The column that decides between sources: where two sources fill it, the better covered one is believed, and only its events count.
    columns : mapping of str to ndarray, shape (n_epochs,), float32
    events : EventTable
        In night time.
    traces : tuple of Signal
        Even channels at about 1 Hz for charts, `onset_s` in night time.
    quality : tuple of StreamQuality
    """

    source: str
    leads: str
    columns: Mapping[str, NDArray[np.float32]]
    events: EventTable = field(default_factory=EventTable.empty)
    traces: tuple[Signal, ...] = ()
    quality: tuple[StreamQuality, ...] = ()


@dataclass(frozen=True, slots=True)
class Extractor:
    """A modality: each module of `extractors/` declares one as EXTRACTOR.

    `extract` returns one Extraction a source, none when it has nothing.
    """

    key: str
    name: Text
    channels: tuple[str, ...]
    columns: tuple[str, ...]
    extract: Callable[[NightInput], tuple[Extraction, ...]]
