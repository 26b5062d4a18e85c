"""Made-up nights and histories of known truth, for each disorder from none to clear, with and without each sensor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from somnia_engine.metrics.architecture import sleep_statistics
from somnia_engine.types.events import Event, EventKind, EventTable
from somnia_engine.types.features import NightFeatures
from somnia_engine.types.findings import Level
from somnia_engine.types.hypnogram import EPOCH_S, Hypnogram, Stage
from somnia_engine.types.night import Lights, NightHistory, NightRecord
from somnia_engine.types.questionnaires import Answered
from somnia_engine.types.recording import Subject

FIRST = date(2025, 3, 3)
N = 960
NAN = float("nan")
NO, YES = 0, 1


@dataclass(frozen=True, slots=True)
class Scenario:
    """A disorder at a severity: what is true, which sensor is lost, and how a history of it is drawn."""

    disorder: str
    truth: Level
    lost: str
    draw: Callable[[np.random.Generator], NightHistory]


def stages(rng: np.random.Generator, n: int = N) -> np.ndarray:
    """Return a night of four cycles with 20 to 30 minutes of REM at the end of each."""
    found = np.full(n, Stage.L, np.int8)
    found[:30] = Stage.W
    for cycle in range(4):
        end = 240 * (cycle + 1) - 10
        found[end - 180 : end - 120] = Stage.N3
        found[end - int(rng.integers(40, 60)) : end] = Stage.R
    return found


def record(
    at: datetime, hypnogram: np.ndarray | None, columns: Mapping[str, np.ndarray], *, events: Sequence[Event] = (), **measures: float
) -> NightRecord:
    """Return a night that began at a moment."""
    n = N if hypnogram is None else len(hypnogram)
    lights = Lights(0.0, n * EPOCH_S, off_marked=True, on_marked=True)
    scored = None if hypnogram is None else Hypnogram(hypnogram, (Stage.W, Stage.L, Stage.N3, Stage.R), "made up")
    told = {name: column.astype(np.float32) for name, column in columns.items()}
    features = NightFeatures(at, n, told, dict.fromkeys(told, ("made up",)))
    statistics = (
        sleep_statistics(scored, lights) if scored is not None else sleep_statistics(Hypnogram(np.zeros(n, np.int8), (), ""), lights)
    )
    return NightRecord(at, "UTC", features, statistics, measures, EventTable.of(events), scored, lights)


def bed(day: int, hour: float = 23.0) -> datetime:
    return datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), UTC) + timedelta(hours=hour)


def answered(key: str, *choices: int) -> tuple[Answered, ...]:
    return (Answered(key, FIRST, choices),)


def rem_behavior(rng: np.random.Generator, *, per_h: float, acts: bool | None, lost: str = "") -> NightHistory:
    """Return five nights with bouts of movement in REM at a rate, and the answer to the question on dreams."""
    nights = []
    for day in range(5):
        scored = stages(rng)
        rem = np.flatnonzero(scored == Stage.R)
        counts = rng.gamma(0.3, 4.0, N).clip(0.0, 15.0)
        at = rng.choice(rem, size=rng.poisson(per_h * len(rem) * EPOCH_S / 3600.0), replace=False)
        counts[at] = rng.uniform(25.0, 200.0, len(at))
        columns = {} if lost == "movement" else {"activity_count": counts}
        nights.append(record(bed(day), None if lost == "stages" else scored, columns))
    subject = Subject(answered=() if acts is None else answered("rbd1q", YES if acts else NO))
    return NightHistory(tuple(nights), subject)


def bruxism(rng: np.random.Generator, *, per_h: float, lost: str = "") -> NightHistory:
    """Return a night with grinding-like sounds at a rate; the noise of a fan hides the jaw."""
    heard = np.zeros(N)
    if lost == "quiet room":
        heard[: int(0.7 * N)] = NAN
    onsets = np.cumsum(rng.exponential(3600.0 / per_h, 80)) if per_h else np.zeros(0)
    events = [
        Event(EventKind.GR, float(at), 4.0, 0.8, "made up") for at in onsets if at < N * EPOCH_S and np.isfinite(heard[int(at // 30)])
    ]
    columns = {} if lost == "sound" else {"jaw_frac": heard}
    return NightHistory((record(bed(0), stages(rng), columns, events=() if lost == "sound" else events),))


def pregnancy(rng: np.random.Generator, *, week: float | None, on_back: bool, snores: bool, lost: str = "") -> NightHistory:
    """Return two weeks of nights with a position and snoring."""
    nights = []
    for day in range(14):
        lying = np.full(N, 0.0 if on_back else 1.0)
        lying[200:] = rng.choice([1.0, 2.0], size=N - 200)
        sound = (
            {} if lost == "sound" else {"snore_heard_min": 470.0, "snore_pct": float(rng.uniform(15, 40) if snores else rng.uniform(0, 5))}
        )
        columns = {} if lost == "position" else {"trunk_position": lying}
        nights.append(record(bed(day), stages(rng), columns, **sound))
    return NightHistory(tuple(nights), Subject(gestation_week=week))


def infant(rng: np.random.Generator, *, prone: bool, lost: str = "") -> NightHistory:
    """Return an infant's night with breath, position and voice."""
    breath = rng.normal(32.0, 2.0, N)
    lying = np.where(np.arange(N) > 600, 3.0 if prone else 0.0, 0.0)
    every = {"resp_rate_bpm": breath, "trunk_position": lying, "vocal_frac": np.zeros(N)}
    columns = {} if lost == "every stream" else every
    return NightHistory((record(bed(0), None, columns),), Subject(infant=lost != "being an infant"))


