"""Judge the sound classifier on sources it was not trained on, at other gains, under noise, across a room; and the breathing rate.

    python models/sound/evaluate.py [--data DIR] [--heldout DIR] [--out JSON] [--bank DIR] [--left-out JSON]

One network is trained without a third of the sources and answers for these (half an hour on one core); the shipped one answers for
clips whose licence kept them out of its training. `--heldout` judges the shipped one on sounds never seen. `--left-out` takes the rows of
the network left out from an earlier run, whose JSON it names, where there is nothing to train with.
"""

import argparse
import json
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.reference import reference_folder
from models.report import judge
from models.sound.breathing import breathing_rows
from models.sound.codecs import CODECS, through_codec
from models.sound.composed import composed_rows
from models.sound.data import CLASSES, FOLDER, Clip, load, read_clips
from models.sound.hidden import hidden_rows
from models.sound.jaw import jaw_rows
from models.sound.judge import (
    Seconds,
    across_a_room,
    auc,
    by_narrow_codec,
    by_phone,
    quieter,
    seconds_of,
    sensitivity,
    strapped,
    threshold_at,
    under,
)
from somnia_engine.dsp.spectra import FS_HZ
from somnia_engine.extractors._heard import TOO_NOISY
from somnia_engine.hearing import Heard, hear
from somnia_engine.hearing.classifier import SoundClassifier, load_sound_classifier
from somnia_engine.hearing.listener import ARRAYS, UNIT_S
from somnia_engine.resources import Model, load_model

PARTS, STEPS_LEFT_OUT = 3, 4000
ALONE_S = UNIT_S - 1
TEACHER = "YAMNet, zero-shot"
BARS_AUC = {"snore": 0.97, "cough": 0.97, "speech": 0.97, "infant_cry": 0.97}
LEAST_SECONDS = 4
BANK = "folder that keeps windows and networks (default: a temporary one)"
EARLIER = "JSON of an earlier run, whose rows of the network left out are kept"
LEFT_OUT = f"a third of the sources left out, {STEPS_LEFT_OUT} steps"
Hearing = Callable[[NDArray[np.float32]], Heard]
Row = dict[str, Any]


def main() -> None:
    """Print and write the rows."""
    judge(__doc__, FOLDER, _judged, more={"--bank": BANK, "--left-out": EARLIER})


def _judged(asked: argparse.Namespace) -> list[Row]:
    shipped = hearing(load_sound_classifier())
    if asked.heldout:
        return judged(read_clips(asked.heldout), shipped, "sources never seen") + breathing_rows(asked.heldout, "people never seen")
    apart = [clip for clip in read_clips() if not clip.shippable]
    return [
        *(_earlier(asked.left_out) if asked.left_out else left_out(asked.bank)),
        *judged(apart, shipped, "shipped model on clips that it was not trained on"),
        *composed_rows(),
        *jaw_rows(),
        *hidden_rows(),
        *breathing_rows(reference_folder(), "a rule; its constants were chosen on these people"),
    ]


def _earlier(path: Path) -> list[Row]:
    rows: list[Row] = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return [row for row in rows if row["protocol"] == LEFT_OUT]


def hearing(classifier: SoundClassifier) -> Hearing:
    """Return a function that hears seconds (n, FS_HZ) as short files are heard: in less than a unit no second answers for another."""

    def answer(sound: NDArray[np.float32]) -> Heard:
        parts = [hear([sound[at : at + ALONE_S].reshape(-1)], classifier=classifier) for at in range(0, len(sound), ALONE_S)]
        return Heard(parts[0].classes, *(np.concatenate([getattr(part, name) for part in parts]) for name in ARRAYS))

    return answer


def left_out(bank_folder: Path | None) -> list[Row]:
    """Return the rows of a network that was not trained on the third of the sources that it is judged on."""
    from models.sound.fit import fit
    from models.sound.flatbuffer import pack_network
    from models.sound.train import lesson

    with tempfile.TemporaryDirectory() as temporary:
        folder = bank_folder or Path(temporary)
        path = folder / "left_out.tflite"
        if not path.is_file():
            bank, logits = lesson(folder)
            kept = np.array([not any(is_left_out(source) for source in sources.split("|")) for sources in bank.sources])
            path.write_bytes(pack_network(fit(bank, logits, kept, steps=STEPS_LEFT_OUT)))
        content = path.read_bytes()
    shipped = load_model("sound")
    classifier = SoundClassifier(Model("sound", shipped.card, {"sound.tflite": content}))
    clips = [clip for clip in read_clips() if clip.shippable and is_left_out(clip.source)]
    return judged(clips, hearing(classifier), LEFT_OUT)


def is_left_out(source: str) -> bool:
    """Return whether a source is of the third that is judged; made-up sounds and breathing recordings never are."""
    return source not in ("made", "rrujo") and zlib.crc32(source.encode()) % PARTS == 0


def _confusion(labels: NDArray[np.str_], p: NDArray[np.float32]) -> Row:
    """Return accuracy, macro-F1, kappa and the table: rows the truth, columns the answer."""
    truth = np.array([CLASSES.index(label) for label in labels])
    answer = p.argmax(axis=1)
    table = np.zeros((len(CLASSES), len(CLASSES)), dtype=int)
    np.add.at(table, (truth, answer), 1)
    hits, asked, given = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    there = asked > 0
    f1 = 2.0 * hits[there] / np.maximum(asked[there] + given[there], 1)
    chance = float((asked * given).sum() / table.sum() ** 2)
    accuracy = float(hits.sum() / table.sum())
    kappa = (accuracy - chance) / (1.0 - chance)
    return {
        "accuracy": accuracy,
        "macro_f1": round(float(f1.mean()), 3),
        "kappa": round(kappa, 3),
        "classes": CLASSES,
        "table": table.tolist(),
    }


