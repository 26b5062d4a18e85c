"""Set what the joined list of breathing events weighs: how often a pause is heard, and how common events are in scored nights.

python models/joined_breathing/train.py
"""

import csv
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.reference import reference_folder
from somnia_engine.types.hypnogram import EPOCH_S

FOLDER = Path(__file__).resolve().parent
HEARD = "pauses found, the snores 10 dB above a fan"
"""The middle of the three composed noises: a bedroom that is neither silent nor loud."""
LEAST_P = 0.1
"""Events that are less likely than this are not listed: of 0 to 0.5, HuGCDN2014's nights lay within the range of their group most often."""

CARD = """name = "joined_breathing"
version = "1"
task = "Breathing events of all sensors as one list, with the likelihood of each"
kind = "a rule; the likelihood of the half minutes (model apnea) and a likelihood ratio for what was heard"
trained_by = "models/joined_breathing/train.py"
least_p = {least}

limits = [
    "Single events were never compared with scored ones: HuGCDN2014 has half minutes that hold an event, Apnea-ECG an AHI of each night.",
    "How often a pause is heard was measured on nights composed of licensed sounds on real schedules, not in bedrooms.",
    "Hypopneas have no silence: hearing breath through one lowers its likelihood more than it should.",
    "The least likelihood, and the least rise of the heart's cycles and theirs, were chosen on the nights that the figures are told for.",
    "What a camera saw of pauses adds a source to an event and nothing to its likelihood: its reliability was not measured.",
    "It is an estimate per hour of monitored time and no AHI; central and obstructive events are not told apart.",
]

[data]
name = "Composed nights (model sound), PSG-Audio's event lists, HuGCDN2014-OXI, Apnea-ECG"
license = "CC0 and CC BY clips; evaluation; CC BY 4.0; ODC-By 1.0"
citation = "Korompili 2021, doi 10.1038/s41597-021-00977-w; Martin-Gonzalez 2023, doi 10.3390/s23094267; Penzel 2000"

[files]

[sound]
recall = {recall}
false_frac = {false}
"""


def main() -> None:
    """Write the card."""
    rows = json.loads((FOLDER.parent / "sound" / "scores.json").read_text(encoding="utf-8"))["rows"]
    heard = {row["figure"]: float(row["value"]) for row in rows if row["task"] == HEARD}
    recall, precision, share = heard["recall"], heard["precision"], share_with_event(reference_folder())
    # precision = recall share / (recall share + false (1 - share))
    false = recall * share * (1.0 - precision) / (precision * (1.0 - share))
    (FOLDER / "card.toml").write_text(CARD.format(least=LEAST_P, recall=round(recall, 3), false=round(false, 4)), encoding="utf-8")
    print(f"a pause is heard in {recall:.3f} of events and in {false:.4f} of half minutes without one; written to {FOLDER.name}/card.toml")


def share_with_event(folder: Path) -> float:
    """Return the share of half minutes of PSG-Audio's nights that hold a part of a scored event."""
    audio = folder / "audio" / "psg_audio_events"
    with (audio / "records.csv").open(newline="", encoding="utf-8") as file:
        total = sum(float(row["last_segment_end_s"]) / EPOCH_S for row in csv.DictReader(file))
    held: set[tuple[str, int]] = set()
    with (audio / "events.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            start, length = float(row["start_s"]), float(row["duration_s"])
            held |= {(row["record"], epoch) for epoch in range(int(start // EPOCH_S), int((start + length) // EPOCH_S) + 1)}
    return len(held) / total


if __name__ == "__main__":
    main()
