"""The sleep-stage model's folder: its card, its figures, the nights it is trained on and the ways it is scored."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.sleep_stages import data, scores
from models.sleep_stages.data import CLASSES, IGNORED, Night, augmented, binned, pool_of, read_night, read_nights
from models.sleep_stages.ruler import ruler_inputs
from somnia_engine.extractors import extract_all
from somnia_engine.fusion import fuse_columns
from somnia_engine.resources import MODELS, load_model
from somnia_engine.staging.inputs import CHANNELS
from somnia_engine.text import Text
from somnia_engine.types.features import NightInput, Placed
from somnia_engine.types.recording import Recording, Source
from somnia_engine.types.signals import Series

FOLDER = MODELS / "sleep_stages"
ALLOWED_BELOW_RULER = 0.02


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    return load_model("sleep_stages").card


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    return json.loads((FOLDER / "scores.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def nights(reference: Path) -> tuple[Night, ...]:
    return read_nights(reference)


def test_the_card_says_what_it_was_trained_on_and_under_which_licence(card: dict[str, Any]) -> None:
    assert card["data"]["people"] == 24
    assert card["data"]["license"] == "ODC-By 1.0"
    assert "10.1093/sleep/zsz180" in card["data"]["citation"]
    assert card["data"]["doi"] == "10.13026/hmhs-py35"
    assert any("apnea" in limit for limit in card["limits"])


def test_the_card_names_the_classes_in_the_order_of_the_output(card: dict[str, Any]) -> None:
    assert card["classes"] == list(CLASSES) == ["W", "L", "N3", "R"]


def test_the_weights_are_a_few_hundred_kilobytes_of_data() -> None:
    weights = (FOLDER / "sleep_stages.tflite").read_bytes()
    assert weights[4:8] == b"TFL3"
    assert len(weights) < 1_000_000


def test_the_figures_of_the_card_are_those_of_the_evaluation(card: dict[str, Any], stored: dict[str, Any]) -> None:
    assert card["scores"]["protocol"] == stored["protocol"]
    for kind, by_classes in stored["figures"].items():
        for classes, by_scorer in by_classes.items():
            assert card["scores"][kind][f"classes_{classes}"] == by_scorer


def test_the_figures_are_by_person_and_of_the_median_seed(stored: dict[str, Any]) -> None:
    assert stored["protocol"].startswith("6 folds grouped by person, 24 people, median of three seeds")
    for by_classes in stored["figures"].values():
        for by_scorer in by_classes.values():
            assert by_scorer["lstm"]["kappa"] == sorted(by_scorer["lstm"]["kappa_seeds"])[1]


@pytest.mark.parametrize("classes", ["3", "4"])
def test_the_lstm_is_clearly_above_gradient_boosting_on_the_same_inputs(stored: dict[str, Any], classes: str) -> None:
    found = stored["figures"]["full"][classes]["lstm_less_ruler"]
    assert found["kappa"] >= 0.08
    assert found["kappa_95"][0] > 0.0


def test_the_probabilities_come_true_as_often_as_they_say(stored: dict[str, Any]) -> None:
    for kind, classes in (("full", "4"), ("heart", "4"), ("motion", "2")):
        assert stored["figures"][kind][classes]["lstm"]["calibration_error"] <= 0.05


@pytest.mark.parametrize("classes", ["2", "3", "4"])
def test_the_lstm_is_not_below_gradient_boosting_in_the_same_folds(stored: dict[str, Any], classes: str) -> None:
    figures = stored["figures"]["full"][classes]
    assert figures["lstm"]["kappa"] >= figures["ruler"]["kappa"] - ALLOWED_BELOW_RULER


def test_every_figure_has_an_interval_that_holds_it(stored: dict[str, Any]) -> None:
    for by_classes in stored["figures"].values():
        for by_scorer in by_classes.values():
            for scorer in ("lstm", "ruler"):
                for name in ("kappa", "accuracy", "macro_f1"):
                    low, high = by_scorer[scorer][f"{name}_95"]
                    assert low <= by_scorer[scorer][name] <= high


def test_movement_alone_is_scored_on_sleep_and_wake_only(stored: dict[str, Any]) -> None:
    assert list(stored["figures"]["motion"]) == ["2"]


def test_the_24_usable_people_are_read(nights: tuple[Night, ...]) -> None:
    assert len(nights) == 24
    assert not {night.person for night in nights} & set(data.EXCLUDED)
    for night in nights:
        assert set(np.unique(night.labels)) <= {IGNORED, 0, 1, 2, 3}
        assert np.isfinite(night.columns["hr_bpm"]).mean() > 0.9


def test_the_person_without_rem_sleep_has_none(nights: tuple[Night, ...]) -> None:
    without = [night.person for night in nights if not (night.labels == CLASSES.index("R")).any()]
    assert without == ["5132496"]


def test_stage_4_of_the_older_rules_is_deep_sleep() -> None:
    assert data.CLASS_OF_SCORE[4] == data.CLASS_OF_SCORE[3] == CLASSES.index("N3")
    assert data.CLASS_OF_SCORE[1] == data.CLASS_OF_SCORE[2] == CLASSES.index("L")
    assert -1 not in data.CLASS_OF_SCORE


def test_bins_take_the_mean_of_any_and_the_spread_of_two_samples() -> None:
    mean, spread = binned(np.array([0.0, 29.9, 30.0, 95.0, -1.0, 500.0]), np.array([50.0, 54.0, 60.0, 70.0, 1.0, 1.0]), 4)
    np.testing.assert_allclose(mean, [52.0, 60.0, np.nan, 70.0])
    np.testing.assert_allclose(spread, [2.0, np.nan, np.nan, np.nan])


@pytest.mark.parametrize("person", ["1360686", "2598705"])
def test_the_engine_extracts_the_columns_that_the_model_was_trained_on(reference: Path, person: str) -> None:
    cropped = reference / "sleep_accel" / "cropped"
    night = read_night(cropped, person)
    heart = np.loadtxt(cropped / f"{person}_cleaned_hr.out")
    counts = np.loadtxt(cropped / f"{person}_cleaned_counts.out", delimiter=",")
    series = tuple(
        Series(channel, table[:, 0], table[:, 1].astype(np.float32), unit)
        for channel, table, unit in (("hr_bpm", heart, "/min"), ("activity_count", counts, ""))
    )
    recording = Recording(None, None, Text("unknown"), night.n_epochs * 30.0, Source("test", "watch"), series=series)
    placed = NightInput(None, None, night.n_epochs, (Placed(recording, 0.0),))
    features = fuse_columns(placed, extract_all(placed))
    for name, column in night.columns.items():
        np.testing.assert_allclose(features[name], column, atol=2e-3, err_msg=name)


def test_variants_are_the_same_for_the_same_seed_and_differ_otherwise(nights: tuple[Night, ...]) -> None:
    first, again, other = (pool_of(nights[:1], variants=2, seed=seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[1].inputs, again[1].inputs)
    assert not np.array_equal(first[0].inputs[:600], other[0].inputs[:600])


def test_a_variant_is_finite_and_keeps_labels_beside_inputs(nights: tuple[Night, ...]) -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        variant = augmented(nights[0], rng)
        assert variant.inputs.shape == (len(variant.labels), len(CHANNELS))
        assert np.isfinite(variant.inputs).all()
        joined = ",".join(map(str, nights[0].labels))
        assert ",".join(map(str, variant.labels)) in joined


def test_a_variant_leaves_the_recorded_night_alone(nights: tuple[Night, ...]) -> None:
    before = {name: column.copy() for name, column in nights[1].columns.items()}
    pool_of(nights[1:2], variants=5, seed=3)
    for name, column in before.items():
        np.testing.assert_array_equal(nights[1].columns[name], column)


def test_the_ruler_sees_the_same_inputs_and_their_neighborhood(nights: tuple[Night, ...]) -> None:
    inputs = ruler_inputs(nights[0], "full")
    assert inputs.shape[0] == nights[0].n_epochs
    assert inputs.shape[1] > 3 * len(CHANNELS)
    assert np.isfinite(inputs).all()


def two_scorings(classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(classes)
    truth = rng.integers(0, classes, 500)
    return truth, np.where(rng.random(500) < 0.6, truth, rng.integers(0, classes, 500))


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_agreement_equals_scikit_learns(classes: int) -> None:
    from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

    truth, answer = two_scorings(classes)
    table = scores.confusion(truth, answer, classes=classes)
    assert scores.kappa(table) == pytest.approx(cohen_kappa_score(truth, answer))
    assert scores.accuracy(table) == pytest.approx(accuracy_score(truth, answer))
    assert scores.macro_f1(table) == pytest.approx(f1_score(truth, answer, average="macro"))


def test_unscored_epochs_are_left_out_of_the_agreement() -> None:
    truth, answer = two_scorings(3)
    holes = truth.copy()
    holes[::5] = IGNORED
    kept = holes >= 0
    np.testing.assert_array_equal(scores.confusion(holes, answer, classes=3), scores.confusion(truth[kept], answer[kept], classes=3))


def test_a_scorer_has_no_difference_from_itself() -> None:
    tables = np.stack([scores.confusion(*two_scorings(k), classes=4) for k in (2, 3, 4)])
    assert scores.difference(tables, tables) == {"kappa": 0.0, "kappa_95": [0.0, 0.0]}


def test_probabilities_that_come_true_have_no_calibration_error() -> None:
    rng = np.random.default_rng(1)
    wake = rng.random(200_000)
    truth = (rng.random(200_000) > wake).astype(np.int64)
    assert scores.calibration_error(np.stack([wake, 1 - wake], axis=1), truth) < 0.01
    assert scores.calibration_error(np.stack([wake**4, 1 - wake**4], axis=1), truth) > 0.1


def test_the_packed_graph_equals_the_networks_it_was_packed_from() -> None:
    torch = pytest.importorskip("torch", reason="requirements-train.txt is not installed")
    from tflite_runtime.interpreter import Interpreter

    from models.sleep_stages.flatbuffer import pack_networks
    from models.sleep_stages.network import Recipe, StageNetwork, logits_of

    torch.manual_seed(0)
    networks = [StageNetwork(len(CHANNELS), Recipe()).eval() for _ in range(2)]
    interpreter = Interpreter(model_content=pack_networks(networks, epochs=50), num_threads=1)
    interpreter.allocate_tensors()
    inputs = np.random.default_rng(0).normal(size=(50, len(CHANNELS))).astype(np.float32)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], inputs[None, None])
    interpreter.reset_all_variables()
    interpreter.invoke()
    answer = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
    np.testing.assert_allclose(answer, np.mean([logits_of(network, inputs) for network in networks], axis=0), atol=1e-5)


def test_each_interval_holds_the_truth_of_nineteen_nights_of_24_and_has_a_width(stored: dict[str, Any]) -> None:
    for kind in data.MODES:
        for held in stored["certainty"]["figures"][kind]["intervals"].values():
            assert min(held["nights_held"]) >= 19
            assert min(held["mean_width"]) > 0.0


def test_no_judged_night_is_surer_with_fewer_sensors_and_the_certainty_still_comes_true(stored: dict[str, Any]) -> None:
    for kind in data.MODES:
        found = stored["certainty"]["figures"][kind]
        assert found["nights_surer_than_with_all_sensors"] == [0, 0, 0]
        assert max(found["sleep_wake_calibration_error"]) <= 0.05


def test_the_certainty_falls_with_disturbed_breathing_to_what_comes_true(stored: dict[str, Any]) -> None:
    sick = stored["certainty"]["figures"]["disturbed"]
    assert abs(sick["sleep_wake_confidence"] - sick["sleep_wake_accuracy"]) < 0.05
    assert sick["sleep_wake_confidence_before"] - sick["sleep_wake_accuracy"] > 0.15
    assert sick["rank_correlation_with_found_share"][1] < -0.9
    assert sick["rank_correlation_with_scored_share"][1] < 0.0


def test_the_card_has_what_was_fitted_with_the_scores(card: dict[str, Any], stored: dict[str, Any]) -> None:
    assert card["certainty"] == stored["certainty"]["card"]
