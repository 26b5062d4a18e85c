"""What is known of a person, from a file."""

import json
from pathlib import Path

import pytest

from somnia_engine.errors import DamagedFile, ReadError
from somnia_engine.subjects import read_subject
from somnia_engine.types.recording import Subject


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_subject_is_read(tmp_path: Path) -> None:
    content = {"birth_year": 1980, "sex": "female", "height_cm": 170.5, "weight_kg": 65, "gestation_week": 20, "infant": False}
    assert read_subject(write(tmp_path / "s.json", content)) == Subject(1980, "female", 170.5, 65.0, 20.0, False)


def test_an_empty_subject_knows_nothing(tmp_path: Path) -> None:
    assert read_subject(write(tmp_path / "s.json", {})) == Subject()
    assert read_subject(write(tmp_path / "s.json", {"sex": None, "height_cm": None})) == Subject()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not a JSON file"),
        ("\ud7ff\x00", "not a JSON file"),
        ([1], "allowed is"),
        ({"birth_year": "1980"}, 'birth_year is "1980"'),
        ({"birth_year": True}, "1900-2100"),
        ({"height_cm": 17}, "30-260"),
        ({"weight_kg": float("nan")}, "weight_kg is NaN"),
        ({"sex": "f"}, "female, male, other"),
        ({"infant": 1}, "true, false"),
        ({"shoe": 44}, "shoe is 44"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(tmp_path: Path, content: object, words: str) -> None:
    with pytest.raises(DamagedFile, match=words):
        read_subject(write(tmp_path / "s.json", content))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="cannot be opened"):
        read_subject(tmp_path / "none.json")
