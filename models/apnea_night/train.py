"""Fit events per hour and severity to the share of a night that looks disturbed, on answers out of fold, and write the card.

python models/apnea_night/train.py
"""

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.apnea_night.fit import fit_curve, fit_odds, gather, half_width, left_out_index

FOLDER = Path(__file__).resolve().parent

CARD = """name = "apnea_night"
version = "1"
task = "Events per hour of recording and probabilities of severity, from the mean of p_breathing_event over a night"
kind = "one curve; proportional odds for beats alone and for oxygen; interval split conformal on roots, from errors out of fold"
trained_by = "models/apnea_night/train.py"

limits = [
    "Almost all nights were of people with no or severe sleep apnea: mild and moderate (5 to 30 events per hour) are untested.",
    "Events per hour were fitted on beats alone (Apnea-ECG), and are told for such nights only: with oxygen no counts were to be had.",
    "Persons whose heart answers little to pauses are missed by beats alone: the wide interval says so.",
    "The interval's width was set by the errors of the same Apnea-ECG nights that its coverage is told for; new nights can do worse.",
    "It is an estimate per hour of recording and no AHI.",
]

[data]
name = "Apnea-ECG ({ecg} nights, AHI of each), HuGCDN2014-OXI ({hug} nights, AHI range of each group)"
license = "ODC-By 1.0; CC BY 4.0"
citation = "Penzel 2000, doi 10.1109/CIC.2000.898505; Martin-Gonzalez 2023, Sensors 23:4267, doi 10.3390/s23094267"

[files]

[index]
curve = {curve}
half_width = {half}

[severity]
beats = {beats}
oxygen = {oxygen}
"""


def main() -> None:
    """Fit on every night and write the card."""
    nights = gather()
    some = nights.counted
    text = CARD.format(
        ecg=int(some.sum()),
        hug=int((~some).sum()),
        curve=_listed(fit_curve(nights.beats[some], nights.low[some])),
        half=round(half_width(left_out_index(nights), nights.low[some]), 3),
        beats=_listed(fit_odds(nights.beats, nights.low, nights.high)),
        oxygen=_listed(fit_odds(nights.oxygen, nights.low[~some], nights.high[~some])),
    )
    (FOLDER / "card.toml").write_text(text, encoding="utf-8")
    print(f"{len(some)} nights; written to {FOLDER.name}/card.toml")


def _listed(values: NDArray[np.float64]) -> str:
    return json.dumps([round(float(value), 4) for value in values])


if __name__ == "__main__":
    main()
