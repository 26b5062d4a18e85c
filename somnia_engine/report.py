"""The report of a night: the AASM's table with the rule behind each number, findings with evidence, limits; the same words each time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from somnia_engine.text import Text
from somnia_engine.types.events import EventKind
from somnia_engine.types.findings import LEVEL_ORDER, Finding, Level
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import NAN, NightAnalysis

NOTHING = "–"
"""What stands where nothing was measured."""
LEAST_NIGHTS = 7
"""Fewer nights than these say little of what is usual; a report of them says so."""
MASKED = 4
"""How many characters of a serial number stay readable at its end."""
NO_STAGES = Text("no sleep stages")
NO_OXYGEN = Text("no blood oxygen was measured")
NO_HEART = Text("no heart rate was measured")
NO_FLOW = Text("needs airflow and effort")
NO_EEG = Text("needs brain waves (EEG)")
NO_SOUND = Text("no sound was judged")
NO_BEATS = Text("no single heart beats")
NOT_TOLD = Text("the source does not tell this stage")
APNEAS = (EventKind.OA, EventKind.CA, EventKind.MA)


@dataclass(frozen=True, slots=True)
class Row:
    """One number of the table: `term` as clinics write it, `value` NaN where it is blank, then `blank` says why.

    `low` and `high` are the ends of its 90 % interval (NaN: none is known); `rule` says how it was counted.
    """

    key: str
    term: str
    label: Text
    value: float
    unit: str
    places: int = 0
    rule: Text | None = None
    blank: Text | None = None
    low: float = NAN
    high: float = NAN

    def said(self) -> str:
        """Return the number with its unit and, where it is known, its interval; nothing where it is blank."""
        if math.isnan(self.value):
            return ""
        unit = self.unit if self.unit.startswith("/") else f" {self.unit}".rstrip()
        whole = f"{self.value:.{self.places}f}{unit}"
        return whole if math.isnan(self.low) else f"{whole} ({self.low:.{self.places}f} – {self.high:.{self.places}f})"


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers that belong together."""

    title: Text
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported of a night: a summary, tables, findings from the strongest, limits, versions.

    `summary` speaks to a patient, `voice` of it to a doctor; both are deterministic.
    """

    summary: tuple[Text, ...]
    voice: tuple[Text, ...]
    tables: tuple[Table, ...]
    findings: tuple[Finding, ...]
    limits: tuple[Text, ...]
    sources: tuple[str, ...]
    versions: Mapping[str, str]


SLEEP = (
    Row("tib_min", "TIB", Text("Time in bed"), NAN, "min", 0, Text("lights off to lights on"), NO_STAGES),
    Row("spt_min", "SPT", Text("First to last sleep"), NAN, "min", 0, Text("first to last epoch of sleep"), NO_STAGES),
    Row("tst_min", "TST", Text("Asleep"), NAN, "min", 0, Text("all epochs of sleep"), NO_STAGES),
    Row("se_pct", "SE", Text("Efficiency"), NAN, "%", 0, Text("TST of TIB"), NO_STAGES),
    Row("sme_pct", "SME", Text("Maintenance"), NAN, "%", 0, Text("TST of SPT"), NO_STAGES),
    Row("sol_min", "SOL", Text("To fall asleep"), NAN, "min", 0, Text("lights off to the first epoch of sleep"), NO_STAGES),
    Row(
        "lps_min", "LPS", Text("To lasting sleep"), NAN, "min", 0, Text("lights off to the first ten minutes of unbroken sleep"), NO_STAGES
    ),
    Row("waso_min", "WASO", Text("Awake after that"), NAN, "min", 0, Text("wake from first sleep to lights on"), NO_STAGES),
    Row("rem_latency_min", "REM latency", Text("First REM after"), NAN, "min", 0, Text("first sleep to the first REM"), NOT_TOLD),
    Row("awakenings", "Awakenings", Text("Awakenings"), NAN, "", 0, Text("sleep followed by wake"), NO_STAGES),
    Row("sfi_per_h", "SFI", Text("Fragmentation"), NAN, "/h", 1, Text("changes to wake or N1 per hour of TST"), NO_STAGES),
    Row("arousal_index", "ArI", Text("Arousals"), NAN, "/h", 1, None, NO_EEG),
)
STAGES = (
    ("n1", "N1", Text("N1 sleep")),
    ("n2", "N2", Text("N2 sleep")),
    ("light", "N1+N2", Text("Light sleep")),
    ("n3", "N3", Text("Deep sleep")),
    ("rem", "R", Text("REM sleep")),
)
UNSCORED = (
    Row("ahi", "AHI", Text("Apneas and hypopneas"), NAN, "/h", 1, None, NO_FLOW),
    Row("rdi", "RDI", Text("With arousals of effort"), NAN, "/h", 1, None, NO_FLOW),
)
OXYGEN = (
    Row("odi3_per_h", "ODI3", Text("Oxygen drops, 3 %"), NAN, "/h", 1, Text("falls of 3 % or more, per hour of valid time"), NO_OXYGEN),
    Row("odi4_per_h", "ODI4", Text("Oxygen drops, 4 %"), NAN, "/h", 1, Text("falls of 4 % or more, per hour of valid time"), NO_OXYGEN),
    Row("spo2_mean_pct", "SpO₂ mean", Text("Mean oxygen"), NAN, "%", 0, Text("of valid time"), NO_OXYGEN),
    Row("spo2_min_pct", "SpO₂ nadir", Text("Lowest oxygen"), NAN, "%", 0, Text("held for 3 s, free of movement"), NO_OXYGEN),
    Row("t90_pct", "T90", Text("Time below 90 %"), NAN, "%", 1, Text("of valid time"), NO_OXYGEN),
    Row("t88_pct", "T88", Text("Time below 88 %"), NAN, "%", 1, Text("of valid time"), NO_OXYGEN),
    Row(
        "desaturation_burden",
        "Burden",
        Text("Burden of the oxygen drops"),
        NAN,
        "%min/h",
        1,
        Text("area of all drops, per hour of valid time"),
        NO_OXYGEN,
    ),
    Row(
        "breathing_events_per_h",
        "REI-like",
        Text("Breathing events (estimate)"),
        NAN,
        "/h",
        1,
        Text("estimated from heart beats, per hour of recording"),
        NO_BEATS,
    ),
    Row(
        "joined_events_per_h",
        "Events",
        Text("Breathing events of all sensors (estimate)"),
        NAN,
        "/h",
        1,
        Text("each event once, per hour of monitored time; no AHI"),
        Text("under 4 h of blood oxygen or heart beats"),
    ),
    Row(
        "breathing_pause_per_h",
        "Pauses",
        Text("Pauses in the sound of breathing"),
        NAN,
        "/h",
        1,
        Text("silences of 10 s or more between breaths, per hour heard; no AHI"),
        NO_SOUND,
    ),
)
HEART = (
    Row("hr_mean_bpm", "HR mean", Text("Mean heart rate"), NAN, "/min", 0, Text("asleep"), NO_HEART),
    Row("hr_min_bpm", "HR min", Text("Lowest heart rate"), NAN, "/min", 0, Text("lowest half minute asleep"), NO_HEART),
    Row("hr_max_bpm", "HR max", Text("Highest heart rate"), NAN, "/min", 0, Text("highest half minute asleep"), NO_HEART),
    Row("rmssd_ms", "RMSSD", Text("Heart rate variability (RMSSD)"), NAN, "ms", 0, Text("asleep, normal beats; Task Force 1996"), NO_BEATS),
    Row("irregular_burden_pct", "Irregular pulse", Text("Irregular pulse"), NAN, "%", 1, Text("of analyzable half minutes"), NO_BEATS),
)
OTHER = (
    Row("snore_pct", "Snoring", Text("Share with snoring"), NAN, "%", 0, Text("of the time heard"), NO_SOUND),
    Row("snores_per_h", "Snores", Text("Snores"), NAN, "/h", 0, Text("per hour heard"), NO_SOUND),
    Row(
        "snore_peak_p90_db",
        "Snore peak",
        Text("Loudest tenth of the snores"),
        NAN,
        "dB",
        0,
        Text("above the sound around, not calibrated"),
        NO_SOUND,
    ),
    Row("plm_index", "PLMI", Text("Periodic limb movements"), NAN, "/h", 1, None, Text("needs muscle tone of the legs (EMG)")),
)


def report_night(analysis: NightAnalysis, *, n_nights: int = 1) -> Report:
    """Return the report of a night.

    Parameters
    ----------
    analysis : NightAnalysis
    n_nights : int
        How many nights of this person are known; under seven the report says that they are few.
    """
    findings = tuple(sorted(analysis.findings, key=lambda finding: LEVEL_ORDER.index(finding.level)))
    return Report(
        summary=tuple(_summary(analysis, findings)),
        voice=tuple(_voice(analysis)),
        tables=(
            Table(Text("Sleep"), _filled(SLEEP, analysis)),
            Table(Text("Stages"), _stages(analysis)),
            Table(Text("Breathing"), (*_scored(analysis), *_filled(OXYGEN, analysis), *_joined_parts(analysis))),
            Table(Text("Heart"), _filled(HEART, analysis)),
            Table(Text("Snoring and movement"), _filled(OTHER, analysis)),
        ),
        findings=findings,
        limits=tuple(_limits(analysis, n_nights)),
        sources=tuple(dict.fromkeys(masked(quality.source) for quality in analysis.quality if quality.source)),
        versions=dict(analysis.versions),
    )


def masked(source: str) -> str:
    """Return a source's name with long numbers hidden but for their last four digits: a serial number names its owner."""
    found, run = [], ""
    for sign in f"{source}\0":
        if sign.isdigit():
            run += sign
            continue
        found.append(run if len(run) <= MASKED + 2 else "•" * (len(run) - MASKED) + run[-MASKED:])
        found.append(sign)
        run = ""
    return "".join(found)[:-1]


