"""Six folds grouped by person, three fixed seeds: the LSTM committee against gradient boosting on the same inputs in the same folds.

    python models/sleep_stages/evaluate.py [--data DIR] [--heldout DIR] [--out JSON]

writes `scores.json` and the card's scores; half an hour on one core.
Everything that is fitted (networks, calibration, thresholds) is fitted on the people who are not left out. Each figure is that of the
seed with the median kappa; `kappa_seeds` has all three. `--heldout` judges the shipped model on people never seen.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.product import analysed
from models.sleep_stages.certainty import Told, certainty_of, intervals_held
from models.sleep_stages.data import FOLDER, MODES, SEED, VARIANTS, Night, pool_of, read_nights
from models.sleep_stages.disturbed import disturbed_of
from models.sleep_stages.ruler import ruler_answers
from models.sleep_stages.scores import (
    MERGES,
    SCORES,
    calibration_error,
    certainty_rows,
    confusion,
    difference,
    held_rows,
    rows_of,
    summary,
    with_scores,
)
from somnia_engine.types.night import NightAnalysis

Answers = dict[str, dict[int, NDArray[np.int64]]]
Figures = dict[str, dict[str, dict[str, dict[str, Any]]]]
FOLDS = 6
SEEDS = (1, 2, 3)
PROTOCOL = "6 folds grouped by person, {people} people, median of three seeds, pooled epochs, 95 % bootstrap intervals over people"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One left-out person: both scorers' classes by kind of input and number of classes, and the LSTM's probabilities."""

    ours: Answers
    ruler: Answers
    probabilities: dict[str, NDArray[np.float32]]


def main() -> None:
    """Run the folds and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="reference recordings (default: SOMNIA_REFERENCE_DATA)")
    parser.add_argument("--heldout", type=Path, help="recordings of people never seen, in the same layout: judges the shipped model")
    parser.add_argument("--out", type=Path, help="JSON to write instead of scores.json and the card")
    arguments = parser.parse_args()
    if arguments.data:
        os.environ["SOMNIA_REFERENCE_DATA"] = str(arguments.data)
    if arguments.heldout:
        result = shipped(read_nights(arguments.heldout))
    else:
        nights = read_nights()
        result = result_of(nights, cross_validated(nights))
    print(table(result["figures"]))
    if arguments.out or not arguments.heldout:
        (arguments.out or SCORES).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if not arguments.out and not arguments.heldout:
        written = FOLDER / "card.toml"
        written.write_text(with_scores(written.read_text(encoding="utf-8"), result), encoding="utf-8")


def result_of(nights: tuple[Night, ...], seeds: list[list[Judged]]) -> dict[str, Any]:
    """Return what `scores.json` holds, from everybody judged by each seed."""
    protocol = PROTOCOL.format(people=len(nights))
    figures = median_of([figures_of(nights, judged) for judged in seeds])
    card, held = certainty_of(nights, [[_told(one) for one in judged] for judged in seeds])
    card["disturbed"], held["disturbed"] = disturbed_of(card["heart"]["sleep_wake"])
    rows = _rows(figures, protocol, nights, coverage=dict.fromkeys(MODES, 1.0)) + certainty_rows(held, people=len(nights))
    return {
        "model": "sleep_stages",
        "protocol": protocol,
        "figures": figures,
        "certainty": {"card": card, "figures": held},
        "rows": rows,
    }


def _told(one: Judged) -> Told:
    return Told(one.probabilities, {mode: by_classes[max(by_classes)] for mode, by_classes in one.ours.items()})


def cross_validated(nights: tuple[Night, ...]) -> list[list[Judged]]:
    """Return everybody judged by each seed, over all folds."""
    began = time.monotonic()
    judged: dict[int, dict[int, Judged]] = {seed: {} for seed in SEEDS}
    for fold in range(FOLDS):
        ruler = ruler_of(nights, fold)
        for seed in SEEDS:
            judged[seed] |= run_fold(nights, fold, seed=seed, ruler=ruler)
        print(f"{fold + 1} of {FOLDS} folds, {time.monotonic() - began:.0f} s", flush=True)
    return [[judged[seed][i] for i in range(len(nights))] for seed in SEEDS]


def median_of(seeds: list[Figures]) -> Figures:
    """Return, for each kind of input and number of classes, the figures of the seed whose kappa is the median."""
    chosen: Figures = {}
    for mode, by_classes in seeds[0].items():
        chosen[mode] = {}
        for classes in by_classes:
            kappas = [float(figures[mode][classes]["lstm"]["kappa"]) for figures in seeds]
            median = int(np.argsort(kappas, kind="stable")[len(kappas) // 2])
            chosen[mode][classes] = seeds[median][mode][classes]
            chosen[mode][classes]["lstm"]["kappa_seeds"] = kappas
    return chosen


def shipped(nights: tuple[Night, ...]) -> dict[str, Any]:
    """Return the figures of the shipped model, asked with the samples as a person would upload them; no answer counts as a wrong one."""
    channels = {"full": ("hr_bpm", "activity_count"), "heart": ("hr_bpm",), "motion": ("activity_count",)}
    figures: Figures = {}
    coverage: dict[str, float] = {}
    held: list[dict[str, Any]] = []
    for mode in MODES if nights else ():
        analyses = [analysed({channel: night.samples[channel] for channel in channels[mode]}) for night in nights]
        found = [_classes_of(analysis, night.n_epochs) for analysis, night in zip(analyses, nights, strict=True)]
        figures[mode] = {
            str(k): {"lstm": summary(np.stack([_confusion(n, _merged_or_wrong(n, a, k), k) for n, a in zip(nights, found, strict=True)]))}
            for k in ((2,) if mode == "motion" else MERGES)
        }
        told = [a[night.labels >= 0] >= 0 for a, night in zip(found, nights, strict=True)]
        coverage[mode] = float(np.concatenate(told).mean())
        held += held_rows(mode, intervals_held(nights, [{} if one is None else one.intervals for one in analyses]), people=len(nights))
    protocol = f"people never seen, {len(nights)}"
    rows = _rows(figures, protocol, nights, coverage=coverage) + held
    return {"model": "sleep_stages", "protocol": protocol, "figures": figures, "rows": rows}


def _merged_or_wrong(night: Night, answer: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Return an answer in so many classes; an epoch without one gets a class that is not its own."""
    return np.where(answer >= 0, MERGES[classes][answer], (_truth(night, classes) + 1) % classes)


