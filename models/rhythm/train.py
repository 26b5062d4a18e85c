"""Train the trees that tell an irregular rhythm from beats, and write them with their card.

python models/rhythm/train.py
"""

import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.rhythm.data import FOLDER, read_records
from models.rhythm.recipe import grow
from models.trees import trees_of
from somnia_engine.dsp.irregularity import MEASURES
from somnia_engine.dsp.trees import packed

VERSION = "1"
WEIGHTS = "rhythm.npz"
SCORES = FOLDER / "scores.json"

CARD = """name = "rhythm"
version = "{version}"
task = "Probability of an irregular rhythm of the kind of atrial fibrillation, per 30-s window of beats"
kind = "gradient-boosted trees on measures of the intervals; plain arrays"
trained_by = "models/rhythm/train.py"
threshold = 0.8
inputs = {inputs}

limits = [
    "Trained on {people} long ECG recordings (7 with atrial fibrillation) and short single-lead strips.",
    "No sleep recording with a known irregular rhythm was to be had.",
    "The strips name no persons: their folds are by strip, so that figure may be too good.",
    "Recipe and likelihoods 0.2 (windows), 0.8 (episodes) were chosen on the answers out of fold: new people can do worse.",
    "A pulse from the wrist was not tested; it says irregular pulse, and only an ECG of 30 s or more can name the rhythm.",
    "Atrial flutter with a regular pulse is not found. Frequent extra beats can be taken for it.",
]

[data]
name = "MIT-BIH AFDB (7 records), Normal Sinus Rhythm RR (27), MIT-BIH Arrhythmia (8), CinC Challenge 2017 (8,228 strips)"
license = "ODC-By 1.0"
citation = "Goldberger 2000, doi 10.1161/01.CIR.101.23.e215; Clifford 2017, doi 10.22489/CinC.2017.065-469"

[files]
"{weights}" = "{sha256}"
"""


def main() -> None:
    """Grow the trees on every record and write weights and card."""
    records = read_records()
    content = packed({"": trees_of(grow(records))})
    (FOLDER / WEIGHTS).write_bytes(content)
    people = sum(record.set != "cinc" for record in records)
    sha256 = hashlib.sha256(content).hexdigest()
    card = CARD.format(version=VERSION, inputs=json.dumps(list(MEASURES)), people=people, weights=WEIGHTS, sha256=sha256)
    (FOLDER / "card.toml").write_text(card, encoding="utf-8")
    print(f"{len(records)} records, {len(content) / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
