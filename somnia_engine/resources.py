"""The one place of the engine that opens `models/` and `data/`; a model is used only when it matches its card."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from somnia_engine.errors import ModelError
from somnia_engine.text import Text

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "models"
DATA = ROOT / "data"


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A trained model as it lies on disk: its card and its weights, checked against the card's sha256."""

    name: str
    card: dict[str, Any]
    weights: dict[str, bytes]


@cache
def load_model(name: str) -> Model:
    """Read `models/<name>/card.toml` and every file it lists under `[files]` (name = sha256).

    A card that names a `package` lists files below that installed package, which is not imported.

    Raises
    ------
    ModelError
        The folder, the card or a file is missing, or a checksum differs.
    """
    folder = MODELS / name
    try:
        card = load_card(name)
        folder = _package_folder(card["package"]) if "package" in card else folder
        weights = {file: (folder / file).read_bytes() for file in card["files"]}
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise ModelError(Text("The model {name} cannot be loaded: {reason}", {"name": name, "reason": str(error)})) from error
    for file, content in weights.items():
        if hashlib.sha256(content).hexdigest() != card["files"][file]:
            values = {"file": file, "name": name}
            raise ModelError(Text("{file} of the model {name} is not the one its card describes; train it again or restore it.", values))
    return Model(name, card, weights)


def _package_folder(package: str) -> Path:
    top, *below = package.split(".")
    found = find_spec(top)
    if found is None or found.origin is None:
        raise FileNotFoundError(f"the package {top} is not installed")
    return Path(found.origin).parent.joinpath(*below)


@cache
def load_card(name: str) -> dict[str, Any]:
    """Read `models/<name>/card.toml`; raises OSError when it is not there."""
    return tomllib.loads((MODELS / name / "card.toml").read_text(encoding="utf-8"))


@cache
def load_table(name: str) -> dict[str, Any]:
    """Read `data/<name>.toml`."""
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def load_licensed(name: str) -> tuple[str, ...] | None:
    """Read the licensed wording of a questionnaire, `data/licensed/<name>.toml`; None where nobody put it there."""
    path = DATA / "licensed" / f"{name}.toml"
    return tuple(map(str, tomllib.loads(path.read_text(encoding="utf-8"))["items"])) if path.is_file() else None
