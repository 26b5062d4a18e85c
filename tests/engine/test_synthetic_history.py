"""The demo history: the same every time, called made up, with the gaps, naps and effects that were put into it."""

from datetime import date

import numpy as np
import pytest

from somnia_engine.metrics.associations import associations
from somnia_engine.metrics.trend import by_weekday, column, main_nights, regularity
from somnia_engine.synthetic.history import GAPS, MADE_UP, NAPS, DemoNight, demo_history
from somnia_engine.types.sleeps import Sleep, states_of
from somnia_engine.types.trend import TREND_KEYS, TrendNight

LAST = date(2025, 11, 30)


@pytest.fixture(scope="module")
def history() -> tuple[DemoNight, ...]:
    return demo_history(LAST)


@pytest.fixture(scope="module")
def nights(history: tuple[DemoNight, ...]) -> list[TrendNight]:
    return [in_small(number, one) for number, one in enumerate(history)]


def in_small(number: int, one: DemoNight) -> TrendNight:
    night = one.analysis
    numbers = {**{name: getattr(night.statistics, name) for name in night.statistics.__dataclass_fields__}, **night.measures}
    numbers["score"] = float("nan") if night.score is None else night.score.value
    values = np.array([numbers.get(key, float("nan")) for key in TREND_KEYS], np.float32)
    assert night.start is not None
    assert night.hypnogram is not None
    sleep = Sleep(one.night, night.start, night.zone, states_of(night.hypnogram.stages))
    return TrendNight(str(number), one.night, values, night.start, night.zone, sleep, True)


def test_every_night_says_that_it_was_made_up(history: tuple[DemoNight, ...]) -> None:
    assert all(MADE_UP in one.analysis.notes for one in history)
    assert history[-1].night == LAST


def test_it_is_the_same_every_time(history: tuple[DemoNight, ...]) -> None:
    again = demo_history(LAST)
    assert [one.tags for one in again] == [one.tags for one in history]
    assert all(np.array_equal(a.analysis.hypnogram.stages, b.analysis.hypnogram.stages) for a, b in zip(again, history, strict=True))


def test_it_has_forgotten_nights_and_naps_apart(history: tuple[DemoNight, ...], nights: list[TrendNight]) -> None:
    assert len({one.night for one in history}) == 60 - len(GAPS)
    assert len(history) == 60 - len(GAPS) + len(NAPS)
    assert len(main_nights(nights)) == 60 - len(GAPS)
    assert column(main_nights(nights), "tst_min").min() > 180


def test_its_bedtimes_its_weekends_and_its_wine_are_found_again(history: tuple[DemoNight, ...], nights: list[TrendNight]) -> None:
    main = main_nights(nights)
    tags = {one.night: frozenset(one.tags) for one in history}
    outcomes = {key: column(main, key) for key in ("se_pct", "waso_min")}
    found = associations(outcomes, tags=[tags[night.night] for night in main], rooms={})
    assert (found[0].cause, found[0].sure) == ("alcohol", True)
    told = regularity(nights)
    assert 60 < told.sri < 95
    assert 0.3 < told.social_jetlag_h < 2.0
    assert 22.5 < told.bedtime_h < 24
    assert told.n_naps >= 1
    assert 9.0 < column(main, "bedtime_h").min() < column(main, "bedtime_h").max() < 14.0
    assert sum(map(len, by_weekday(main, column(main, "score")))) == len(main)
