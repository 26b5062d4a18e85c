"""What is fitted to the share of a night that looks disturbed: events per hour, their interval, and how severe that would be."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.apnea.data import Night, read_nights
from models.apnea.evaluate import out_of_fold
from models.reference import reference_folder

LIMITS = (5.0, 15.0, 30.0)
GROUP_RANGES = {"C": (0.0, 5.0), "D": (30.0, 106.0), "ND": (26.0, 88.0)}
"""AHI of each group of HuGCDN2014-OXI, whose single values are not published (Martin-Gonzalez 2023)."""
COVERED = 0.9
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Nights:
    """Mean likelihood of each night, answered by trees that never saw its person, and the range that its AHI lies in.

    `beats` (n,) has every night from beats alone, `oxygen` those of HuGCDN (`~counted`) with both; where `counted`, `low` is `high`.
    """

    beats: Values
    oxygen: Values
    low: Values
    high: Values
    person: NDArray[np.str_]
    counted: NDArray[np.bool_]


def gather() -> Nights:
    """Return every reference night, judged out of fold."""
    nights = read_nights()
    hug, ecg = ([night for night in nights if night.set == name] for name in ("hugcdn", "apnea_ecg"))
    by_beats = out_of_fold(ecg, "beats", beside=hug) | out_of_fold(hug, "beats", beside=ecg)
    by_both = out_of_fold(hug, "both", beside=[])
    order = [*ecg, *hug]
    low, high = truth_of(order)
    return Nights(
        np.array([np.nanmean(by_beats[night.name]) for night in order]),
        np.array([np.nanmean(by_both[night.name]) for night in hug]),
        low,
        high,
        np.array([night.person for night in order]),
        np.arange(len(order)) < len(ecg),
    )


def left_out_index(nights: Nights) -> Values:
    """Return the events per hour of each Apnea-ECG night by a curve fitted on other persons."""
    share, ahi, person = nights.beats[nights.counted], nights.low[nights.counted], nights.person[nights.counted]
    return left_out(lambda keep, ask: curve(fit_curve(share[keep], ahi[keep]), share[ask]), person)


def truth_of(nights: list[Night], folder: Path | None = None) -> tuple[Values, Values]:
    """Return lowest and highest possible AHI of each night: the same where its value is known."""
    known: dict[str, tuple[float, float]] = {}
    for name, column in (("apnea_ecg", "AHI"), ("hugcdn2014_oxi", "group")):
        table = (folder or reference_folder()) / "apnea" / name / "records.csv"
        if not table.is_file():
            continue
        with table.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                known[row["record"]] = GROUP_RANGES[row[column]] if column == "group" else (float(row[column]), float(row[column]))
    pairs = np.array([known[night.name] for night in nights])
    return pairs[:, 0], pairs[:, 1]


def left_out(answer: Callable[[NDArray[np.bool_], NDArray[np.bool_]], Values], person: NDArray[np.str_]) -> Values:
    """Return the answers for each person, fitted on the others."""
    found: dict[int, Values] = {}
    for name in np.unique(person):
        ask = person == name
        found |= dict(zip(np.flatnonzero(ask).tolist(), answer(~ask, ask), strict=True))
    return np.array([found[i] for i in range(len(person))])


def curve(weights: Values, share: Values) -> Values:
    """Return events per hour; `weights` are scale, floor and power."""
    return np.asarray(weights[0] * np.clip(share - weights[1], 0.0, None) ** weights[2])


def fit_curve(share: Values, ahi: Values) -> Values:
    """Return the curve whose roots come nearest, far-off nights weighing less."""
    from scipy.optimize import least_squares

    def error(weights: Values) -> Values:
        return np.asarray(np.sqrt(np.maximum(curve(weights, share), 1e-4)) - np.sqrt(ahi))

    bounds = ([1.0, 0.0, 0.3], [300.0, 0.12, 2.0])
    return np.asarray(least_squares(error, [90.0, 0.05, 0.8], bounds=bounds, loss="soft_l1").x)


def half_width(index: Values, ahi: Values) -> float:
    """Return the conformal half width on roots: the error that nine nights of ten stay under."""
    errors = np.sort(np.abs(np.sqrt(ahi) - np.sqrt(index)))
    return float(errors[min(int(np.ceil(COVERED * (len(errors) + 1))), len(errors)) - 1])


def _logit(share: Values) -> Values:
    safe = np.clip(share, 1e-4, 1.0 - 1e-4)
    return np.asarray(np.log(safe / (1.0 - safe)))


def odds(weights: Values, share: Values) -> Values:
    """Return the probabilities of at least each of LIMITS, shape (n, 3)."""
    return np.asarray(1.0 / (1.0 + np.exp(weights[1:] - weights[0] * _logit(share)[:, None])))


def fit_odds(share: Values, low: Values, high: Values) -> Values:
    """Return slope and limits; a night counts for those limits that its range of AHI does not straddle."""
    from scipy.optimize import minimize

    def loss(weights: Values) -> float:
        total = 0.05 * weights[0] ** 2
        for place, limit in enumerate(LIMITS):
            known = (low >= limit) | (high <= limit)
            score = weights[0] * _logit(share[known]) - weights[1 + place]
            total += np.logaddexp(0.0, np.where(low[known] >= limit, -score, score)).sum()
        return float(total)

    return np.asarray(minimize(loss, [2.0, -4.0, -3.0, -2.0], method="L-BFGS-B").x)
