"""The classifier: the packed graph against a plain implementation, its state, its card and its decision."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from somnia_engine import resources
from somnia_engine.errors import ModelError
from somnia_engine.resources import load_model
from somnia_engine.staging.classifier import NAME, WEIGHTS, Calibration, StageClassifier, calibrated, decided, load_classifier
from somnia_engine.staging.inputs import CHANNELS, build_inputs
from tests.engine.staging.nights import composed


@pytest.fixture(scope="module")
def classifier() -> StageClassifier:
    return StageClassifier(load_model(NAME))


def constants() -> dict[str, np.ndarray]:
    """Read the weights out of the packed graph."""
    from tflite_runtime.interpreter import Interpreter

    interpreter = Interpreter(model_content=load_model(NAME).weights[WEIGHTS], num_threads=1)
    marks = ("/kernel", "/offset", "/head", "/x_", "/h_", "/b_")
    wanted = [detail for detail in interpreter.get_tensor_details() if any(mark in detail["name"] for mark in marks)]
    return {detail["name"]: interpreter.get_tensor(detail["index"]) for detail in wanted}


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-values))


def plain_lstm(inputs: np.ndarray, weights: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Hochreiter and Schmidhuber's cell with a forget gate, as the equations stand (doi 10.1162/089976600300015015)."""
    w, u, b = ([weights[f"{name}/{kind}_{gate}"].astype(np.float64) for gate in range(4)] for kind in "xhb")
    output, cell, answers = np.zeros(len(b[0])), np.zeros(len(b[0])), []
    for row in inputs:
        into, forget, fresh, out = (w[k] @ row + u[k] @ output + b[k] for k in range(4))
        cell = sigmoid(forget) * cell + sigmoid(into) * np.tanh(fresh)
        output = sigmoid(out) * np.tanh(cell)
        answers.append(output)
    return np.array(answers)


def plain_network(inputs: np.ndarray) -> np.ndarray:
    weights = constants()
    members = sorted({name.split("/")[0] for name in weights})
    total = np.zeros((len(inputs), 4))
    for member in members:
        kernel = weights[f"{member}/kernel"][:, 0].astype(np.float64)
        half = kernel.shape[1] // 2
        padded = np.pad(inputs.astype(np.float64), ((half, half), (0, 0)))
        windows = np.stack([padded[i : i + kernel.shape[1]] for i in range(len(inputs))])
        hidden = np.maximum(np.einsum("nwc,fwc->nf", windows, kernel) + weights[f"{member}/offset"], 0.0)
        backward = plain_lstm(hidden[::-1], weights, f"{member}/backward")[::-1]
        joined = np.concatenate([plain_lstm(hidden, weights, f"{member}/forward"), backward, hidden], axis=1)
        total += joined @ weights[f"{member}/head"].T + weights[f"{member}/head_bias"]
    return total


@pytest.mark.parametrize("n", [1, 5, 300])
def test_the_packed_graph_equals_a_plain_lstm(classifier: StageClassifier, n: int) -> None:
    inputs = build_inputs(composed(n))
    np.testing.assert_allclose(classifier.logits(inputs), plain_network(inputs), atol=1e-4)


def test_a_night_does_not_begin_where_the_last_one_ended(classifier: StageClassifier) -> None:
    first, other = build_inputs(composed(700, seed=1)), build_inputs(composed(700, seed=2))
    before = classifier.logits(first)
    classifier.logits(other)
    np.testing.assert_array_equal(classifier.logits(first), before)


def test_nights_of_any_length_follow_each_other(classifier: StageClassifier) -> None:
    lengths = (960, 1, 20, 1500, 960)
    answers = [classifier.logits(build_inputs(composed(n))) for n in lengths]
    assert [len(answer) for answer in answers] == list(lengths)
    np.testing.assert_array_equal(answers[0], answers[-1])