def slept_sentence(analysis: NightAnalysis) -> Text:
    """Return the night in one sentence."""
    s = analysis.statistics
    if not math.isfinite(s.tst_min):
        return Text("This night has no sleep stages: neither heart rate nor movement covers enough of it.")
    values = {"asleep": length(s.tst_min), "bed": length(s.tib_min), "sol": length(s.sol_min), "waso": length(s.waso_min)}
    return Text("You slept {asleep} of {bed} in bed; it took {sol} to fall asleep, and you were awake for {waso} after that.", values)


def _summary(analysis: NightAnalysis, findings: Sequence[Finding]) -> list[Text]:
    said = [slept_sentence(analysis)]
    said += [finding.summary for finding in findings if finding.level in (Level.HIGH, Level.MODERATE)]
    said += [finding.next_step for finding in findings if finding.level is Level.HIGH and finding.next_step is not None]
    return said


def _voice(analysis: NightAnalysis) -> list[Text]:
    s, m = analysis.statistics, analysis.measures
    said: list[Text] = []
    if math.isfinite(s.tst_min):
        values: dict[str, str | int | float | Text] = {"tst": length(s.tst_min), "tib": length(s.tib_min), "se": _whole(s.se_pct)}
        values |= {"sol": length(s.sol_min), "waso": length(s.waso_min), "scorer": s.scorer}
        said.append(Text("TST {tst} of TIB {tib}, sleep efficiency {se} %, latency {sol}, WASO {waso}; staged by {scorer}.", values))
    if math.isfinite(m.get("odi3_per_h", NAN)):
        oxygen = {"odi": f"{m['odi3_per_h']:.1f}", "low": _whole(m.get("spo2_min_pct", NAN)), "t90": f"{m.get('t90_pct', NAN):.1f}"}
        said.append(Text("ODI3 {odi}/h of valid oximetry, nadir {low} %, {t90} % of valid time below 90 %.", oxygen))
    if math.isfinite(m.get("hr_mean_bpm", NAN)):
        heart = {name: _whole(m.get(f"hr_{name}_bpm", NAN)) for name in ("mean", "min", "max")}
        said.append(Text("Heart rate asleep: mean {mean}, from {min} to {max} per minute.", heart))
    return said


