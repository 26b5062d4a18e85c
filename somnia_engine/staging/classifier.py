"""The LSTM classifier of sleep stages: inputs of a night to calibrated probabilities and decided classes."""

from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from somnia_engine.errors import ModelError
from somnia_engine.resources import Model, load_model
from somnia_engine.staging.inputs import CHANNELS
from somnia_engine.text import Text

NAME = "sleep_stages"
WEIGHTS = "sleep_stages.tflite"

Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """How logits of one kind of input become probabilities and a decision.

    Parameters
    ----------
    temperature : float
        Logits are divided by it.
    bias : ndarray, shape (4,), float64
        Added to the logits: makes the probabilities agree with how often they come true.
    decision : ndarray, shape (k,), float64
        Added to the log probabilities of the k classes before the largest is taken: rare classes are decided at a lower threshold.
    """

    temperature: float
    bias: NDArray[np.float64]
    decision: NDArray[np.float64]

    @classmethod
    def of(cls, card: dict[str, Any]) -> "Calibration":
        """Read a `[calibration.<inputs>]` table of the card."""
        return cls(float(card["temperature"]), np.array(card["bias"], dtype=np.float64), np.array(card["decision"], dtype=np.float64))


class StageClassifier:
    """One loaded model; `logits` may be called from several threads, one after the other."""

    def __init__(self, model: Model) -> None:
        from tflite_runtime.interpreter import Interpreter

        names = [channel["name"] for channel in model.card["inputs"]]
        if names != [name for name, _ in CHANNELS]:
            raise ModelError(
                Text("The model {name} was trained on other inputs than this version computes; train it again.", {"name": model.name})
            )
        self.version = str(model.card["version"])
        self.calibrations = {kind: Calibration.of(table) for kind, table in model.card["calibration"].items()}
        self.certainty: dict[str, dict[str, Any]] = model.card["certainty"]
        self._interpreter = Interpreter(model_content=model.weights[WEIGHTS], num_threads=1)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._lock = Lock()
        self._epochs = 0

    def logits(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits of a night.

        Parameters
        ----------
        inputs : ndarray, shape (n, channels), float32
            From `build_inputs`; n >= 1.

        Returns
        -------
        ndarray, shape (n, 4), float32
            Of W, L, N3, R.
        """
        with self._lock:
            if len(inputs) != self._epochs:
                self._interpreter.resize_tensor_input(self._input, (1, 1, *inputs.shape))
                self._interpreter.allocate_tensors()
                self._epochs = len(inputs)
            # The fused LSTM keeps its state between calls: without this a night would begin where the last one ended.
            self._interpreter.reset_all_variables()
            self._interpreter.set_tensor(self._input, inputs[None, None])
            self._interpreter.invoke()
            return np.array(self._interpreter.get_tensor(self._output)[0])


@cache
def load_classifier() -> StageClassifier:
    """Return the shipped classifier, loaded at the first call. Raises ModelError when it is not the one its card describes."""
    return StageClassifier(load_model(NAME))


def calibrated(logits: NDArray[np.float32], calibration: Calibration, *, classes: int) -> Probabilities:
    """Return probabilities, shape (n, classes): of W, L, N3, R, or with two classes of W and S; each row sums to 1."""
    scores = logits.astype(np.float64) / calibration.temperature + calibration.bias
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    if classes == 2:
        odds = np.stack([odds[:, 0], odds[:, 1:].sum(axis=1)], axis=1)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), dtype=np.float32)


def decided(probabilities: Probabilities, calibration: Calibration) -> NDArray[np.intp]:
    """Return the decided class of each epoch, shape (n,), as column of `probabilities`."""
    return np.asarray(np.argmax(np.log(np.maximum(probabilities, 1e-9)) + calibration.decision, axis=1), dtype=np.intp)
