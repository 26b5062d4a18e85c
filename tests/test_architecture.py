"""The rules of the house, held by walking the tree's syntax: who may import whom, how large a thing may be, what it may be called."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
HOUSE = ("somnia_engine", "somnia_server", "components", "pages")

FORBIDDEN = {
    "somnia_engine": {
        "dash",
        "flask",
        "sqlalchemy",
        "flask_sqlalchemy",
        "plotly",
        "openai",
        "requests",
        "somnia_server",
        "components",
        "pages",
        "app",
    },
    "components": {"flask", "sqlalchemy", "flask_sqlalchemy", "somnia_server", "pages", "app"},
    "somnia_server": {"components", "pages", "app"},
}
ANYWHERE = {"pickle", "cPickle", "dill", "joblib", "shelve"}

RANKS = (
    {"errors", "text", "plugins", "types", "resources", "wording", "catalogue"},
    {"dsp", "readers", "subjects", "packet"},
    {"metrics", "hearing", "questionnaires"},
    {"extractors"},
    {"fusion", "placing", "letters"},
    {"staging"},
    {"detectors"},
    {"scoring"},
    {"packing", "report", "synthetic", "document", "clips"},
    {"analyse", "exports"},
    {"", "cli", "cli_packet", "edge", "evaluation", "listen"},
    {"__main__"},
)
"""Rooms of the engine from the lowest; "" is the package itself. A room may import its own rank and those below."""

NAMES = {"utils", "util", "helpers", "helper", "common", "core", "manager", "service", "misc"}
LONGEST_FILE, LONGEST_BODY, MOST_PARAMETERS, MOST_POSITIONAL = 400, 40, 6, 2
HEAVY = ("sklearn", "librosa", "mediapipe", "scipy.signal", "pandas", "tflite_runtime")


def sources(root: Path) -> Iterator[Path]:
    """Yield the project's own Python files under a root."""
    for part in HOUSE:
        for path in sorted((root / part).rglob("*.py")):
            if "versions" not in path.parts:
                yield path
    if (root / "app.py").exists():
        yield root / "app.py"


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a module imports, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rank_of(room: str) -> int | None:
    return next((rank for rank, rooms in enumerate(RANKS) if room in rooms), None)


def room_of(dotted: str) -> str:
    """Return the room of the engine that a dotted name lies in; "" is the package's own face."""
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else ""


def import_faults(path: Path, tree: ast.AST, root: Path) -> Iterator[str]:
    place = path.relative_to(root)
    part = place.parts[0]
    mine = place.parts[1].removesuffix(".py") if part == "somnia_engine" else ""
    mine = "" if mine == "__init__" else mine
    if part == "somnia_engine" and rank_of(mine) is None:
        yield f"{place}: {mine} has no rank"
    for name in sorted(set(imports(tree))):
        top = name.split(".")[0]
        if top in FORBIDDEN.get(part, set()) | ANYWHERE:
            yield f"{place}: imports {name}"
        if part == "somnia_engine" and top == "somnia_engine" and rank_of(mine) is not None:
            theirs = rank_of(room_of(name))
            if theirs is not None and name != "somnia_engine" and theirs > (rank_of(mine) or 0) and room_of(name) != mine:
                yield f"{place}: imports {name}, which stands above it"


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function's body without its docstring."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str):
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def size_faults(path: Path, tree: ast.AST, root: Path) -> Iterator[str]:
    place = path.relative_to(root)
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > LONGEST_FILE:
        yield f"{place}: {lines} lines"
    if len(place.parts) > 4:
        yield f"{place}: folders too deep"
    if NAMES & {part.removesuffix(".py").strip("_") for part in place.parts}:
        yield f"{place}: says nothing by its name"
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            if body_lines(function) > LONGEST_BODY:
                yield f"{place}: {function.name} has a body of {body_lines(function)} lines"
            arguments = function.args
            if len(arguments.posonlyargs + arguments.args + arguments.kwonlyargs) > MOST_PARAMETERS:
                yield f"{place}: {function.name} has more than {MOST_PARAMETERS} parameters"


def positional_faults(path: Path, tree: ast.AST, root: Path) -> Iterator[str]:
    place = path.relative_to(root)
    if place.parts[0] != "somnia_engine" or (place.name.startswith("_") and place.name != "__init__.py"):
        return
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [a.arg for a in function.args.posonlyargs + function.args.args if a.arg not in {"self", "cls"}]
            if len(names) > MOST_POSITIONAL and not function.name.startswith("_"):
                yield f"{place}: {function.name} takes {len(names)} positional parameters"