def _rows(figures: Figures, protocol: str, nights: tuple[Night, ...], *, coverage: dict[str, float]) -> list[dict[str, Any]]:
    epochs = sum(int((night.labels >= 0).sum()) for night in nights)
    return rows_of(figures, protocol, people=len(nights), epochs=epochs, coverage=coverage)


def _classes_of(analysis: NightAnalysis | None, n_epochs: int) -> NDArray[np.int64]:
    """Return a night's hypnogram as indices of CLASSES, -1 without an answer; sleep without a stage is light sleep."""
    place = {-1: -1, 0: 0, 3: 2, 4: 3}
    given = [] if analysis is None or analysis.hypnogram is None else analysis.hypnogram.stages[:n_epochs].tolist()
    return np.array([place.get(int(stage), 1) for stage in given] + [-1] * (n_epochs - len(given)), dtype=np.int64)


def ruler_of(nights: tuple[Night, ...], fold: int) -> dict[str, dict[int, list[NDArray[np.int64]]]]:
    """Return the ruler's answers for the people of a fold."""
    left_out = _left_out(nights, fold)
    return ruler_answers([night for i, night in enumerate(nights) if i not in left_out], [nights[i] for i in left_out])


def _left_out(nights: tuple[Night, ...], fold: int) -> list[int]:
    return [i for i in range(len(nights)) if i % FOLDS == fold]


def run_fold(nights: tuple[Night, ...], fold: int, *, seed: int, ruler: dict[str, dict[int, list[NDArray[np.int64]]]]) -> dict[int, Judged]:
    """Train on all people outside a fold and answer for those inside it."""
    import torch

    from models.sleep_stages.committee import train_committee
    from models.sleep_stages.network import Recipe

    torch.set_num_threads(1)
    left_out = _left_out(nights, fold)
    train = [i for i in range(len(nights)) if i not in left_out]
    pool = pool_of(nights, variants=VARIANTS, seed=SEED)
    committee = train_committee(tuple(nights[i] for i in train), [pool[i] for i in train], Recipe(), seed=seed)
    judged = {}
    for place, i in enumerate(left_out):
        answers = {mode: committee.answers(nights[i], mode) for mode in MODES}
        ours = {mode: _merged(answer) for mode, (_, answer) in answers.items() if mode != "motion"}
        ours["motion"] = {2: answers["motion"][1]}
        theirs = {mode: {k: found[place] for k, found in by_classes.items()} for mode, by_classes in ruler.items()}
        judged[i] = Judged(ours, theirs, {mode: probabilities for mode, (probabilities, _) in answers.items()})
    return judged


def _merged(answer: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    return {classes: merge[answer] for classes, merge in MERGES.items()}


def figures_of(nights: tuple[Night, ...], judged: list[Judged]) -> Figures:
    """Return the figures by kind of input, number of classes and scorer (`lstm`, `ruler`, `lstm_less_ruler`)."""
    figures: Figures = {}
    for mode in MODES:
        figures[mode] = {}
        for classes in judged[0].ours[mode]:
            tables = {
                scorer: np.stack(
                    [_confusion(night, getattr(one, scorer)[mode][classes], classes) for night, one in zip(nights, judged, strict=True)]
                )
                for scorer in ("ours", "ruler")
            }
            figures[mode][str(classes)] = {
                "lstm": summary(tables["ours"]),
                "ruler": summary(tables["ruler"]),
                "lstm_less_ruler": difference(tables["ours"], tables["ruler"]),
            }
        k = 2 if mode == "motion" else 4
        truth = np.concatenate([_truth(night, k) for night in nights])
        error = calibration_error(np.concatenate([one.probabilities[mode] for one in judged]).astype(np.float64), truth)
        figures[mode][str(k)]["lstm"]["calibration_error"] = round(error, 3)
    return figures


def _truth(night: Night, classes: int) -> NDArray[np.int64]:
    return np.where(night.labels >= 0, MERGES[classes][night.labels], -1)


def _confusion(night: Night, answer: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    return confusion(_truth(night, classes), answer, classes=classes)


def table(figures: Figures) -> str:
    """Return the figures as lines of text."""
    lines = []
    for mode, by_classes in figures.items():
        for classes, scorers in by_classes.items():
            for scorer in ("lstm", "ruler"):
                if scorer not in scorers:
                    continue
                f = scorers[scorer]
                text = " ".join(f"{name} {f[name]} {f[name + '_95']}" for name in ("kappa", "accuracy", "macro_f1"))
                lines.append(f"{mode:7s}{classes} {scorer:6s}{text} person {f['kappa_median_person']} ece {f.get('calibration_error', '')}")
            if "lstm_less_ruler" in scorers:
                lines.append(f"{mode:7s}{classes} difference {scorers['lstm_less_ruler']}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
