"""How often one person may ask who somebody is, or try a code: little, so that neither can be guessed."""

import math

from somnia_engine.text import Text
from somnia_server.store.actors import Actor
from somnia_server.store.house import now
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tries import acquire, counted

MOST, WINDOW_S = 10, 900.0


def count_try(what: str, actor: Actor) -> str:
    """Count a try and return the key under which it stands; to be called before anything is written.

    Raises
    ------
    RefusalError
        This actor has tried ten times within a quarter of an hour.
    """
    key = f"{what} {actor.id}"
    if acquire(key, MOST, seconds=WINDOW_S):
        return key
    minutes = max(1, math.ceil((counted(key)[1] - now()).total_seconds() / 60))
    raise RefusalError(Text("This was tried too often. Try again in {minutes} min.", {"minutes": minutes}))
