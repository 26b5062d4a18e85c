"""Train the trees and networks that find disturbed breathing in beats, in oxygen and in both, and write them with their card.

python models/apnea/train.py
"""

import hashlib
import io
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from models.apnea.data import FOLDER, KINDS, grow, read_nights
from models.apnea.network import train_committee
from models.trees import trees_of
from somnia_engine.dsp.breathing_signs import names
from somnia_engine.dsp.recurrent import packed_committee
from somnia_engine.dsp.trees import packed

VERSION = "2"
WEIGHTS = "apnea.npz"
NETWORKS = "networks.npz"

CARD = """name = "apnea"
version = "{version}"
task = "Probability of an apnea or hypopnea in each 30-s epoch, from beats, from blood oxygen, or from both"
kind = '''
gradient-boosted trees on signs of the epoch and of its surroundings, one set for each kind of input; for beats alone also three
networks on the night's waves (convolutions down to epochs, an LSTM both ways), with two thirds of the common logit; plain arrays'''
trained_by = "models/apnea/train.py"
inputs = {inputs}

limits = [
    "Trained on people who had no apnea at all or severe apnea; mild and moderate apnea was not tested.",
    "The truth is minutes and half minutes that hold an event, not single events; it is no AHI.",
    "Beats came from an ECG and oxygen from a finger in a sleep laboratory; wrist sensors were not tested.",
    "Signs and recipe were compared on the same nights that the figures are told for; folds were grouped by person throughout.",
    "Central and obstructive events are not told apart.",
]

[data]
name = "HuGCDN2014-OXI ({hugcdn} nights; oxygen and beats), Apnea-ECG ({ecg} nights; beats)"
license = "CC BY 4.0; ODC-By 1.0"
citation = "Martin-Gonzalez 2023, Sensors 23:4267, doi 10.3390/s23094267; Penzel 2000, doi 10.1109/CIC.2000.898505"

[files]
"{weights}" = "{sha256}"
"{networks}" = "{networks_sha256}"
"""


def main() -> None:
    """Grow the trees on every night and write weights and card."""
    nights = read_nights()
    trees = {f"{kind}_": trees_of(grow([night for night in nights if kind in night.rows], kind)) for kind in KINDS}
    content = packed(trees)
    (FOLDER / WEIGHTS).write_bytes(content)
    arrays = packed_committee(train_committee(nights))
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    (FOLDER / NETWORKS).write_bytes(file.getvalue())
    hugcdn = sum(night.set == "hugcdn" for night in nights)
    inputs = json.dumps(list(names(beats=True, oxygen=True)))
    sums = {"sha256": hashlib.sha256(content).hexdigest(), "networks_sha256": hashlib.sha256(file.getvalue()).hexdigest()}
    files = {"weights": WEIGHTS, "networks": NETWORKS}
    card = CARD.format(version=VERSION, inputs=inputs, hugcdn=hugcdn, ecg=len(nights) - hugcdn, **files, **sums)
    (FOLDER / "card.toml").write_text(card, encoding="utf-8")
    print(f"{len(nights)} nights, {len(content) / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
