"""What the pages of the disorders ask of the store, made ready to show."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from components.disorders import Seen, newest
from somnia_engine.detectors import detectors, judge_one
from somnia_engine.questionnaires import QUESTIONNAIRES
from somnia_engine.types.findings import Level
from somnia_engine.types.night import NightHistory
from somnia_engine.types.questionnaires import Answered
from somnia_server.store import nightcodec, persons
from somnia_server.store.actors import Actor
from somnia_server.store.nights import NightSummary, history_blobs, list_nights

SHOWN_NIGHTS = 90
"""The pages tell of at most so many nights."""


def judged(actor: Actor) -> tuple[dict[str, list[Seen]], bool]:
    """Return what a person's last nights told of each disorder, in order of time, and whether they are the demo's.

    Own nights go before those of the demo; of several analyses of a day the one that tells most is taken.
    """
    found = [night for night in list_nights(actor) if not night.damaged]
    own = [night for night in found if not night.demo]
    seen: dict[str, list[Seen]] = {}
    for night in reversed((own or found)[:SHOWN_NIGHTS]):
        _add(seen, night)
    return seen, bool(found) and not own


def _add(seen: dict[str, list[Seen]], night: NightSummary) -> None:
    for finding in night.findings:
        nights = seen.setdefault(finding.disorder, [])
        one = Seen(night.night, night.id, finding, night.stages.tolist(), night.created_at)
        if nights and nights[-1].night == night.night:
            if finding.level is not Level.NOT_ASSESSED or nights[-1].finding.level is Level.NOT_ASSESSED:
                nights[-1] = one
        else:
            nights.append(one)


def with_answers(actor: Actor, key: str, seen: Sequence[Seen], *, answered: Sequence[Answered]) -> tuple[Seen, ...]:
    """Return the nights of a disorder, the newest own one judged again where questions of it were answered since it was analyzed.

    What is kept of the night stays as it is.
    """
    last = newest(seen)
    asked = {name for name, found in QUESTIONNAIRES.items() if key in found.disorders}
    if last is None or last.made_at is None or not any(one.key in asked and one.day >= last.made_at.date() for one in answered):
        return tuple(seen)
    blobs = history_blobs(actor.id, last.night + timedelta(days=1), demo=False)
    if not blobs:
        return tuple(seen)
    subject = replace(persons.engine_subject(persons.load_profile(actor), last.night), answered=tuple(answered))
    history = NightHistory(tuple(nightcodec.unpack_record(*one) for one in blobs), subject)
    finding = judge_one(next(detector for detector in detectors() if detector.key == key), history)
    if len(finding.evidence) == len(last.finding.evidence):  # the answers are of another time than the night
        return tuple(seen)
    return tuple(replace(one, finding=finding, again=True) if one is last else one for one in seen)
