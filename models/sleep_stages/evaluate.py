"""Leave one person out: the LSTM committee against gradient boosting in the same folds.

    python models/sleep_stages/evaluate.py

writes `scores.json` and the card's scores; 20 minutes on one core.
Everything that is fitted (networks, calibration, thresholds) is fitted on the people who are not left out. `--folds 6` groups the
people into fewer folds for a quick look; the card takes leave-one-person-out figures only.
"""

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.sleep_stages.committee import train_committee
from models.sleep_stages.data import FOLDER, MODES, Night, pool_of, read_nights
from models.sleep_stages.network import Recipe
from models.sleep_stages.ruler import ruler_answers
from models.sleep_stages.scores import MERGES, calibration_error, confusion, difference, summary
from models.sleep_stages.train import SCORES, SEED, VARIANTS, with_scores

Answers = dict[str, dict[int, NDArray[np.int64]]]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One left-out person: both scorers' classes by kind of input and number of classes, and the LSTM's probabilities."""

    ours: Answers
    ruler: Answers
    probabilities: dict[str, NDArray[np.float32]]


def main() -> None:
    """Run the folds and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folds", type=int, default=0, help="0 leaves one person out (the card's protocol)")
    parser.add_argument("--jobs", type=int, default=1, help="folds at a time")
    parser.add_argument("--out", type=Path, help="JSON to write instead of scores.json and the card")
    arguments = parser.parse_args()
    began = time.monotonic()
    nights = read_nights()
    n_folds = arguments.folds or len(nights)
    with ProcessPoolExecutor(arguments.jobs) as workers:
        judged: dict[int, Judged] = {}
        for done in workers.map(run_fold, range(n_folds), [n_folds] * n_folds):
            judged.update(done)
            print(f"{len(judged)} of {len(nights)} people, {time.monotonic() - began:.0f} s", flush=True)
    figures = figures_of(nights, [judged[i] for i in range(len(nights))])
    protocol = "leave one person out" if n_folds == len(nights) else f"{n_folds} folds grouped by person"
    result = {"protocol": f"{protocol}, {len(nights)} people, pooled epochs, 95 % bootstrap intervals over people", "figures": figures}
    print(table(figures))
    if arguments.out or n_folds == len(nights):
        (arguments.out or SCORES).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if n_folds == len(nights) and not arguments.out:
        written = FOLDER / "card.toml"
        written.write_text(with_scores(written.read_text(encoding="utf-8"), result), encoding="utf-8")


def run_fold(fold: int, n_folds: int) -> dict[int, Judged]:
    """Train on all people outside a fold and answer for those inside it."""
    import torch

    torch.set_num_threads(1)
    nights = read_nights()
    left_out = [i for i in range(len(nights)) if i % n_folds == fold]
    train = [i for i in range(len(nights)) if i not in left_out]
    pool = pool_of(nights, variants=VARIANTS, seed=SEED)
    committee = train_committee(tuple(nights[i] for i in train), [pool[i] for i in train], Recipe(), seed=SEED)
    ruler = ruler_answers([nights[i] for i in train], [nights[i] for i in left_out])
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


def figures_of(nights: tuple[Night, ...], judged: list[Judged]) -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    """Return the figures by kind of input, number of classes and scorer (`lstm`, `ruler`, `lstm_less_ruler`)."""
    figures: dict[str, dict[str, dict[str, dict[str, object]]]] = {}
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


def table(figures: dict[str, dict[str, dict[str, dict[str, object]]]]) -> str:
    """Return the figures as lines of text."""
    lines = []
    for mode, by_classes in figures.items():
        for classes, scorers in by_classes.items():
            for scorer in ("lstm", "ruler"):
                f = scorers[scorer]
                text = " ".join(f"{name} {f[name]} {f[name + '_95']}" for name in ("kappa", "accuracy", "macro_f1"))
                lines.append(f"{mode:7s}{classes} {scorer:6s}{text} person {f['kappa_median_person']} ece {f.get('calibration_error', '')}")
            lines.append(f"{mode:7s}{classes} difference {scorers['lstm_less_ruler']}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
