"""`somnia_engine listen`: many files, short ones, bad ones among them."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from somnia_engine.cli import BAD_INPUT, DONE, main
from somnia_engine.hearing import hear_file


def clip(path: Path, seconds: float, *, fs: int = 16000) -> Path:
    rng = np.random.default_rng(len(path.name))
    soundfile.write(path, 0.1 * rng.normal(size=round(seconds * fs)), fs)
    return path


def listened(out: Path, *files: Path) -> tuple[int, dict]:
    code = main(["listen", *map(str, files), "--out", str(out)])
    return code, json.loads(out.read_text(encoding="utf-8"))


def test_each_second_of_each_file_has_a_probability_of_each_class(tmp_path: Path) -> None:
    files = [clip(tmp_path / "one.wav", 1.0), clip(tmp_path / "three.flac", 3.0), clip(tmp_path / "half.wav", 0.5, fs=44100)]
    code, document = listened(tmp_path / "out.json", *files)
    assert code == DONE
    assert [entry["file"] for entry in document["files"]] == [str(file) for file in files]
    for entry, seconds in zip(document["files"], (1, 3, 1), strict=True):
        p = np.array(entry["p"])
        assert entry["onset_s"] == [float(second) for second in range(seconds)]
        assert p.shape == (seconds, len(entry["classes"]))
        assert p.min() >= 0.0
        assert p.max() <= 1.0
        assert len(entry["p_noisy"]) == seconds
        assert entry["window_s"] == 1.0
    assert {"snore", "breath", "cough", "speech", "infant_cry", "silence"} <= set(document["files"][0]["classes"])


def test_the_document_says_what_the_engine_heard(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.wav", 4.2)
    _, document = listened(tmp_path / "out.json", path)
    np.testing.assert_allclose(document["files"][0]["p"], hear_file(path).p, atol=6e-5)


def test_a_file_that_is_no_sound_is_named_and_the_others_are_heard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "notes.wav"
    bad.write_text("no sound at all")
    code, document = listened(tmp_path / "out.json", bad, clip(tmp_path / "good.wav", 2.0))
    assert code == BAD_INPUT
    assert "notes.wav" in document["files"][0]["error"]
    assert len(document["files"][1]["p"]) == 2
    assert "notes.wav" in capsys.readouterr().err


def test_snores_are_told_from_other_sounds_of_the_reference_clips(reference: Path, tmp_path: Path) -> None:
    import csv

    folder = reference / "audio" / "esc50_subset"
    with (folder / "meta.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["category"] in ("snoring", "rain", "clock_alarm", "vacuum_cleaner")]
    _, document = listened(tmp_path / "out.json", *(folder / row["file"] for row in rows))
    column = document["files"][0]["classes"].index("snore")
    highest = {row["file"]: max(second[column] for second in entry["p"]) for row, entry in zip(rows, document["files"], strict=True)}
    snoring = [highest[row["file"]] for row in rows if row["category"] == "snoring"]
    others = [highest[row["file"]] for row in rows if row["category"] != "snoring"]
    assert np.median(snoring) > 0.5
    assert np.mean(np.array(others) < min(snoring)) > 0.9