def _class_rows(labels: NDArray[np.str_], sources: NDArray[np.str_], p: NDArray[np.float32], protocol: str) -> list[Row]:
    rows = []
    for column, label in enumerate(CLASSES[:-1]):
        truth = labels == label
        if truth.sum() < LEAST_SECONDS or truth.all():
            continue
        task = f"{label.replace('_', ' ')} against everything else"
        figures = [("AUC", auc, BARS_AUC.get(label), 0.987 if label == "snore" else None)]
        if label == "snore":
            figures.append(("sensitivity@95", sensitivity, 0.90, 0.958))
        for name, measure, bar, ruler in figures:
            values = strapped(measure, p[:, column], truth, sources)
            rows.append(_row(task, protocol, sources, figure=name, value=values, more={"bar": bar, "ruler": ruler}))
    return rows


def _row(task: str, protocol: str, sources: NDArray[np.str_], *, figure: str, value: Any, more: Row) -> Row:
    value, low, high = value if isinstance(value, tuple) else (value, None, None)
    bar, below = more.get("bar"), more.get("below", False)
    extra = {name: more[name] for name in ("macro_f1", "kappa", "classes", "table") if name in more}
    rounded = [None if number is None or np.isnan(number) else round(float(number), 4) for number in (value, low, high)]
    return {
        "task": task, "protocol": protocol, "n_people": len(np.unique(sources)), "n_units": len(sources), "unit": "seconds",
        "figure": figure, "value": rounded[0], "low": rounded[1], "high": rounded[2],
        "ruler": more.get("ruler"), "ruler_name": TEACHER, "bar": bar,
        "passed": None if bar is None else bool(value <= bar if below else value >= bar), "coverage": 1.0, **extra,
    }  # fmt: skip


def judged(clips: list[Clip], answer: Hearing, protocol: str) -> list[Row]:
    """Return the rows of one network on clips: classes, gains, noise, codec, distance."""
    if not clips:
        return []
    seconds = seconds_of(clips)
    clean = answer(seconds.sound)
    rows = _class_rows(seconds.labels, seconds.sources, clean.p, protocol)
    table = _confusion(seconds.labels, clean.p)
    rows.append(_row("sound classes, likeliest of 15", protocol, seconds.sources, figure="accuracy", value=table["accuracy"], more=table))
    truth = seconds.labels == "snore"
    if not truth.any() or truth.all():
        return rows
    threshold = threshold_at(clean.of("snore"), truth)
    found = float((clean.of("snore")[truth] > threshold).mean())
    snores, sources = seconds.sound[truth], seconds.sources[truth]

    def share(name: str, sound: NDArray[np.float32], bar: float | None = None) -> Row:
        value = float((answer(sound).of("snore") > threshold).mean())
        return _row(f"snores found {name}", protocol, sources, figure="sensitivity", value=value, more={"bar": bar})

    rng = np.random.default_rng(0)
    rows += [
        share(f"at {gain_db:+d} dB gain", quieter(snores, gain_db), found - 0.05 if gain_db == -40 else None) for gain_db in (10, -20, -40)
    ]
    rows += [share(name, change(snores, rng)) for name, change in _CHANGES.items()]
    rows += [share(f"after {name}", through_codec(snores, name)) for name in CODECS]
    rows.append(
        _row("quiet seconds with snores kept from the network", protocol, sources, figure="share at -40 dB",
             value=float((answer(quieter(snores, -40)).of("silence") > 0.5).mean()), more={})
    )  # fmt: skip
    return rows + _noise_rows(seconds, answer, protocol, threshold=threshold)


_CHANGES = {"across a room": across_a_room, "by telephone (G.711)": by_phone, "below 3.4 kHz": by_narrow_codec}


def _noise_rows(seconds: Seconds, answer: Hearing, protocol: str, *, threshold: float) -> list[Row]:
    truth = seconds.labels == "snore"
    snores, sources = seconds.sound[truth], seconds.sources[truth]
    rng = np.random.default_rng(0)
    noises = {"a fan": _fan(), "white noise": rng.normal(0.0, 0.1, 60 * FS_HZ).astype(np.float32)}
    clean = float((answer(seconds.sound).p_noisy > TOO_NOISY).mean())
    rows = [_row("too noisy, clean seconds", protocol, seconds.sources, figure="share", value=clean, more={"bar": 0.02, "below": True})]
    for name, noise in noises.items():
        if not len(noise):
            continue
        for snr_db in (20, 10, 5, 0, -5):
            heard = answer(under(snores, noise, snr_db, rng))
            told = f"under {name} at {snr_db} dB SNR"
            bar = 0.6 if (name, snr_db) == ("a fan", 0) else None
            value = float((heard.of("snore") > threshold).mean())
            rows.append(
                _row(
                    f"snores found {told}",
                    protocol,
                    sources,
                    figure="sensitivity",
                    value=value,
                    more={"bar": bar, "ruler": 0.31 if bar else None},
                )
            )
            if snr_db in (0, -5):
                noisy = float((heard.p_noisy > TOO_NOISY).mean())
                rows.append(
                    _row(f"too noisy {told}", protocol, sources, figure="share", value=noisy, more={"bar": 0.9 if snr_db == -5 else None})
                )
    return rows


def _fan() -> NDArray[np.float32]:
    clips = [load(clip) for clip in read_clips() if clip.kind == "fan"]
    return np.concatenate(clips) if clips else np.zeros(0, dtype=np.float32)


if __name__ == "__main__":
    main()
