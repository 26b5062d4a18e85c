"""Train the sleep-stage LSTM on Sleep-Accel and write the weights and the card.

    python models/sleep_stages/train.py

reads SOMNIA_REFERENCE_DATA (default: the reference data beside the project). The scores in the card are those of `scores.json`, which
`evaluate.py` measures and writes, into the card too; run that afterwards when the recipe or the inputs changed.
"""

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.sleep_stages.committee import Committee, train_committee
from models.sleep_stages.data import CLASSES, FOLDER, SEED, VARIANTS, pool_of, read_nights
from models.sleep_stages.flatbuffer import pack_networks
from models.sleep_stages.network import Recipe
from models.sleep_stages.scores import SCORES, with_scores
from somnia_engine.staging.classifier import WEIGHTS, Calibration
from somnia_engine.staging.inputs import CHANNELS, build_inputs

VERSION = "2"
TOLERANCE = 1e-4

ABOUT = """name = "sleep_stages"
version = "{version}"
task = "Sleep stages from heart rate and movement, one answer per 30-s epoch"
kind = "committee of {members} convolution + bidirectional LSTM networks, mean of their logits"
classes = {classes}
output = "logits (1, epochs, 4); see [calibration.*] for how they become probabilities and a decision"
trained_by = "models/sleep_stages/train.py"

limits = [
    "Trained and tested on {people} healthy adults, one night each in one sleep laboratory, with an Apple Watch (2017-2019).",
    "Sleep apnea and REM sleep behavior disorder were excluded from the study; stages of such nights are not covered.",
    "Not tested on children, shift workers, people on heart medication, or with an irregular heart rhythm.",
    "Without heart rate it tells sleep from wake only. Wake without movement is often taken for sleep.",
    "In severe apnea (12 men, beats alone) two of three half minutes are rightly told as sleep or wake; the probabilities say so.",
    "Where breathing cannot be judged, the probabilities are those of people without apnea.",
]

[data]
name = "Sleep-Accel: motion and heart rate from a wrist-worn wearable and labeled sleep from polysomnography, 1.0.0"
people = {people}
license = "ODC-By 1.0"
citation = "Walch O, Huang Y, Forger D, Goldstein C. Sleep 2019;42(12):zsz180, doi 10.1093/sleep/zsz180"
doi = "10.13026/hmhs-py35"
labels = "polysomnography, 30 s; N1 and N2 are L, N3 and N4 are N3; unscored epochs are left out"
excluded = "7749105: heart rate and counts for 67 min only"
"""


def main() -> None:
    """Train, check the packed graph against the networks, write weights and card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the weights and the card")
    out = parser.parse_args().out
    torch.set_num_threads(1)
    began = time.monotonic()
    nights = read_nights()
    committee = train_committee(nights, pool_of(nights, variants=VARIANTS, seed=SEED), Recipe(), seed=SEED)
    packed = pack_networks(list(committee.members))
    check(packed, committee, [build_inputs(night.features()) for night in nights[:3]])
    (out / WEIGHTS).write_bytes(packed)
    (out / "card.toml").write_text(card(packed, committee, people=len(nights)), encoding="utf-8")
    print(f"{len(nights)} people, {len(packed) / 1024:.0f} KiB, {time.monotonic() - began:.0f} s; written to {out}")


def check(packed: bytes, committee: Committee, nights: list[np.ndarray]) -> None:
    """Raise when the packed graph does not answer as the networks do."""
    from tflite_runtime.interpreter import Interpreter

    interpreter = Interpreter(model_content=packed, num_threads=1)
    source, result = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    for inputs in nights:
        interpreter.resize_tensor_input(source, (1, 1, *inputs.shape))
        interpreter.allocate_tensors()
        interpreter.reset_all_variables()
        interpreter.set_tensor(source, inputs[None, None])
        interpreter.invoke()
        apart = float(np.abs(interpreter.get_tensor(result)[0] - committee.logits(inputs)).max())
        if apart > TOLERANCE:
            raise RuntimeError(f"the packed graph differs from the networks by {apart:.2g}; at most {TOLERANCE} is allowed")


def card(packed: bytes, committee: Committee, *, people: int) -> str:
    """Return the card's text."""
    parts = [ABOUT.format(version=VERSION, members=len(committee.members), classes=json.dumps(list(CLASSES)), people=people)]
    parts.append(f'[files]\n"{WEIGHTS}" = "{hashlib.sha256(packed).hexdigest()}"\n')
    parts += [_calibration(kind, calibration) for kind, calibration in committee.calibrations.items()]
    parts += [f'[[inputs]]\nname = "{name}"\nunit = "{unit}"\n' for name, unit in CHANNELS]
    text = "\n".join(parts)
    return with_scores(text, json.loads(SCORES.read_text(encoding="utf-8"))) if SCORES.exists() else text


def _calibration(kind: str, calibration: Calibration) -> str:
    bias, decision = ([round(float(value), 4) for value in values] for values in (calibration.bias, calibration.decision))
    return f"[calibration.{kind}]\ntemperature = {calibration.temperature:.4f}\nbias = {bias}\ndecision = {decision}\n"


if __name__ == "__main__":
    main()
