"""The one pipeline, read top to bottom: place -> extract -> fuse -> stage -> measure -> judge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from somnia_engine.detectors import detectors, judge
from somnia_engine.extractors import extractors
from somnia_engine.extractors.oximetry import MOTION_HIGH
from somnia_engine.fusion import fuse_columns, fuse_device_stages, fuse_events, fuse_quality, fuse_traces
from somnia_engine.letters import carried_measures, packet_quality, packet_traces, sole_packet
from somnia_engine.metrics.architecture import long_awakenings, much_unscored, sleep_statistics
from somnia_engine.metrics.breathing_events import breathing_event_intervals, breathing_event_measures
from somnia_engine.metrics.disturbances import disturbance_measures
from somnia_engine.metrics.heart import asleep_mask, detect_slow_and_fast, heart_measures
from somnia_engine.metrics.hrv import hrv_measures
from somnia_engine.metrics.joined_breathing import joined_measures
from somnia_engine.metrics.respiration import oxygen_measures
from somnia_engine.metrics.rhythm import rhythm_measures
from somnia_engine.metrics.sound import sound_measures
from somnia_engine.metrics.surroundings import surroundings_measures
from somnia_engine.metrics.temperature import temperature_measures
from somnia_engine.placing import AnalysisOptions, PlacedNight, lights_of, place
from somnia_engine.scoring import score_night
from somnia_engine.staging import intervals_of, stage_night
from somnia_engine.text import Text
from somnia_engine.types.events import EventTable
from somnia_engine.types.features import Extraction, NightFeatures, NightInput
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram
from somnia_engine.types.night import Lights, NightAnalysis, NightHistory, NightRecord, SleepStatistics
from somnia_engine.types.recording import Dropped, Recording
from somnia_engine.types.signals import Signal

__all__ = ["ENGINE_VERSION", "AnalysisOptions", "Progress", "analyse", "record_of"]

ENGINE_VERSION = "0.1.0"

Progress = Callable[[str, float], None]
"""Called with the stage of the work ("read", "extract", "stage", "measure", "judge") and the share of all that is done, 0..1."""

NO_OPTIONS = AnalysisOptions()

EXTRACTED, STAGED, MEASURED = 0.8, 0.9, 0.97
"""Shares of the work after each station: reading a night of sound outweighs the rest."""

NO_STAGES = Text("No sleep stages: they need heart rate or movement during most of the night.")
DEVICE_STAGES = Text("The numbers of sleep come from the device's own stages.")
SLEEP_WAKE_ONLY = Text("Only sleep and wake are told apart: heart rate covers too little of the night.")
BREATHING_TESTED = Text(
    "Disturbed breathing was learned from people with no or severe sleep apnea. Whether mild and moderate apnea is seen was not tested."
)
UNSCORED = Text("More than a tenth of the time in bed has no stage, so wake after falling asleep and efficiency are not told.")
LIGHTS_ASSUMED = Text("Nobody marked lights off or on: the time in bed is assumed from the first and last measurement.")


@dataclass(frozen=True, slots=True, eq=False)
class _Fused:
    """The night after extraction, on one grid."""

    features: NightFeatures
    events: EventTable
    traces: Mapping[str, Signal]
    device: Hypnogram | None
    notes: tuple[Text, ...]


def analyse(
    recordings: Sequence[Recording],
    *,
    options: AnalysisOptions = NO_OPTIONS,
    history: NightHistory | None = None,
    progress: Progress | None = None,
) -> NightAnalysis:
    """Analyze one night from everything that recorded it.

    Parameters
    ----------
    recordings : sequence of Recording
        Files of one night, in any order.
    options : AnalysisOptions
        What the person said: start, lights, zone, subject.
    history : NightHistory or None
        Earlier nights of the same person; tonight is appended here.
    progress : function (stage, fraction) or None
        Told how far the work is, 0..1 overall.

    Returns
    -------
    NightAnalysis

    Raises
    ------
    SomniaError
        The recordings cannot be laid on one night; the text says what to do.
    """
    tell = progress or _silent
    if any(recording.packet is not None for recording in recordings):
        night = _analysed_packet(recordings, tell)
    else:
        night = _analysed_files(recordings, options, tell=tell)
    tell("judge", MEASURED)
    earlier = history.nights if history is not None else ()
    nights = NightHistory((*earlier, record_of(night)), options.subject)
    findings, score = judge(nights), score_night(nights)
    tell("judge", 1.0)
    return replace(night, findings=findings, score=score)


def _analysed_files(recordings: Sequence[Recording], options: AnalysisOptions, *, tell: Progress) -> NightAnalysis:
    placed = place(recordings, options)
    extractions = _extract(placed.input, tell)
    fused = _fuse(placed.input, extractions)
    tell("stage", EXTRACTED)
    hypnogram = stage_night(fused.features)
    tell("measure", STAGED)
    lights = lights_of(placed, fused.features, device=fused.device)
    night = _measure(placed, fused, hypnogram=hypnogram, lights=lights, recordings=recordings)
    return replace(night, quality=fuse_quality(extractions))


def _analysed_packet(recordings: Sequence[Recording], tell: Progress) -> NightAnalysis:
    """Stage and measure a packet: it enters after extraction; numbers of the full signals go before those of its columns."""
    packet = sole_packet(recordings)
    fused = _Fused(packet.features, packet.events, {}, None, ())
    origin = recordings[0].zone_origin
    placed = PlacedNight(
        NightInput(packet.start, packet.zone, packet.features.n_epochs, ()), origin, packet.lights.off_s, packet.lights.on_s
    )
    tell("stage", EXTRACTED)
    hypnogram = stage_night(fused.features)
    tell("measure", STAGED)
    night = _measure(placed, fused, hypnogram=hypnogram, lights=packet.lights, recordings=recordings)
    carried = carried_measures(packet)
    return replace(
        night,
        measures={**night.measures, **carried},
        intervals={**night.intervals, **breathing_event_intervals({**night.measures, **carried})},
        traces=packet_traces(packet),
        quality=packet_quality(packet),
    )


def record_of(analysis: NightAnalysis) -> NightRecord:
    """Return what a history keeps of a night."""
    return NightRecord(
        start=analysis.start,
        zone=analysis.zone,
        features=analysis.features,
        statistics=analysis.statistics,
        measures=analysis.measures,
        events=analysis.events,
        hypnogram=analysis.hypnogram or analysis.device_hypnogram,
        lights=analysis.lights,
    )


def _silent(stage: str, fraction: float) -> None:
    """Tell nobody."""


def _extract(night: NightInput, tell: Progress) -> tuple[Extraction, ...]:
    found: list[Extraction] = []
    for number, extractor in enumerate(extractors()):
        tell("extract", EXTRACTED * number / len(extractors()))
        found += extractor.extract(night)
    return tuple(found)


def _fuse(night: NightInput, extractions: Sequence[Extraction]) -> _Fused:
    device, notes = fuse_device_stages(night)
    traces = {trace.channel: trace for trace in fuse_traces(extractions)}
    return _Fused(fuse_columns(night, extractions), fuse_events(extractions, night), traces, device, notes)


def _measure(
    placed: PlacedNight, fused: _Fused, *, hypnogram: Hypnogram | None, lights: Lights, recordings: Sequence[Recording]
) -> NightAnalysis:
    chosen = hypnogram if hypnogram is not None else fused.device
    asleep = asleep_mask(int(fused.features.n_epochs * EPOCH_S), lights, hypnogram=chosen)
    heart, spo2 = fused.traces.get("hr_bpm"), fused.traces.get("spo2_pct")
    events = fused.events
    if heart is not None and chosen is not None:
        events = EventTable.of([*events, *detect_slow_and_fast(heart, asleep, source=fused.features.sources["hr_bpm"][0])])
    oxygen = oxygen_measures(spo2, fused.traces.get("motion_index"), events=events, lights=lights, motion_high=MOTION_HIGH)
    breathing = breathing_event_measures(fused.features, lights, oxygen_min=oxygen["spo2_valid_min"])
    statistics = _statistics(chosen, lights)
    return NightAnalysis(
        start=placed.input.start,
        zone=placed.input.zone,
        zone_origin=placed.zone_origin,
        lights=lights,
        features=fused.features,
        hypnogram=hypnogram,
        device_hypnogram=fused.device,
        statistics=statistics,
        device_statistics=None if fused.device is None else sleep_statistics(fused.device, lights),
        events=events,
        measures={
            **oxygen,
            **breathing | joined_measures(fused.features, events, hypnogram=chosen, lights=lights),
            **heart_measures(heart, asleep),
            **hrv_measures(fused.features, asleep),
            **rhythm_measures(fused.features),
            **temperature_measures(fused.features, lights, sol_min=statistics.sol_min),
            **sound_measures(fused.features, events, lights=lights),
            **surroundings_measures(fused.features, lights),
            **disturbance_measures(fused.features, events, hypnogram=chosen),
            **({} if chosen is None else {"long_awakenings": long_awakenings(chosen, lights)}),
        },
        traces=tuple(fused.traces.values()),
        findings=(),
        quality=(),
        dropped=_dropped(recordings),
        notes=_notes(recordings, fused, hypnogram=hypnogram, lights=lights),
        versions=_versions(hypnogram),
        intervals=intervals_of(hypnogram, fused.features, statistics=statistics, lights=lights) | breathing_event_intervals(breathing),
    )


def _statistics(chosen: Hypnogram | None, lights: Lights) -> SleepStatistics:
    if chosen is None:
        return SleepStatistics(tib_min=(lights.on_s - lights.off_s) / 60.0)
    return sleep_statistics(chosen, lights)


def _dropped(recordings: Sequence[Recording]) -> tuple[Dropped, ...]:
    return tuple(sorted((d for r in recordings for d in r.dropped), key=lambda d: (d.reason.msgid, str(d.reason), d.count)))


def _notes(recordings: Sequence[Recording], fused: _Fused, *, hypnogram: Hypnogram | None, lights: Lights) -> tuple[Text, ...]:
    notes = [note for r in sorted(recordings, key=lambda r: r.source.name) for note in r.notes] + list(fused.notes)
    if hypnogram is None:
        notes.append(NO_STAGES)
        notes += [DEVICE_STAGES] if fused.device is not None else []
    elif len(hypnogram.classes) == 2:
        notes.append(SLEEP_WAKE_ONLY)
    if not (lights.off_marked and lights.on_marked):
        notes.append(LIGHTS_ASSUMED)
    if "p_breathing_event" in fused.features.columns:
        notes.append(BREATHING_TESTED)
    chosen = hypnogram if hypnogram is not None else fused.device
    if chosen is not None and much_unscored(chosen, lights):
        notes.append(UNSCORED)
    return tuple(dict.fromkeys(notes))


def _versions(hypnogram: Hypnogram | None) -> dict[str, str]:
    rules = {f"rule.{detector.key}": detector.rule for detector in detectors()}
    model = {"model.stages": hypnogram.scorer} if hypnogram is not None else {}
    return {"engine": ENGINE_VERSION, **model, **rules}
