"""What the night page asks of lights off and on: the edits, the numbers by them, and what a click changes."""

from collections.abc import Mapping
from typing import Any

from components import lights as shown
from components.figures.clock import Clock
from somnia_engine.metrics.architecture import sleep_statistics
from somnia_engine.text import Text, t
from somnia_engine.types.night import Lights, NightAnalysis, SleepStatistics
from somnia_server.store import lights
from somnia_server.store.actors import Actor
from somnia_server.store.nights import StoredNight
from somnia_server.store.reach import acts_for
from somnia_server.store.refusals import RefusalError

KEPT, UNDONE = Text("Saved."), Text("Undone.")


def body(actor: Actor, stored: StoredNight) -> list[Any]:
    """Return the tab as things stand."""
    night, edits = stored.analysis, lights.edits_of(actor, stored.id)
    clock = Clock(night.start, night.zone)
    said = [shown.Said(clock.label(e.off_s), clock.label(e.on_s), t("you") if e.author == actor.id else e.name, e.at) for e in edits]
    numbers = [night.statistics, *(_numbers(night, lights.lights_of(edit)) for edit in edits[:1])]
    return shown.lights_body(clock, night.lights, edits=said, numbers=numbers, may_edit=acts_for(actor, stored.owner))


def keep(actor: Actor, stored: StoredNight, said: Mapping[str, Any]) -> Text | None:
    """Keep the times that the fields say; RefusalError when the night never shows them."""
    night, edits = stored.analysis, lights.edits_of(actor, stored.id)
    now = lights.lights_of(edits[0]) if edits else night.lights
    off, on = _second(night, said.get("off"), now.off_s), _second(night, said.get("on"), now.on_s)
    return KEPT if lights.edit_lights(actor, stored.id, off, on) else None


def undo(actor: Actor, stored: StoredNight) -> Text | None:
    """Take the last change back."""
    return UNDONE if lights.undo_lights(actor, stored.id) else None


def _second(night: NightAnalysis, said: Any, now: float) -> float:
    """Return the second that a field says; unchanged, the one that stands now."""
    clock, given = Clock(night.start, night.zone), str(said or "").strip()
    if given == clock.label(now):
        return now
    second = shown.second_of(clock, given, night.features.n_epochs)
    if second is None:
        told = {"given": given, "window": shown.window_of(night)}
        raise RefusalError(Text("“{given}” is no time of this night. Give one like 23:40, within {window}.", told))
    return second


def _numbers(night: NightAnalysis, chosen: Lights) -> SleepStatistics:
    hypnogram = night.hypnogram if night.hypnogram is not None else night.device_hypnogram
    if hypnogram is None:
        return SleepStatistics(tib_min=(chosen.on_s - chosen.off_s) / 60.0)
    return sleep_statistics(hypnogram, chosen)
