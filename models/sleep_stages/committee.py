"""A committee of networks, each blind to a part of the people, so that the committee is calibrated on people its members never saw."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.sleep_stages.data import MODES, Night, Variant
from models.sleep_stages.network import Recipe, StageNetwork, logits_of, train_network
from models.sleep_stages.scores import MERGES, confusion, kappa
from somnia_engine.staging.classifier import Calibration, calibrated, decided
from somnia_engine.staging.inputs import build_inputs

MEMBERS = 4
STEP = 0.1
FURTHEST = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Committee:
    """Trained members and the calibration of each kind of input."""

    members: tuple[StageNetwork, ...]
    calibrations: dict[str, Calibration]

    def logits(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mean logits of the members for one night."""
        return np.mean([logits_of(member, inputs) for member in self.members], axis=0)

    def answers(self, night: Night, mode: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return probabilities and decided classes of a night, as the engine decides them."""
        calibration = self.calibrations[mode]
        probabilities = calibrated(self.logits(build_inputs(night.features(mode))), calibration, classes=classes_of(mode))
        return probabilities, decided(probabilities, calibration)


def classes_of(mode: str) -> int:
    """Return how many classes a kind of input tells apart."""
    return 2 if mode == "motion" else 4


def train_committee(nights: tuple[Night, ...], pool: list[list[Variant]], recipe: Recipe, *, seed: int) -> Committee:
    """Train the members, each without every MEMBERS-th person, and calibrate on those whom each did not see."""
    members = []
    blind: dict[str, list[NDArray[np.float32]]] = {mode: [] for mode in MODES}
    truth: list[NDArray[np.int64]] = []
    for k in range(MEMBERS):
        unseen = [i for i in range(len(nights)) if i % MEMBERS == k]
        member = train_network([pool[i] for i in range(len(nights)) if i not in unseen], recipe, seed=seed + k)
        members.append(member)
        truth += [nights[i].labels for i in unseen]
        for mode in MODES:
            blind[mode] += [logits_of(member, build_inputs(nights[i].features(mode))) for i in unseen]
    labels = np.concatenate(truth)
    calibrations = {mode: fit_calibration(np.concatenate(blind[mode]), labels, classes=classes_of(mode)) for mode in MODES}
    return Committee(tuple(members), calibrations)


def fit_calibration(logits: NDArray[np.float32], labels: NDArray[np.int64], *, classes: int) -> Calibration:
    """Fit temperature and bias by likelihood, then the offsets of the decision by the sum of the kappas."""
    logits, labels = logits[labels >= 0], labels[labels >= 0]
    target = MERGES[classes][labels]

    def unlikelihood(values: NDArray[np.float64]) -> float:
        probabilities = calibrated(logits, _plain(values, classes), classes=classes)
        return -float(np.log(np.maximum(probabilities[np.arange(len(target)), target], 1e-9)).mean())

    best = minimize(unlikelihood, np.zeros(4 if classes == 4 else 2), method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-6})
    fitted = _plain(best.x, classes)
    return _decision(calibrated(logits, fitted, classes=classes), labels, fitted)


def _plain(values: NDArray[np.float64], classes: int) -> Calibration:
    bias = np.zeros(4)
    bias[[0, 2, 3] if classes == 4 else [0]] = values[1:]
    return Calibration(float(np.exp(values[0])), bias, np.zeros(classes))


def _decision(probabilities: NDArray[np.float32], labels: NDArray[np.int64], calibration: Calibration) -> Calibration:
    """Find the offsets by coordinate ascent; a smaller offset wins a tie."""
    classes = probabilities.shape[1]
    offsets, free = np.zeros(classes), [0, 2, 3] if classes == 4 else [0]
    grid = sorted(np.arange(-FURTHEST, FURTHEST + STEP / 2, STEP), key=abs)
    for _ in range(3):
        for k in free:
            trials = [_replaced(offsets, k, value) for value in grid]
            gains = [agreement(decided(probabilities, _with_decision(calibration, trial)), labels, classes=classes) for trial in trials]
            offsets = trials[int(np.argmax(gains))]
    return _with_decision(calibration, offsets)


def _replaced(offsets: NDArray[np.float64], k: int, value: float) -> NDArray[np.float64]:
    changed = offsets.copy()
    changed[k] = value
    return changed


def _with_decision(calibration: Calibration, decision: NDArray[np.float64]) -> Calibration:
    return Calibration(calibration.temperature, calibration.bias, decision)


def agreement(answer: NDArray[np.int64], labels: NDArray[np.int64], *, classes: int) -> float:
    """Return the sum of the kappas of 2, 3 and 4 classes (of 2 only, where only sleep and wake are told apart)."""
    if classes == 2:
        return float(kappa(confusion(MERGES[2][labels], answer, classes=2)))
    return float(sum(kappa(confusion(merge[labels], merge[answer], classes=k)) for k, merge in MERGES.items()))
