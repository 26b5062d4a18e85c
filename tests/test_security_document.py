"""The security document: every requirement of the standard has one answer, and every test, file and number it names is there."""

import ast
import csv
import re
from collections import Counter
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENT = PROJECT / "docs" / "security.md"
STANDARD = Path("standards", "asvs", "asvs-5.0.0-en.csv")
LEVELS = {"1", "2"}
REQUIREMENT = re.compile(r"V\d+\.\d+\.\d+")
CITED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
FILE = re.compile(r"`((?:[\w-]+/)*[\w-]+\.(?:py|md|json|txt|toml|html|js|sh))`")
PLACES = ("", "somnia_server", "somnia_engine", "docs", "somnia_server/store", "somnia_server/access")
DECIDED = re.compile(r"decided (\d{4}-\d{2}-\d{2})")
SECTIONS = (
    "Who may",
    "Fields",
    "Ways in",
    "Sessions",
    "Second factor",
    "Doors",
    "Tokens of programs",
    "Encryption",
    "Keys and algorithms",
    "Rotation",
    "Erasure",
    "Audit log",
    "Breach register",
    "What can leave",
    "Safe start",
    "Headers",
    "Files",
    "Inputs",
    "Data and how they are protected",
    "Logs",
    "Work that costs",
    "Code of others",
    "Threat model",
)


@cache
def lines() -> tuple[str, ...]:
    return tuple(DOCUMENT.read_text(encoding="utf-8").splitlines())


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the tables under a heading, up to the next of its kind or higher, without their heads."""
    level = heading.split(" ", maxsplit=1)[0]
    start = lines().index(heading) + 1
    found, seen_head = [], False
    for line in lines()[start:]:
        if re.match(rf"#{{1,{len(level)}}} ", line):
            break
        if not line.startswith("|"):
            seen_head = False
        elif re.fullmatch(r"[|: -]+", line):
            seen_head = True
        elif seen_head:
            found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))])
    return found


def answers() -> list[tuple[str, str, str]]:
    """Return id, status and evidence of each requirement that applies."""
    return [(row[0], row[2], row[3]) for row in rows("## The standard, requirement by requirement") if REQUIREMENT.fullmatch(row[0])]


def not_applicable() -> list[tuple[str, str]]:
    """Return id and reason of each requirement that does not apply."""
    return [(one, row[1]) for row in rows("## What does not apply") for one in REQUIREMENT.findall(row[0])]


@pytest.fixture(scope="session")
def required(reference: Path) -> set[str]:
    path = reference / STANDARD
    if not path.is_file():
        pytest.skip(f"the standard is not at {path}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["req_id"] for row in csv.DictReader(file) if row["L"] in LEVELS}


def test_every_requirement_of_level_1_and_2_has_exactly_one_answer(required: set[str]) -> None:
    counted = Counter([one for one, _, _ in answers()] + [one for one, _ in not_applicable()])
    assert {one for one, count in counted.items() if count > 1} == set()
    assert required - set(counted) == set()
    assert set(counted) - required == set()


def test_no_requirement_is_named_twice() -> None:
    named = [one for one, _, _ in answers()] + [one for one, _ in not_applicable()]
    assert len(named) == len(set(named))


def test_every_answer_has_what_it_rests_on() -> None:
    wrong = []
    for one, status, evidence in answers():
        decided = DECIDED.fullmatch(status)
        if status == "met":
            fine = bool(CITED.search(evidence))
        elif decided:
            fine = date.fromisoformat(decided[1]) >= date(2026, 11, 23) and len(evidence) > 40
        else:
            fine = status == "open" and "To close:" in evidence
        if not fine:
            wrong.append((one, status, evidence))
    assert wrong == []


def test_what_does_not_apply_has_a_reason() -> None:
    assert [one for one, reason in not_applicable() if len(reason) < 8] == []


def test_the_summary_counts_the_table() -> None:
    said = {row[0]: int(row[1]) for row in rows("### How much is met")}
    counted = Counter(status.split(" ")[0] for _, status, _ in answers())
    counted["not applicable"] = len(not_applicable())
    counted["together"] = sum(counted.values())
    assert said == dict(counted)


@cache
def functions(path: str) -> frozenset[str]:
    file = PROJECT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_test_that_is_cited_exists() -> None:
    cited = CITED.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert len(cited) > 100
    assert sorted({f"{path}::{name}" for path, name in cited if name not in functions(path) or not name.startswith("test_")}) == []


def test_every_file_that_is_named_exists() -> None:
    named = set(FILE.findall(DOCUMENT.read_text(encoding="utf-8")))
    assert len(named) > 30
    assert sorted(name for name in named if not any((PROJECT / place / name).is_file() for place in PLACES)) == []


@pytest.mark.parametrize("section", SECTIONS)
def test_what_the_standard_wants_written_down_has_its_section(section: str) -> None:
    heading = next((line for line in lines() if re.fullmatch(rf"#+ {re.escape(section)}", line)), None)
    assert heading is not None
    start = lines().index(heading) + 1
    body = next((i for i, line in enumerate(lines()[start:]) if line.startswith("#")), None)
    assert len(" ".join(lines()[start:][:body])) > 200 or section == "Threat model"


def test_every_number_is_the_codes_own() -> None:
    numbers = rows("### Numbers")
    assert len(numbers) > 20
    wrong = []
    for what, said, where in numbers:
        module, _, name = where.strip("`").partition(":")
        name, _, key = name.partition("[")
        value = getattr(import_module(module), name)
        value = value[key.rstrip("]")] if key else value
        if str(value) != said.strip("`"):
            wrong.append((what, said, str(value)))
    assert wrong == []


def test_every_threat_has_an_answer_and_says_what_remains() -> None:
    threats = rows("### Threats")
    actors = {row[0] for row in rows("### Actors")}
    assert {row[0] for row in threats} == actors
    assert [row for row in threats if len(row) != 4 or not all(len(cell) > 3 for cell in row)] == []