def circadian(rng: np.random.Generator, *, kind: str, nights: int = 21) -> NightHistory:
    """Return nights that are regular, late at weekends, very irregular, late, or wander by an hour a day."""
    found = []
    for day in range(nights):
        free = (FIRST + timedelta(days=day)).weekday() in (4, 5)
        hour = 22.8 + rng.normal(0.0, 0.3)
        hour += {"jetlag": 3.2 * free, "wander": 1.0 * day, "late": 4.6, "chaos": float(rng.uniform(0.0, 18.0))}.get(kind, 0.5 * free)
        found.append(record(bed(day, hour), stages(rng), {}))
    return NightHistory(tuple(found))


def insomnia(rng: np.random.Generator, *, long_nights: int, waso: int = 0, nights: int = 14, isi: int | None = None) -> NightHistory:
    """Return nights of which so many of seven begin with fifty minutes awake; `waso` further epochs of wake at their end."""
    found = []
    for day in range(nights):
        scored = stages(rng)
        if day % 7 < long_nights:
            scored[:100] = Stage.W
            scored[700 : 700 + waso] = Stage.W
        found.append(record(bed(day), scored, {}))
    return NightHistory(tuple(found), Subject(answered=() if isi is None else answered("isi", *([isi] * 7))))


def apnea(rng: np.random.Generator, *, odi: float, lost: str = "") -> NightHistory:
    """Return a night with falls of blood oxygen at a rate."""
    found = float(rng.poisson(odi * 7.5) / 7.5)
    oxygen = {"odi3_per_h": found, "odi4_per_h": found / 2, "t90_pct": found / 9, "spo2_min_pct": 95 - found / 4, "spo2_valid_min": 450.0}
    return NightHistory((record(bed(0), stages(rng), {}, **({} if lost == "oxygen" else oxygen)),))


def arrhythmia(rng: np.random.Generator, *, longest: float, burden: float, lost: str = "") -> NightHistory:
    """Return a night with irregular stretches."""
    rhythm = {
        "rhythm_analyzable_min": 450.0,
        "irregular_burden_pct": burden,
        "irregular_longest_min": longest * float(rng.uniform(0.9, 1.1)),
    }
    return NightHistory((record(bed(0), stages(rng), {}, **({} if lost == "beats" else rhythm)),))


