"""What the student is to answer for each window: the teacher's opinion, corrected where the class is known."""

import csv
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.reference import reference_folder
from models.sound.bank import Bank
from models.sound.network import HEARD
from models.sound.teacher import FLOOR, N_CLASSES, Teacher

AUDIOSET = {
    "snore": ("Snoring",),
    "breath": ("Breathing", "Wheeze", "Pant", "Sigh"),
    "cough": ("Cough", "Throat clearing"),
    "speech": ("Speech", "Child speech, kid speaking", "Conversation", "Narration, monologue", "Whispering"),
    "laugh": ("Laughter", "Giggle", "Belly laugh", "Chuckle, chortle", "Baby laughter"),
    "infant_cry": ("Baby cry, infant cry", "Crying, sobbing"),
    "sneeze": ("Sneeze",),
    "pet": ("Dog", "Cat", "Bark", "Meow", "Domestic animals, pets"),
    "traffic": ("Vehicle", "Train", "Car", "Aircraft", "Helicopter", "Vehicle horn, car horn, honking", "Truck", "Motorcycle"),
    "alarm": ("Alarm", "Alarm clock", "Siren", "Telephone", "Smoke detector, smoke alarm", "Buzzer"),
    "footsteps": ("Walk, footsteps", "Run"),
    "rain_wind": ("Rain", "Wind", "Thunder", "Rain on surface", "Raindrop", "Ocean", "Waves, surf"),
    "vacuum_engine": ("Vacuum cleaner", "Engine", "Chainsaw", "Mechanical fan", "Air conditioning", "Lawn mower", "Idling"),
}
"""The teacher's classes that make up one of ours; "other" is known from the clips only."""

TRUST = {"snore": 0.45, "breath": 0.45, "cough": 0.8, "infant_cry": 0.85, "laugh": 0.8, "sneeze": 0.85, "speech": 0.8}
TRUST_ELSEWHERE = 0.75
"""How far a known class draws the answer to 1. The few snores and breaths are trusted least: a student of the labels alone learns the
eight sleepers by heart and ranks new ones worse than a student of the teacher."""
SHARE_LEFT, SHARE_LEFT_BREATH = 0.35, 0.7
"""What is left of the teacher's opinion about the classes that a clip is not known to hold."""
OTHER = 0.85
AT_ONCE = 128


def opinions(bank: Bank, folder: Path | None = None) -> NDArray[np.float16]:
    """Return the teacher's logits of every window, shape (n, 521)."""
    teacher = Teacher(folder).to(memory_format=torch.channels_last)
    logits = np.empty((len(bank.bands), N_CLASSES), dtype=np.float16)
    with torch.no_grad():
        for at in range(0, len(logits), AT_ONCE):
            bands = torch.from_numpy(np.asarray(bank.bands[at : at + AT_ONCE], dtype=np.float32))
            logits[at : at + AT_ONCE] = teacher(torch.log(bands + FLOOR)).numpy()
    return logits


def columns_of(folder: Path | None = None) -> dict[str, list[int]]:
    """Return the teacher's columns of each class."""
    with ((folder or reference_folder()) / "teachers" / "yamnet" / "yamnet_class_map.csv").open(encoding="utf-8") as file:
        names = [row["display_name"] for row in csv.DictReader(file)]
    return {label: [names.index(name) for name in wanted] for label, wanted in AUDIOSET.items()}


def targets(bank: Bank, logits: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return the wanted probability of each class in each window, shape (n, classes); NaN where it is not known."""
    wanted = np.full((len(logits), len(HEARD)), np.nan, dtype=np.float32)
    for label, columns in columns_of().items():
        wanted[:, HEARD.index(label)] = 1.0 / (1.0 + np.exp(-logits[:, columns].astype(np.float32).max(axis=1)))
    known = bank.labels != ""
    for column, label in enumerate(HEARD):
        mine = bank.labels == label
        if label == "other":
            wanted[known, column] = np.where(mine[known], OTHER, 0.0)
            continue
        trust = TRUST.get(label, TRUST_ELSEWHERE)
        wanted[mine, column] = trust + (1.0 - trust) * wanted[mine, column]
        wanted[known & ~mine, column] *= SHARE_LEFT_BREATH if label == "breath" else SHARE_LEFT
    return wanted
