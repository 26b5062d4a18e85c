"""/api/v1/team: the project, who answers for it, and the models with what they reached."""

from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel, Field

from somnia_engine import evaluation
from somnia_engine.resources import load_table
from somnia_server.api.health import VERSION

team = APIBlueprint("team", __name__, url_prefix="/api/v1/team", tag="Server")


class Maintainer(BaseModel):
    """Who answers for the program, and for what of it."""

    name: str
    role: str


class Figure(BaseModel):
    """One figure of a model with its 95 % interval; null is unknown, `passed` is null where no goal was set."""

    task: str
    protocol: str
    figure: str
    value: float | None
    low: float | None
    high: float | None
    n_people: int | None
    n_units: int | None
    unit: str | None
    passed: bool | None


class ShippedModel(BaseModel):
    """One model: what its card says of it, and the figures it was shipped with."""

    name: str
    version: str | None
    task: str | None
    kind: str | None
    limits: list[str]
    data: str | None
    figures: list[Figure]


class Team(BaseModel):
    """The project, its version, its maintainers, its models."""

    project: str = Field(examples=["SOMNIA"])
    version: str = Field(examples=["0.1.0"])
    license: str = Field(examples=["Apache-2.0"])
    maintainers: list[Maintainer]
    models: list[ShippedModel]


@team.get("")
@team.output(Team)
def read_team() -> Any:
    """Return the project, its maintainers, and its models with the figures of their cards."""
    said, figures, cards = load_table("team"), evaluation.stored(), evaluation.cards()
    names = sorted(figures.keys() | cards.keys())
    return {
        "project": said["project"],
        "version": VERSION,
        "license": said["license"],
        "maintainers": said["maintainers"],
        "models": [_model(name, cards.get(name, {}), figures.get(name, [])) for name in names],
    }


def _model(name: str, card: dict[str, Any], rows: list[evaluation.Row]) -> dict[str, Any]:
    return {
        "name": name,
        "version": card.get("version"),
        "task": card.get("task"),
        "kind": " ".join(card["kind"].split()) if "kind" in card else None,
        "limits": card.get("limits", []),
        "data": card.get("data", {}).get("name"),
        "figures": [{key: row.get(key) for key in Figure.model_fields} for row in rows],
    }