def _limits(analysis: NightAnalysis, n_nights: int) -> list[Text]:
    said = [
        Text("Screening from consumer sensors or recordings; it describes and never diagnoses. Only a doctor’s signed text is a judgment.")
    ]
    if n_nights < LEAST_NIGHTS:
        few = {"n": n_nights, "least": LEAST_NIGHTS}
        said.append(Text("This report rests on {n} of at least {least} nights; single nights differ much.", few))
    said += [Text("{count} dropped: {reason}", {"count": dropped.count, "reason": dropped.reason}) for dropped in analysis.dropped]
    return [*said, *analysis.notes]


def _filled(rows: Sequence[Row], analysis: NightAnalysis) -> tuple[Row, ...]:
    """Return rows with the night's numbers; where one is there, it is not blank."""
    s = analysis.statistics
    numbers = {**{f.name: getattr(s, f.name) for f in fields(s) if f.name != "scorer"}, **analysis.measures}
    found = []
    for row in rows:
        value = float(numbers.get(row.key, NAN))
        low, high = analysis.intervals.get(row.key, (NAN, NAN))
        found.append(replace(row, value=value, low=low, high=high, blank=row.blank if math.isnan(value) else None))
    return tuple(found)


def _stages(analysis: NightAnalysis) -> tuple[Row, ...]:
    rows: list[Row] = []
    blank = NO_STAGES if math.isnan(analysis.statistics.tst_min) else NOT_TOLD
    for key, term, label in STAGES:
        rows.append(Row(f"{key}_min", term, label, NAN, "min", 0, None, blank))
        rows.append(Row(f"{key}_pct", f"{term} %", label, NAN, "%", 0, Text("of TST"), blank))
    rows.append(Row("unscored_min", "?", Text("Not scored"), NAN, "min", 0, None, NO_STAGES))
    return _filled(rows, analysis)