def habit_faults(path: Path, tree: ast.AST, root: Path) -> Iterator[str]:
    place = path.relative_to(root)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and place.parts[0] == "components":
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                if isinstance(called, ast.Name) and called.id == "callback":
                    yield f"{place}: {node.name} is declared with @callback; export register_callbacks(app)"
        if (
            isinstance(node, ast.Constant)
            and place.parts[0] == "somnia_engine"
            and place.name != "resources.py"
            and node.value in {"models", "data"}
        ):
            yield f"{place}:{node.lineno}: names {node.value!r}; resources.py alone opens it"
        if isinstance(node, ast.ExceptHandler) and is_broad(node.type):
            yield f"{place}:{node.lineno}: catches everything"


def is_broad(caught: ast.expr | None) -> bool:
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


WALLS = {Path("somnia_server/work/room.py"), Path("app.py")}
"""Where an unforeseen error may be caught: the job runner and the error handler of pages."""


def faults(root: Path) -> list[str]:
    found = []
    for path in sources(root):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for check in (import_faults, size_faults, positional_faults, habit_faults):
            found += check(path, tree, root)
    walls = tuple(f"{wall}:" for wall in WALLS)
    return [fault for fault in found if not (fault.endswith("catches everything") and fault.startswith(walls))]


@pytest.mark.parametrize("part", HOUSE)
def test_the_tree_keeps_the_rules(part: str) -> None:
    assert [fault for fault in faults(PROJECT) if fault.startswith(part)] == []


BAD = {
    "somnia_engine/dsp/spectra.py": ("import plotly", "imports plotly"),
    "somnia_engine/metrics/sums.py": ("def f():\n    from somnia_engine.detectors import judge", "stands above it"),
    "somnia_engine/types/face.py": ("from somnia_engine import analyse", "stands above it"),
    "somnia_engine/attic.py": ("x = 1", "has no rank"),
    "somnia_engine/readers/old.py": ("import pickle", "imports pickle"),
    "somnia_engine/readers/near.py": ("p = ROOT / 'models'", "resources.py alone"),
    "components/cards.py": ("import flask", "imports flask"),
    "components/tables.py": ("import somnia_server.store", "imports somnia_server"),
    "components/live.py": ("@callback(1)\ndef f():\n    pass", "@callback"),
    "somnia_server/pages.py": ("import components.cards", "imports components"),
    "somnia_server/utils.py": ("x = 1", "says nothing"),
    "somnia_server/a/b/c/d.py": ("x = 1", "too deep"),
    "somnia_server/long.py": ("x = 1\n" * 401, "401 lines"),
    "somnia_server/body.py": ("def f():\n" + "    x = 1\n" * 41, "body of 41"),
    "somnia_server/wide.py": ("def f(*, a, b, c, d, e, g, h):\n    pass", "more than 6"),
    "somnia_engine/dsp/order.py": ("def f(a, b, c):\n    pass", "positional"),
    "somnia_server/net.py": ("try:\n    f()\nexcept Exception:\n    pass", "catches everything"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_breaks_a_rule_is_found(name: str, tmp_path: Path) -> None:
    text, fault = BAD[name]
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert any(fault in found for found in faults(tmp_path)), faults(tmp_path)


def test_a_file_that_keeps_the_rules_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "somnia_engine" / "dsp").mkdir(parents=True)
    (tmp_path / "somnia_engine" / "dsp" / "peaks.py").write_text(
        "import numpy as np\nfrom somnia_engine.types import signals\n", encoding="utf-8"
    )
    assert faults(tmp_path) == []


@pytest.mark.parametrize(
    "module", ["somnia_engine", "somnia_engine.readers", "somnia_engine.cli", "somnia_engine.types.night", "somnia_engine.document"]
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}\nimport somnia_engine.readers as r\nr.readers()\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert run.stdout.strip() == "[]"


def test_the_client_of_the_api_is_the_one_that_its_document_makes() -> None:
    """It stands here, among what is checked before anything else, because each new field of the API changes it."""
    done = subprocess.run([sys.executable, "deploy/make_client.py", "--check"], cwd=PROJECT, check=False)
    assert done.returncode == 0, "the API has changed: run python deploy/make_client.py, and commit docs/client/somnia_client.py"
