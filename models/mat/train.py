"""Fit the model that tells how a body lies on a pressure mat, and write it with its card.

python models/mat/train.py
"""

import hashlib
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from models.mat.recipe import FOLDER, fit, read_mats
from models.reference import reference_folder

WEIGHTS = "mat.npz"
CARD = """name = "mat"
version = "1"
task = "Probability of lying on the back, the left side or the right side, per frame of a pressure mat"
kind = "multinomial logistic regression on a centered, smoothed map of 32 x 16; plain arrays"
trained_by = "models/mat/train.py"
classes = ["supine", "left", "right"]
inputs = ["mean root pressure of each of 32 x 16 cells, head first"]

limits = [
    "Trained on {people} people of 19 to 34 years in set postures, some with raised head; no night was among them.",
    "It knows no lying on the front, no sitting and no second body: those are told as one of the three.",
    "Not for infants.",
    "The head must lie at the first row; a turned mat must say so.",
    "On another mat it is less right: see the row across mats.",
]

[data]
name = "PMD 1.0.0, experiment I ({frames} frames)"
license = "ODC-By 1.0 (as best known)"
citation = "Pouyan 2017, doi 10.1109/BHI.2017.7897206"

[files]
"{weights}" = "{sha256}"
"""


def main() -> None:
    """Fit on every person and write weights and card."""
    mats = read_mats(reference_folder(), "experiment_i")
    if mats is None:
        raise SystemExit(f"{reference_folder()} holds no pressure maps; set SOMNIA_REFERENCE_DATA.")
    weights, bias = fit(mats)
    kept = io.BytesIO()
    np.savez(kept, weights=weights, bias=bias)
    content = kept.getvalue()
    (FOLDER / WEIGHTS).write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    card = CARD.format(people=len(np.unique(mats.people)), frames=len(mats.labels), weights=WEIGHTS, sha256=sha256)
    (FOLDER / "card.toml").write_text(card, encoding="utf-8")
    print(f"{len(mats.labels)} frames, {len(content) / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