NONE, LOW, SOME, CLEAR = Level.NOT_ASSESSED, Level.LOW, Level.MODERATE, Level.HIGH
SCENARIOS: tuple[Scenario, ...] = (
    Scenario("apnea", LOW, "", lambda rng: apnea(rng, odi=1.5)),
    Scenario("apnea", SOME, "", lambda rng: apnea(rng, odi=9.0)),
    Scenario("apnea", CLEAR, "", lambda rng: apnea(rng, odi=35.0)),
    Scenario("apnea", NONE, "oxygen and beats", lambda rng: apnea(rng, odi=35.0, lost="oxygen")),
    Scenario("arrhythmia", LOW, "", lambda rng: arrhythmia(rng, longest=1.0, burden=0.2)),
    Scenario("arrhythmia", SOME, "", lambda rng: arrhythmia(rng, longest=9.0, burden=3.0)),
    Scenario("arrhythmia", CLEAR, "", lambda rng: arrhythmia(rng, longest=60.0, burden=40.0)),
    Scenario("arrhythmia", NONE, "beats", lambda rng: arrhythmia(rng, longest=60.0, burden=40.0, lost="beats")),
    Scenario("rem_behavior", LOW, "", lambda rng: rem_behavior(rng, per_h=1.6, acts=False)),
    Scenario("rem_behavior", LOW, "the question", lambda rng: rem_behavior(rng, per_h=1.6, acts=None)),
    Scenario("rem_behavior", SOME, "the question", lambda rng: rem_behavior(rng, per_h=25.0, acts=None)),
    Scenario("rem_behavior", SOME, "", lambda rng: rem_behavior(rng, per_h=1.6, acts=True)),
    Scenario("rem_behavior", CLEAR, "", lambda rng: rem_behavior(rng, per_h=25.0, acts=True)),
    Scenario("rem_behavior", NONE, "movement and sound", lambda rng: rem_behavior(rng, per_h=25.0, acts=True, lost="movement")),
    Scenario("rem_behavior", NONE, "stages", lambda rng: rem_behavior(rng, per_h=25.0, acts=True, lost="stages")),
    Scenario("insomnia", LOW, "", lambda rng: insomnia(rng, long_nights=1)),
    Scenario("insomnia", SOME, "", lambda rng: insomnia(rng, long_nights=4)),
    Scenario("insomnia", SOME, "", lambda rng: insomnia(rng, long_nights=1, isi=3)),
    Scenario("insomnia", CLEAR, "", lambda rng: insomnia(rng, long_nights=6, waso=160)),
    Scenario("insomnia", NONE, "nights", lambda rng: insomnia(rng, long_nights=6, waso=160, nights=6)),
    Scenario("bruxism", LOW, "", lambda rng: bruxism(rng, per_h=0.4)),
    Scenario("bruxism", SOME, "", lambda rng: bruxism(rng, per_h=3.0)),
    Scenario("bruxism", CLEAR, "", lambda rng: bruxism(rng, per_h=9.0)),
    Scenario("bruxism", NONE, "sound", lambda rng: bruxism(rng, per_h=9.0, lost="sound")),
    Scenario("bruxism", NONE, "a quiet room", lambda rng: bruxism(rng, per_h=9.0, lost="quiet room")),
    Scenario("pregnancy", LOW, "", lambda rng: pregnancy(rng, week=32.0, on_back=False, snores=False)),
    Scenario("pregnancy", LOW, "", lambda rng: pregnancy(rng, week=20.0, on_back=True, snores=False)),
    Scenario("pregnancy", SOME, "", lambda rng: pregnancy(rng, week=32.0, on_back=True, snores=False)),
    Scenario("pregnancy", SOME, "position", lambda rng: pregnancy(rng, week=32.0, on_back=True, snores=True, lost="position")),
    Scenario("pregnancy", CLEAR, "", lambda rng: pregnancy(rng, week=32.0, on_back=True, snores=True)),
    Scenario("pregnancy", NONE, "the week", lambda rng: pregnancy(rng, week=None, on_back=True, snores=True)),
    Scenario("infant", NONE, "", lambda rng: infant(rng, prone=False)),
    Scenario("infant", NONE, "", lambda rng: infant(rng, prone=True)),
    Scenario("infant", NONE, "every stream", lambda rng: infant(rng, prone=True, lost="every stream")),
    Scenario("circadian", LOW, "", lambda rng: circadian(rng, kind="regular")),
    Scenario("circadian", SOME, "", lambda rng: circadian(rng, kind="jetlag")),
    Scenario("circadian", SOME, "", lambda rng: circadian(rng, kind="late")),
    Scenario("circadian", CLEAR, "", lambda rng: circadian(rng, kind="wander")),
    Scenario("circadian", NONE, "nights", lambda rng: circadian(rng, kind="wander", nights=6)),
)
