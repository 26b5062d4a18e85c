"""The style page shows every part that pages are built of; a part that is missing there fails."""

import importlib
import inspect
import json
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, get_origin, get_type_hints

import pytest
from plotly.utils import PlotlyJSONEncoder

from components import styleguide
from somnia_engine.types.findings import Level

FOLDER = Path(styleguide.__file__).parent
TOLD = (str, float, int, bool, date, tuple, dict)
"""What a part that is looked at does not return: words, numbers, values."""
WHOLE_PAGES = {
    *(
        "accuracy",
        "activity",
        "admin",
        "bring",
        "clinic_notes",
        "breathing",
        "clips",
        "infant",
        "lights",
        "compare",
        "demo",
        "devices",
        "disorders",
        "forms",
        "home",
        "infant",
        "lane_heads",
        "night",
        "nights",
    ),
    *(
        "numbers",
        "operations",
        "outlets",
        "patients",
        "person",
        "questions",
        "regular",
        "remarks",
        "report",
        "review",
        "review_data",
        "room",
    ),
    *("sharing", "shell", "styleguide", "tables", "trends", "upload", "visits", "webhooks", "worklist"),
}
"""Modules of one page each, seen on that page; their parts need a person's nights. All others are building parts."""
NOT_ALONE = {"fields.page", "states.watched", "kiosk.screen"}
"""Frames: they hold what others show, and the style page itself stands in the first."""


def modules() -> dict[str, ModuleType]:
    return {path.stem: importlib.import_module(f"components.{path.stem}") for path in sorted(FOLDER.glob("[a-z]*.py"))}


def parts(module: ModuleType) -> set[str]:
    """Return the public functions of a module that make something to look at."""
    found = set()
    for name, made in inspect.getmembers(module, inspect.isfunction):
        told = get_type_hints(made).get("return")
        if (
            made.__module__ == module.__name__
            and not name.startswith("_")
            and (get_origin(told) or told) not in TOLD
            and told is not type(None)
        ):
            found.add(f"{module.__name__.rpartition('.')[2]}.{name}")
    return found


def built_of() -> set[str]:
    return {part for name, module in modules().items() if name not in WHOLE_PAGES for part in parts(module)} - NOT_ALONE


def test_every_building_part_is_shown_and_nothing_that_is_gone() -> None:
    assert set(styleguide.SHOWN) == built_of()


def test_the_list_of_whole_pages_names_modules_that_there_are() -> None:
    assert set(modules()) >= WHOLE_PAGES


@pytest.mark.parametrize("part", styleguide.SHOWN)
def test_a_part_is_shown_in_states_of_different_names(part: str) -> None:
    names = [state for state, _ in styleguide.SHOWN[part]()]
    assert names
    assert len(set(names)) == len(names)


def test_every_level_and_every_state_of_a_job_is_shown() -> None:
    assert [state for state, _ in styleguide.SHOWN["findings.level_badge"]()] == [level.name for level in Level]
    said = json.dumps(styleguide.SHOWN["progress.job_rows"](), cls=PlotlyJSONEncoder)
    assert all(f"job-{state}" in said for state in ("queued", "running", "done", "failed", "cancelled"))


def test_no_two_parts_share_an_id() -> None:
    told = json.loads(json.dumps(styleguide.styleguide(), cls=PlotlyJSONEncoder))
    known = [json.dumps(one) for one in ids_in(told)]
    assert sorted(set(known)) == sorted(known)


def ids_in(part: Any) -> list[Any]:
    if isinstance(part, list):
        return [found for child in part for found in ids_in(child)]
    if isinstance(part, dict):
        own = [part["props"]["id"]] if "id" in part.get("props", {}) else []
        return own + [found for child in part.values() for found in ids_in(child)]
    return []
