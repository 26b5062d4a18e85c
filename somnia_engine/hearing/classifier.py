"""The sound classifier: mel bands of one second to the probability of each class, at any gain."""

from functools import cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.spectra import N_MELS, PATCH_FRAMES
from somnia_engine.resources import Model, load_model

NAME = "sound"
WEIGHTS = "sound.tflite"
SECONDS_AT_ONCE = 8
"""Fixed, so that a second's answer does not depend on how many others are asked with it; small, as most of a night is not asked about."""
FLOOR_SHARE = 0.01
"""Bands more than 40 dB below the mean of their second are silence to the network."""
CENTRE = 0.09
"""The log of the mean band of a window at the level that the teacher knows, so that its first layers know ours."""

Bands = NDArray[np.float32]


def relative_log(bands: Bands) -> Bands:
    """Return the log of mel bands relative to their own second's mean, shape as given: the same at any gain.

    Parameters
    ----------
    bands : ndarray, shape (n, PATCH_FRAMES, N_MELS), float32
        Magnitudes of the mel bands.
    """
    level = bands.mean(axis=(1, 2), keepdims=True)
    return np.asarray(np.log(bands / (level + np.float32(1e-9)) + np.float32(FLOOR_SHARE)) + np.float32(CENTRE), dtype=np.float32)


class SoundClassifier:
    """One loaded model; may be called from several threads, one after the other."""

    def __init__(self, model: Model) -> None:
        from tflite_runtime.interpreter import Interpreter

        self.version = str(model.card["version"])
        self.classes = tuple(str(name) for name in model.card["classes"])
        self.thresholds = {str(name): float(value) for name, value in model.card["thresholds"].items()}
        self._interpreter = Interpreter(model_content=model.weights[WEIGHTS], num_threads=1)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._interpreter.resize_tensor_input(self._input, (SECONDS_AT_ONCE, PATCH_FRAMES, N_MELS, 1))
        self._interpreter.allocate_tensors()
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._lock = Lock()

    def __call__(self, bands: Bands) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the probabilities of the classes, shape (n, k), and of noise that hides a sleeper, shape (n,).

        Parameters
        ----------
        bands : ndarray, shape (n, PATCH_FRAMES, N_MELS), float32
            Magnitudes of the mel bands of n seconds.
        """
        answers = np.empty((len(bands), len(self.classes) + 1), dtype=np.float32)
        asked = np.zeros((SECONDS_AT_ONCE, PATCH_FRAMES, N_MELS, 1), dtype=np.float32)
        with self._lock:
            for at in range(0, len(bands), SECONDS_AT_ONCE):
                part = relative_log(bands[at : at + SECONDS_AT_ONCE])
                asked[: len(part), :, :, 0] = part
                self._interpreter.set_tensor(self._input, asked)
                self._interpreter.invoke()
                answers[at : at + len(part)] = self._interpreter.get_tensor(self._output)[: len(part)]
        shares = 1.0 / (1.0 + np.exp(-answers))
        return shares[:, :-1], shares[:, -1]


@cache
def load_sound_classifier() -> SoundClassifier:
    """Return the shipped classifier, loaded at the first call. Raises ModelError when it is not the one its card describes."""
    return SoundClassifier(load_model(NAME))