def _scored(analysis: NightAnalysis) -> tuple[Row, ...]:
    """Return the indices of apneas and hypopneas that the source scored; blank without airflow."""
    labels = {EventKind.OA: Text("Obstructive apnea"), EventKind.CA: Text("Central apnea"), EventKind.MA: Text("Mixed apnea")}
    labels |= {EventKind.H: Text("Hypopnea")}
    counts = {kind: len(analysis.events.of_kind(kind)) for kind in labels}
    hours = analysis.statistics.tst_min / 60.0
    if not sum(counts.values()) or not hours > 0:
        return UNSCORED
    rule = Text("as the source scored them, per hour of TST; it does not name its rule for hypopneas")
    rows = [Row("ahi", "AHI", Text("Apneas and hypopneas"), sum(counts.values()) / hours, "/h", 1, rule)]
    rows += [Row(f"{kind.lower()}_index", str(kind), label, counts[kind] / hours, "/h", 1) for kind, label in labels.items()]
    return (*rows, *_by_stage(analysis, [*APNEAS, EventKind.H]))


def _by_stage(analysis: NightAnalysis, kinds: Sequence[EventKind]) -> list[Row]:
    """Return the index in REM and in other sleep, where each has a quarter of an hour at least."""
    hypnogram = analysis.device_hypnogram or analysis.hypnogram
    if hypnogram is None:
        return []
    rows = []
    for key, term, wanted in (
        ("ahi_rem", "AHI REM", {Stage.R}),
        ("ahi_nrem", "AHI NREM", {Stage.N1, Stage.N2, Stage.N3, Stage.L, Stage.N}),
    ):
        minutes, n = _inside(hypnogram, wanted, analysis=analysis, kinds=kinds)
        value, blank = (60.0 * n / minutes, None) if minutes >= LEAST_MIN else (NAN, Text("under 15 min of it"))
        rows.append(Row(key, term, Text("in {minutes} min", {"minutes": round(minutes)}), value, "/h", 1, None, blank))
    return rows


PARTS = (
    ("supine", "supine", Text("Breathing events on the back")),
    ("other_side", "non-supine", Text("Breathing events in other positions")),
    ("rem", "REM", Text("Breathing events in REM sleep")),
    ("nrem", "NREM", Text("Breathing events in other sleep")),
)


def _joined_parts(analysis: NightAnalysis) -> tuple[Row, ...]:
    """Return the estimated events by position and by stage with the minutes behind each; nothing where a part was not watched at all."""
    rows = []
    for part, term, label in PARTS:
        minutes, value = (analysis.measures.get(f"joined_{part}_{unit}", NAN) for unit in ("min", "per_h"))
        if math.isnan(minutes):
            continue
        rule = Text("in {minutes} min", {"minutes": round(minutes)})
        blank = Text("under 15 min of it") if math.isnan(value) else None
        rows.append(Row(f"joined_{part}_per_h", f"Events {term}", label, value, "/h", 1, rule, blank))
    return tuple(rows)


LEAST_MIN = 15.0
"""Less time in a bucket than this gives no index of its own."""


def _inside(hypnogram: Hypnogram, wanted: set[Stage], *, analysis: NightAnalysis, kinds: Sequence[EventKind]) -> tuple[float, int]:
    inside = [Stage(stage) in wanted for stage in hypnogram.stages.tolist()]
    onsets = [event.onset_s for event in analysis.events if event.kind in kinds]
    places = [int(onset // hypnogram.epoch_s) for onset in onsets]
    return sum(inside) * hypnogram.epoch_s / 60.0, sum(inside[at] for at in places if 0 <= at < len(inside))


def length(minutes: float) -> Text | str:
    """Return minutes as `7 h 04` or `14 min`; a dash when not measured."""
    if not math.isfinite(minutes):
        return NOTHING
    whole = round(minutes)
    if whole < 60:
        return Text("{n} min", {"n": whole})
    return Text("{h} h {min}", {"h": whole // 60, "min": f"{whole % 60:02d}"})


def _whole(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{value:.0f}"
