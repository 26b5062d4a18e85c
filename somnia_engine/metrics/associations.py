"""What goes with bad nights: tags and the room against a night's numbers; silent where there are too few nights, and never a cause."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from somnia_engine.resources import load_table


@dataclass(frozen=True, slots=True)
class Association:
    """One comparison that had enough nights.

    Parameters
    ----------
    cause, outcome : str
        The tag or the room's number, and the night's number.
    kind : str
        "tag": `effect` is the difference of the means with and without, in the outcome's unit; "room": Spearman's rank correlation.
    effect, low, high : float
        With the ends of its interval (`confidence` of the table).
    size : float
        The effect without a unit: Hedges' g for a tag, the correlation itself for the room.
    n_with, n_without : int
        Nights with and without the tag; for the room all nights and 0.
    p : float
        Of a permutation test, after Holm's correction over all comparisons.
    sure : bool
        Whether it holds at the family's level.
    """

    cause: str
    outcome: str
    kind: str
    effect: float
    low: float
    high: float
    size: float
    n_with: int
    n_without: int
    p: float
    sure: bool = False


def associations(
    outcomes: Mapping[str, NDArray[np.float64]], *, tags: Sequence[frozenset[str]], rooms: Mapping[str, NDArray[np.float64]]
) -> tuple[Association, ...]:
    """Return every comparison that has enough nights, the surest first.

    Parameters
    ----------
    outcomes, rooms : mapping of str to ndarray, shape (n,)
        One number a night; NaN = not measured.
    tags : sequence of frozenset of str, length n
        The tags of each night. When no night of a person has any, nothing is compared.

    Returns
    -------
    tuple of Association
        Empty below the least number of nights; p corrected by Holm over all of them.
    """
    table = load_table("associations")
    rng = np.random.default_rng(table["seed"])
    names = sorted(frozenset().union(*tags)) if tags else []
    found = [
        one
        for outcome, values in outcomes.items()
        for tag in names
        if (one := _of_tag(np.array([tag in night for night in tags]), values, names=(tag, outcome), table=table, rng=rng)) is not None
    ]
    found += [
        one
        for outcome, values in outcomes.items()
        for room, measured in rooms.items()
        if (one := _of_room(measured, values, names=(room, outcome), table=table, rng=rng)) is not None
    ]
    return _corrected(found, table["alpha"])


def holm(p: Sequence[float]) -> list[float]:
    """Return p values corrected by Holm's step-down rule (Holm 1979, Scandinavian Journal of Statistics 6:65-70)."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    corrected, most = [0.0] * len(p), 0.0
    for rank, at in enumerate(order):
        most = max(most, min(1.0, (len(p) - rank) * p[at]))
        corrected[at] = most
    return corrected


def _corrected(found: Sequence[Association], alpha: float) -> tuple[Association, ...]:
    p = holm([one.p for one in found])
    said = [replace(one, p=value, sure=value <= alpha) for one, value in zip(found, p, strict=True)]
    return tuple(sorted(said, key=lambda one: (one.p, -abs(one.size))))


def _of_tag(
    tagged: NDArray[np.bool_], values: NDArray[np.float64], *, names: tuple[str, str], table: Mapping[str, Any], rng: np.random.Generator
) -> Association | None:
    known = np.isfinite(values)
    a, b = values[known & tagged], values[known & ~tagged]
    if min(len(a), len(b)) < table["least_with"]:
        return None
    effect = float(a.mean() - b.mean())
    whole = np.concatenate([a, b])
    shuffled = rng.permuted(np.tile(whole, (table["permutations"], 1)), axis=1)
    chance = shuffled[:, : len(a)].mean(axis=1) - shuffled[:, len(a) :].mean(axis=1)
    draws = [part[rng.integers(0, len(part), (table["resamples"], len(part)))].mean(axis=1) for part in (a, b)]
    low, high = _ends(draws[0] - draws[1], table["confidence"])
    return Association(*names, "tag", effect, low, high, _hedges(a, b), len(a), len(b), _p(chance, effect))


def _of_room(
    room: NDArray[np.float64], values: NDArray[np.float64], *, names: tuple[str, str], table: Mapping[str, Any], rng: np.random.Generator
) -> Association | None:
    known = np.isfinite(values) & np.isfinite(room)
    n = int(np.count_nonzero(known))
    if n < table["least_pairs"] or np.ptp(room[known]) == 0 or np.ptp(values[known]) == 0:
        return None
    a, b = _standard_ranks(room[known]), _standard_ranks(values[known])
    rho = float(np.mean(a * b))
    chance = rng.permuted(np.tile(a, (table["permutations"], 1)), axis=1) @ b / n
    half = _normal_quantile(table["confidence"]) * math.sqrt((1.0 + rho**2 / 2.0) / (n - 3))
    middle = math.atanh(max(-0.999999, min(0.999999, rho)))
    return Association(*names, "room", rho, math.tanh(middle - half), math.tanh(middle + half), rho, n, 0, _p(chance, rho))


def _hedges(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the difference of two means in pooled standard deviations, for small samples (Hedges 1981, doi 10.3102/10769986006002107)."""
    free = len(a) + len(b) - 2
    pooled = math.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / free)
    return float((a.mean() - b.mean()) / pooled * (1.0 - 3.0 / (4.0 * free - 1.0))) if pooled > 0 else float("nan")


def _standard_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return mid-ranks with mean 0 and standard deviation 1."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2.0)[place]
    return np.asarray((ranks - ranks.mean()) / ranks.std())


def _p(chance: NDArray[np.float64], effect: float) -> float:
    return float((1 + np.count_nonzero(np.abs(chance) >= abs(effect) - 1e-12)) / (1 + len(chance)))


def _ends(drawn: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    low, high = np.percentile(drawn, [50.0 * (1.0 - confidence), 50.0 * (1.0 + confidence)])
    return float(low), float(high)


def _normal_quantile(confidence: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(0.5 + confidence / 2.0)
