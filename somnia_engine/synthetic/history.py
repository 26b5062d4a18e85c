"""A demo history: two months of one made-up person's nights, drawn as stages and columns without files, so that trends can be looked at."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from somnia_engine.detectors import judge
from somnia_engine.metrics.architecture import long_awakenings, sleep_statistics
from somnia_engine.scoring import score_night
from somnia_engine.synthetic.course import NightTruth, Sleeper, draw_night
from somnia_engine.text import Text
from somnia_engine.types.events import EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.hypnogram import Hypnogram, Stage
from somnia_engine.types.night import Lights, NightAnalysis, NightHistory, NightRecord

NIGHTS, SEED, ZONE = 60, 17, "Europe/Berlin"
SCORER = "made up for the demo"
CLASSES = (Stage.W, Stage.L, Stage.N3, Stage.R)
GAPS = frozenset((19, 20, 21, 44))
"""Nights, by their number, on which the made-up watch was forgotten."""
NAPS = frozenset((13, 34, 48))
MADE_UP = Text("This night was made up for the demo: nobody slept it.")


@dataclass(frozen=True, slots=True, eq=False)
class DemoNight:
    """A night of the demo history: its day, the analysis, and what its person noted."""

    night: date
    analysis: NightAnalysis
    tags: tuple[str, ...] = ()


def demo_history(last: date, *, nights: int = NIGHTS) -> tuple[DemoNight, ...]:
    """Return a made-up person's nights up to a day: work weeks, late weekends, forgotten nights, naps; wine goes with waking.

    Parameters
    ----------
    last : date
        The day on which the last night begins.
    nights : int
        How many days the history spans.
    """
    found: list[DemoNight] = []
    records: list[NightRecord] = []
    for number in range(nights):
        if number in GAPS:
            continue
        rng = np.random.default_rng([SEED, number])
        night = last - timedelta(days=nights - 1 - number)
        if number in NAPS:
            found.append(_made(night, _nap(night), rng=rng, history=[]))
        tags = _tags(night, rng)
        made = _made(night, _sleeper(night, tags, rng), rng=rng, history=records, tags=tags)
        found.append(made)
        records.append(_record(made.analysis))
    return tuple(found)


def _tags(night: date, rng: np.random.Generator) -> tuple[str, ...]:
    free = night.weekday() in (4, 5)
    chances = (("alcohol", 0.55 if free else 0.12), ("exercise", 0.3), ("late_meal", 0.2), ("stress", 0.05 if free else 0.2))
    return tuple(tag for tag, chance in chances if rng.random() < chance)


def _sleeper(night: date, tags: tuple[str, ...], rng: np.random.Generator) -> Sleeper:
    free = night.weekday() in (4, 5)
    bed = 22.9 + (0.9 if free else 0.0) + rng.normal(0.0, 0.3)
    sol = float(np.clip(rng.normal(14.0 + (14.0 if "stress" in tags else 0.0), 5.0), 3.0, 60.0))
    waso = float(np.clip(rng.normal(34.0 + (38.0 if "alcohol" in tags else 0.0), 12.0), 6.0, 130.0))
    hours = 7.2 + (0.9 if free else 0.0) + rng.normal(0.0, 0.5)
    bpm = 57.0 + (5.0 if "alcohol" in tags else 0.0) + rng.normal(0.0, 1.2)
    return Sleeper(_at(night, bed), hours=float(hours), sol_min=sol, waso_min=waso, base_bpm=float(bpm), deep_share=0.45)


def _nap(night: date) -> Sleeper:
    return Sleeper(_at(night, 14.2), hours=1.5, sol_min=8.0, waso_min=4.0, base_bpm=60.0)


def _at(night: date, hour: float) -> datetime:
    return datetime.combine(night, time(), ZoneInfo(ZONE)) + timedelta(minutes=round(hour * 60))


def _made(night: date, sleeper: Sleeper, *, rng: np.random.Generator, history: list[NightRecord], tags: tuple[str, ...] = ()) -> DemoNight:
    truth = draw_night(sleeper, rng)
    hypnogram = Hypnogram(truth.stages, CLASSES, SCORER)
    lights = Lights(0.0, truth.duration_s, off_marked=True, on_marked=True)
    features = _features(truth, rng)
    statistics = sleep_statistics(hypnogram, lights)
    heart = features.columns["hr_bpm"][truth.stages != Stage.W]
    measures = {
        "hr_mean_bpm": float(heart.mean()),
        "hr_min_bpm": float(heart.min()),
        "room_temp_mean_c": float(features.columns["room_temp_c"].mean()),
        "long_awakenings": long_awakenings(hypnogram, lights),
    }
    analysis = NightAnalysis(
        start=sleeper.start,
        zone=ZONE,
        zone_origin=Text("The zone of the demo."),
        lights=lights,
        features=features,
        hypnogram=hypnogram,
        device_hypnogram=None,
        statistics=statistics,
        device_statistics=None,
        events=EventTable.empty(),
        measures=measures,
        traces=(),
        findings=(),
        quality=(),
        notes=(MADE_UP,),
        versions={"demo": "history 1"},
    )
    told = NightHistory((*history, _record(analysis)))
    return DemoNight(night, replace(analysis, score=score_night(told), findings=judge(told)), tags)


def _features(truth: NightTruth, rng: np.random.Generator) -> NightFeatures:
    n = len(truth.stages)
    rise = np.select([truth.stages == Stage.W, truth.stages == Stage.R, truth.stages == Stage.N3], [9.0, 4.0, -3.0], 0.0)
    heart = truth.sleeper.base_bpm + rise + rng.normal(0.0, 1.5, n)
    moved = np.where(truth.stages == Stage.W, rng.gamma(1.0, 60.0, n), rng.gamma(0.3, 4.0, n))
    warm = rng.normal(19.0, 1.2) + np.linspace(0.6, -0.6, n)
    columns = {"hr_bpm": heart, "activity_count": np.rint(moved), "room_temp_c": warm}
    sources = dict.fromkeys(columns, ("demo",))
    return NightFeatures(truth.sleeper.start, n, {name: column.astype(np.float32) for name, column in columns.items()}, sources)


def _record(analysis: NightAnalysis) -> NightRecord:
    start, zone, events = analysis.start, analysis.zone, analysis.events
    return NightRecord(start, zone, analysis.features, analysis.statistics, analysis.measures, events, analysis.hypnogram, analysis.lights)
