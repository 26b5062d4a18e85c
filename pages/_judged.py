"""What the pages of the disorders ask of the store, made ready to show."""

from components.disorders import Seen
from somnia_engine.types.findings import Level
from somnia_server.store.actors import Actor
from somnia_server.store.nights import NightSummary, list_nights

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
        one = Seen(night.night, night.id, finding, night.stages.tolist())
        if nights and nights[-1].night == night.night:
            if finding.level is not Level.NOT_ASSESSED or nights[-1].finding.level is Level.NOT_ASSESSED:
                nights[-1] = one
        else:
            nights.append(one)
