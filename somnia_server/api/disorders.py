"""/api/v1/disorders: the catalogue of what is judged; nothing of anybody's nights."""

from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel

from somnia_engine import catalogue
from somnia_engine.detectors import detectors
from somnia_engine.text import Text, t

disorders = APIBlueprint("disorders", __name__, url_prefix="/api/v1/disorders", tag="Disorders")


class Disorder(BaseModel):
    """One disorder: what it is, what is measured of it, what that cannot say, when to see a doctor; `rule` judges it."""

    key: str
    name: str
    rule: str
    about: list[str]
    measured: list[str]
    limits: list[str]
    doctor: list[str]
    sources: list[str]


class Disorders(BaseModel):
    """All that are judged."""

    disorders: list[Disorder]


@disorders.get("")
@disorders.output(Disorders)
def read_disorders() -> Any:
    """Return the catalogue in the caller's language."""
    judged = {detector.key: detector for detector in detectors()}
    return {
        "disorders": [
            {
                "key": entry.key,
                "name": t(judged[entry.key].name),
                "rule": judged[entry.key].rule,
                "about": _spoken(entry.about),
                "measured": _spoken(entry.measured),
                "limits": _spoken(entry.limits),
                "doctor": _spoken(entry.doctor),
                "sources": list(entry.sources),
            }
            for entry in catalogue.disorders()
        ]
    }


def _spoken(sentences: tuple[Text, ...]) -> list[str]:
    return [t(sentence) for sentence in sentences]
