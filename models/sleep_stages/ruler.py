"""The ruler: untuned gradient boosting on the same inputs with their neighborhood, one classifier a number of classes."""

import numpy as np
from numpy.typing import NDArray

from models.sleep_stages.data import MODES, Night
from models.sleep_stages.scores import MERGES
from somnia_engine.staging.inputs import CHANNELS, build_inputs

WINDOWS = (5, 21)
LAGS = (-10, -4, -2, -1, 1, 2, 4, 10)
LAGGED = ("hr_level", "hr_dog_2_min", "hr_dog_10_min", "hr_spread_2_min", "activity", "activity_2_min")


def ruler_inputs(night: Night, mode: str) -> NDArray[np.float32]:
    """Return the engine's inputs, their running means, and lagged copies of the fast ones, a row an epoch."""
    inputs = build_inputs(night.features(mode))
    names = [name for name, _ in CHANNELS]
    fast = inputs[:, [names.index(name) for name in LAGGED]]
    index = np.arange(len(inputs))
    means = [_running_mean(inputs, window) for window in WINDOWS]
    lagged = [fast[np.clip(index + lag, 0, len(inputs) - 1)] for lag in LAGS]
    return np.concatenate([inputs, *means, *lagged], axis=1)


def _running_mean(inputs: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    padded = np.pad(inputs, ((window // 2, window // 2), (0, 0)), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, window, axis=0).mean(axis=-1, dtype=np.float32)


def ruler_answers(train: list[Night], test: list[Night]) -> dict[str, dict[int, list[NDArray[np.int64]]]]:
    """Train on some nights and return the answers for others: by kind of input and number of classes, one array a night."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    labels = np.concatenate([night.labels for night in train])
    answers: dict[str, dict[int, list[NDArray[np.int64]]]] = {}
    for mode in MODES:
        inputs = np.concatenate([ruler_inputs(night, mode) for night in train])[labels >= 0]
        answers[mode] = {}
        for classes in (2,) if mode == "motion" else MERGES:
            ruler = HistGradientBoostingClassifier(random_state=0).fit(inputs, MERGES[classes][labels[labels >= 0]])
            answers[mode][classes] = [ruler.predict(ruler_inputs(night, mode)) for night in test]
    return answers
