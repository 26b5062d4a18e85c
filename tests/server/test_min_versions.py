"""No library with a known hole: the pins and what is installed, held against a list that people keep."""

import ast
import re
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.test_architecture import imports, sources

PROJECT = Path(__file__).resolve().parents[2]
NEEDED = ("dash", "flask", "werkzeug", "jinja2", "cryptography", "authlib", "joserfc", "pyjwt", "requests", "urllib3", "gunicorn", "av")
"""What must stand in the list, because it opens what strangers send."""

WITHOUT_FIX = {
    "diskcache": "CVE-2025-69872 (it unpickles): the folder is 0700 and only how far a job is passes through it",
    "protobuf": "CVE-2026-0994 (json_format) is mended from 5.29.6 on, mediapipe 0.10.21 wants 4: nothing of ours parses messages",
}
"""Holes that no version we can use mends, and why they do not reach us."""


def lines(name: str) -> list[str]:
    text = (PROJECT / name).read_text(encoding="utf-8")
    return [line for line in (raw.partition("#")[0].strip() for raw in text.splitlines()) if line and not line.startswith("-")]


def floors() -> dict[str, Version]:
    """Return the least safe version of each library of the list."""
    listed = {}
    for line in lines("deploy/minimum-versions.txt"):
        wanted = Requirement(line)
        (specifier,) = wanted.specifier
        assert specifier.operator == ">=", line
        listed[canonicalize_name(wanted.name)] = Version(specifier.version)
    return listed


def pins(name: str) -> dict[str, Version]:
    """Return the version that a file of requirements names for each library."""
    pinned = {}
    for line in lines(name):
        wanted = Requirement(line)
        (specifier,) = wanted.specifier
        assert specifier.operator == "==", f"{name}: {line} is not pinned to one version"
        pinned[canonicalize_name(wanted.name)] = Version(specifier.version)
    return pinned


@pytest.mark.parametrize("name", sorted(floors()))
def test_what_is_installed_has_no_known_hole(name):
    try:
        installed = Version(version(name))
    except PackageNotFoundError:
        pytest.skip(f"{name} is not installed")
    assert installed >= floors()[name]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-train.txt"])
def test_what_is_pinned_has_no_known_hole(name):
    safe = floors()
    assert {one: str(pinned) for one, pinned in pins(name).items() if pinned < safe.get(one, pinned)} == {}


def test_what_strangers_reach_is_in_the_list_and_installed():
    installed = {canonicalize_name(found.metadata["Name"]) for found in distributions()}
    assert set(NEEDED) <= set(floors())
    assert set(NEEDED) <= installed


def test_every_line_of_the_list_names_its_reason():
    listed = (PROJECT / "deploy" / "minimum-versions.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in listed if not line.startswith("#") and not re.search(r"# \w.{7,}", line)] == []


def test_what_is_installed_is_what_is_pinned():
    wanted = pins("requirements.txt") | pins("requirements-dev.txt")
    different = {name: version(name) for name, pinned in wanted.items() if Version(version(name)) != pinned}
    assert different == {}


def test_a_hole_without_a_fix_is_not_within_reach():
    users: dict[str, set[str]] = {"diskcache": set(), "google.protobuf": set()}
    for path in sources(PROJECT):
        for name in imports(ast.parse(path.read_text(encoding="utf-8"))):
            for used, places in users.items():
                if name == used or name.startswith(f"{used}."):
                    places.add(str(path.relative_to(PROJECT)))
    assert set(WITHOUT_FIX) == {name.rpartition(".")[2] for name in users}
    assert users == {"diskcache": {"app.py"}, "google.protobuf": set()}