def test_threads_get_the_answer_of_their_own_night(classifier: StageClassifier) -> None:
    nights = [build_inputs(composed(n, seed=n)) for n in (300, 200, 400, 250, 300, 350)]
    alone = [classifier.logits(inputs) for inputs in nights]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(classifier.logits, nights * 3))
    for answer, expected in zip(together, alone * 3, strict=True):
        np.testing.assert_array_equal(answer, expected)


def test_the_answer_does_not_share_memory_with_the_model(classifier: StageClassifier) -> None:
    answer = classifier.logits(build_inputs(composed(100)))
    kept = answer.copy()
    classifier.logits(build_inputs(composed(100, seed=9)))
    np.testing.assert_array_equal(answer, kept)


def test_the_card_names_the_inputs_in_the_order_of_the_matrix() -> None:
    channels = [(channel["name"], channel["unit"]) for channel in load_model(NAME).card["inputs"]]
    assert channels == list(CHANNELS)


def test_a_card_with_other_inputs_is_refused() -> None:
    model = load_model(NAME)
    other = replace(model, card={**model.card, "inputs": model.card["inputs"][::-1]})
    with pytest.raises(ModelError, match="other inputs"):
        StageClassifier(other)


def test_weights_that_differ_from_the_card_are_refused(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / NAME
    folder.mkdir()
    (folder / "card.toml").write_bytes((resources.MODELS / NAME / "card.toml").read_bytes())
    weights = bytearray((resources.MODELS / NAME / WEIGHTS).read_bytes())
    weights[-1] ^= 1
    (folder / WEIGHTS).write_bytes(weights)
    monkeypatch.setattr(resources, "MODELS", tmp_path)
    load_model.cache_clear()
    load_classifier.cache_clear()
    try:
        with pytest.raises(ModelError, match=WEIGHTS):
            load_classifier()
    finally:
        load_model.cache_clear()
        load_classifier.cache_clear()


def test_the_classifier_is_loaded_once() -> None:
    assert load_classifier() is load_classifier()


PLAIN = Calibration(1.0, np.zeros(4), np.zeros(4))
LOGITS = np.array([[2.0, 1.0, 0.0, -1.0], [0.0, 0.0, 0.0, 0.0]], dtype=np.float32)


def test_plain_calibration_is_the_softmax() -> None:
    probabilities = calibrated(LOGITS, PLAIN, classes=4)
    np.testing.assert_allclose(probabilities[0], np.exp(LOGITS[0]) / np.exp(LOGITS[0]).sum(), rtol=1e-6)
    np.testing.assert_allclose(probabilities[1], 0.25)


def test_two_classes_are_wake_and_the_sum_of_sleep() -> None:
    four, two = (calibrated(LOGITS, PLAIN, classes=k) for k in (4, 2))
    np.testing.assert_allclose(two, np.stack([four[:, 0], four[:, 1:].sum(axis=1)], axis=1), rtol=1e-6)


def test_a_higher_temperature_is_less_sure() -> None:
    sure, unsure = (calibrated(LOGITS, replace(PLAIN, temperature=t), classes=4)[0].max() for t in (1.0, 3.0))
    assert unsure < sure


def test_huge_logits_stay_finite_and_sum_to_one() -> None:
    probabilities = calibrated(np.array([[1e4, -1e4, 0.0, 1e4]], dtype=np.float32), PLAIN, classes=4)
    assert probabilities.sum() == pytest.approx(1.0)
    assert decided(probabilities, PLAIN).tolist() == [0]


def test_the_offset_of_the_decision_lowers_a_threshold_and_leaves_probabilities_alone() -> None:
    probabilities = np.array([[0.3, 0.7]], dtype=np.float32)
    plain, eager = (Calibration(1.0, np.zeros(4), np.array([w, 0.0])) for w in (0.0, 1.0))
    assert decided(probabilities, plain).tolist() == [1]
    assert decided(probabilities, eager).tolist() == [0]
