"""Sound files in, the probability of each class of sound in each second out: `python -m somnia_engine listen`."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from somnia_engine.errors import SomniaError
from somnia_engine.hearing import Heard, hear_file

WINDOW_S = 1.0
DECIMALS = 4


def listen_document(name: str, heard: Heard) -> dict[str, Any]:
    """Return what was heard in one file, ready for JSON.

    `p[i][k]` is the probability of `classes[k]` in the second that begins at `onset_s[i]`; several classes may be true at once.
    `p_noisy[i]` is the probability that noise hides what a sleeper does.
    """
    return {
        "file": name,
        "window_s": WINDOW_S,
        "classes": list(heard.classes),
        "onset_s": [WINDOW_S * second for second in range(len(heard.p))],
        "p": np.round(heard.p.astype(np.float64), DECIMALS).tolist(),
        "p_noisy": np.round(heard.p_noisy.astype(np.float64), DECIMALS).tolist(),
    }


def listen_lines(paths: Sequence[Path], refused: list[str], *, progress: Callable[[float], None] | None = None) -> Iterator[str]:
    """Yield the JSON document in pieces, one file at a time; sentences about files that cannot be heard are added to `refused`."""
    yield '{"files": ['
    for number, path in enumerate(paths):
        if progress is not None and 100 * number // len(paths) != 100 * (number - 1) // len(paths):
            progress(number / len(paths))
        try:
            document = listen_document(str(path), hear_file(path))
        except SomniaError as error:
            sentence = " ".join(str(error).split())
            refused.append(sentence if path.name in sentence else f"{path.name}: {sentence}")
            document = {"file": str(path), "error": refused[-1]}
        yield (",\n" if number else "\n") + json.dumps(document, ensure_ascii=False, allow_nan=False)
    yield "\n]}\n"
