"""What the compare pages ask of the store and the engine, made ready to show."""

from datetime import date, timedelta
from typing import Any

import numpy as np

from components import compare
from components.compare import Around, Compared
from components.figures.pair import Side, pair_figure
from components.trends import METRICS
from pages import _trending as trending
from pages._trending import Past
from somnia_engine.detectors import detectors
from somnia_engine.metrics.associations import associations
from somnia_engine.metrics.baseline import band_at
from somnia_engine.metrics.trend import column
from somnia_engine.resources import load_table
from somnia_server.store.actors import Actor
from somnia_server.store.nights import StoredNight, load_night

AROUND = timedelta(days=42)
"""How far before and after a day nights are compared; our own choice, six weeks."""
AFTER = "after"


def chosen(history: Past, first: Any, second: Any) -> tuple[str, str]:
    """Return the two nights that an address names, in order of time; the newest two where it names none that are here."""
    order = [night.id for night in history.main]
    named = [night for night in dict.fromkeys((first, second)) if night in order]
    rest = [night for night in reversed(order) if night not in named]
    pair = sorted([*named, *rest][:2], key=order.index)
    return pair[0], pair[1]


def two_nights(actor: Actor, history: Past, *, first: Any, second: Any) -> tuple[list[Any], dict[str, Any]] | None:
    """Return the numbers and the figure of two nights of one person; None when one of them is not theirs to see."""
    ids = {night.id: place for place, night in enumerate(history.main)}
    if first not in ids or second not in ids or first == second:
        return None
    places = sorted((ids[first], ids[second]))
    found = [load_night(actor, history.main[place].id) for place in places]
    one, other = found
    if one is None or other is None:
        return None
    told = _compared(history, (places[0], places[1]), (one, other))
    names = {detector.key: detector.name for detector in detectors()}
    sides = [Side(stored.analysis, stored.night, name) for stored, name in zip((one, other), told.names, strict=True)]
    return [*compare.changed_findings(told, names), *compare.pair_body(told)], pair_figure(sides[0], sides[1])


def _compared(history: Past, places: tuple[int, int], nights: tuple[StoredNight, StoredNight]) -> Compared:
    values, usual = {}, {}
    for key in METRICS:
        numbers = column(history.main, key)
        values[key] = (float(numbers[places[0]]), float(numbers[places[1]]))
        usual[key] = band_at(numbers, places[1])
    names = compare.side_name(nights[0].night, "A"), compare.side_name(nights[1].night, "B")
    return Compared(values, usual, (nights[0].analysis.findings, nights[1].analysis.findings), names)


def around(history: Past, day: date) -> list[Any]:
    """Return what differs between the nights before a day and those from it on."""
    table = load_table("associations")
    near = [night for night in history.main if day - AROUND <= night.night < day + AROUND]
    later = np.array([night.night >= day for night in near], dtype=np.bool_)
    outcomes = {key: values for key in METRICS if np.isfinite(values := column(near, key)).any()}
    tags = [frozenset({AFTER}) if after else frozenset() for after in later]
    found = associations(outcomes, tags=tags, rooms={}) if later.any() else ()
    medians = {one.outcome: (_median(outcomes[one.outcome][~later]), _median(outcomes[one.outcome][later])) for one in found}
    told = Around(int((~later).sum()), int(later.sum()), medians, found, table["least_with"], AROUND.days)
    return compare.around_body(told)


def _median(values: Any) -> float:
    return float(np.nanmedian(values))


def day_of(said: Any) -> date | None:
    """Return a day as a browser sends it; None for what is none."""
    try:
        return date.fromisoformat(str(said))
    except ValueError:
        return None


def page(actor: Actor, *, first: Any = None, second: Any = None, subject: str | None = None) -> Any:
    """Return the page of somebody's nights; None when there are fewer than two that the actor may see."""
    history = trending.past(actor, subject)
    if len(history.main) < 2:
        return None
    marks = trending.marks(actor, subject, history.main[0].night, history.main[-1].night) if not history.demo else ()
    return compare.compare_page(history.main, chosen(history, first, second), marks, demo=history.demo)
