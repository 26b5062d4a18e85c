"""`somnia_engine evaluate`: the stored figures as one table, and the shipped models over a folder of other people."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from somnia_engine.cli import BAD_INPUT, DONE, main
from somnia_engine.evaluation import KEYS, judged_models, stored, table
from somnia_engine.resources import MODELS

EVERY = {"apnea", "apnea_night", "rhythm", "rules", "sleep_stages", "sound"}


def test_every_model_has_a_judge_and_stored_rows_of_one_form() -> None:
    assert EVERY <= {judge.parent.name for judge in judged_models()}
    found = stored()
    assert EVERY <= set(found)
    for rows in found.values():
        assert rows
        for row in rows:
            assert set(KEYS) <= set(row)
            assert row["passed"] in (True, False, None)
            assert (row["passed"] is None) == (row["bar"] is None)
            assert row["n_people"] > 0
            assert row["coverage"] is None or 0.0 <= row["coverage"] <= 1.0


def test_the_command_prints_the_stored_table_and_writes_its_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--out", str(tmp_path / "rows.json")]) == DONE
    printed = capsys.readouterr().out
    written = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))["scores"]
    assert written == stored()
    assert printed.strip() == table(stored())
    assert len(printed.splitlines()) == 1 + sum(len(rows) for rows in written.values())
    for row in written["sleep_stages"]:
        line = next(line for line in printed.splitlines() if line.startswith(row["task"]) and f" {row['figure']} " in line)
        assert f"{row['value']:.3f}" in line


def test_kappa_macro_f1_and_accuracy_of_the_stages_stand_side_by_side() -> None:
    tasks: dict[str, set[str]] = {}
    for row in stored(["sleep_stages"])["sleep_stages"]:
        if row["unit"] == "30-s epochs":
            tasks.setdefault(row["task"], set()).add(row["figure"])
    assert all({"kappa", "macro-F1", "accuracy"} <= figures for figures in tasks.values())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--only", "palmistry"], "palmistry"), (["--heldout", "/nowhere/at/all"], "/nowhere/at/all")],
    ids=["no such model", "no such folder"],
)
def test_what_is_not_there_is_refused_by_name(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", *arguments]) == BAD_INPUT
    assert words in capsys.readouterr().err


def test_the_shipped_stages_are_judged_over_a_folder_of_other_people(
    reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two people of the reference data stand in; the path is the product's: CSV files, reader, extractors, network."""
    cropped = reference / "sleep_accel" / "cropped"
    (tmp_path / "sleep_accel" / "cropped").mkdir(parents=True)
    people = sorted(path.name.removesuffix("_cleaned_psg.out") for path in cropped.glob("*_cleaned_psg.out"))[:2]
    for person in people:
        for path in cropped.glob(f"{person}_*"):
            (tmp_path / "sleep_accel" / "cropped" / path.name).symlink_to(path)
    assert main(["evaluate", "--heldout", str(tmp_path), "--only", "sleep_stages", "--out", "-"]) == DONE
    rows = json.loads(capsys.readouterr().out)["scores"]["sleep_stages"]
    assert {row["n_people"] for row in rows} == {2}
    assert {row["protocol"] for row in rows} == {"people never seen, 2"}
    full = next(row for row in rows if row["figure"] == "kappa" and row["task"].startswith("wake / NREM / REM, heart rate and"))
    assert full["value"] > 0.5


def test_a_folder_without_a_models_recordings_has_no_rows_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--heldout", str(tmp_path), "--out", "-"]) == DONE
    assert json.loads(capsys.readouterr().out)["scores"] == {}


def test_a_judge_without_recordings_says_so_and_leaves_the_stored_figures_alone(tmp_path: Path) -> None:
    kept = (MODELS / "rules" / "scores.json").read_bytes()
    command = [sys.executable, str(MODELS / "rules" / "evaluate.py"), "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr
    assert (MODELS / "rules" / "scores.json").read_bytes() == kept


def test_each_judge_says_how_it_is_called() -> None:
    for judge in MODELS.glob("*/evaluate.py"):
        text = judge.read_text(encoding="utf-8")
        assert f"python models/{judge.parent.name}/evaluate.py" in text
        assert "--heldout" in text
