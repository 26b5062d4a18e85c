"""What a browser may ask the callbacks: only those that exist, in the form in which their own page asks, by whom they are for."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, current_app

from somnia_server.access.rules import PARTS
from somnia_server.store.actors import Role

EXTENSION = "somnia_callbacks"
Dependencies = Sequence[Mapping[str, Any]]


def allow_callbacks(app: Flask, callbacks: Mapping[str, Mapping[str, Any]]) -> None:
    """Name the callbacks that there are, by their outputs, each with its `inputs` and `state`: Dash's map once all stand."""
    app.extensions[EXTENSION] = {name: (tuple(found["inputs"]), tuple(found.get("state", ()))) for name, found in callbacks.items()}


def may_call(role: Role, asked: Any) -> bool:
    """Return whether a request's body asks for a callback that exists, in its form, and that belongs to a part open to a role."""
    output = asked.get("output") if isinstance(asked, dict) else None
    known: Mapping[str, tuple[Dependencies, Dependencies]] = current_app.extensions.get(EXTENSION, {})
    if not isinstance(output, str) or output not in known:
        return False
    if not all(role in PARTS.get(part, ()) for part in parts_of(output)):
        return False
    inputs, state = known[output]
    changed = asked.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(one, str) for one in changed) or not _named(asked.get("outputs")):
        return False
    return _fits(inputs, asked.get("inputs", [])) and _fits(state, asked.get("state", []))


def parts_asked(asked: Any) -> frozenset[str]:
    """Return the parts that a request's body asks for; none when it asks for nothing."""
    output = asked.get("output") if isinstance(asked, dict) else None
    return parts_of(output) if isinstance(output, str) else frozenset()


def parts_of(output: str) -> frozenset[str]:
    """Return the parts that a callback's output names: `..upload-jobs.children...upload-poll.disabled..` belongs to `upload`."""
    pieces = output.strip(".").split("...") if output.startswith("..") else [output]
    return frozenset(_part(piece) for piece in pieces)


def _part(piece: str) -> str:
    name = piece
    if piece.startswith("{"):
        try:
            name = str(json.loads(piece[: piece.rindex("}") + 1]).get("type", ""))
        except ValueError:
            return ""
    return "_pages" if name.startswith("_pages_") else name.partition(".")[0].partition("-")[0]


def _fits(wanted: Dependencies, given: Any) -> bool:
    """Return whether what was given are the declared dependencies, in order; a wildcard stands for any number of its kind."""
    if not isinstance(given, list) or len(given) != len(wanted):
        return False
    return all(_is(one["id"], one["property"], found) for one, found in zip(wanted, given, strict=True))


def _is(wanted: str, prop: str, given: Any) -> bool:
    if wanted.startswith("{"):
        shape = json.loads(wanted)
        many = given if isinstance(given, list) else [given]
        return all(isinstance(one, dict) and one.get("property") == prop and _same_kind(shape, one.get("id")) for one in many)
    return isinstance(given, dict) and given.get("id") == wanted and given.get("property") == prop


def _same_kind(shape: Mapping[str, Any], given: Any) -> bool:
    if not isinstance(given, dict) or given.keys() != shape.keys():
        return False
    return all(isinstance(given[key], str | int) if isinstance(said, list) else given[key] == said for key, said in shape.items())


def _named(outputs: Any) -> bool:
    """Return whether the outputs are named as a browser names them, in lists of lists where wildcards are."""
    if isinstance(outputs, list):
        return all(_named(one) for one in outputs)
    return isinstance(outputs, dict) and isinstance(outputs.get("id"), str | dict) and isinstance(outputs.get("property"), str)
