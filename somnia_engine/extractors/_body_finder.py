"""MediaPipe's pose models on pictures of a bed: people lie sideways, so four turns of the picture are tried and one is kept.

Only the two model files of the package are used, by the runtime that the other models run on: no window, thread or network of it.
"""

from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from somnia_engine.dsp.body_box import (
    DETECTOR_PX,
    LANDMARK_PX,
    Body,
    Place,
    cut_out,
    landmarks,
    place_of,
    squared,
    turned_back,
    window_of,
)
from somnia_engine.resources import load_model

DETECTOR, LANDMARKS = "pose_detection/pose_detection.tflite", "pose_landmark/pose_landmark_full.tflite"


@cache
def finder() -> "BodyFinder":
    """Return the one finder of this process."""
    return BodyFinder()


class BodyFinder:
    """Finds one body in a picture; `find` may be called from several threads, one after the other."""

    def __init__(self) -> None:
        from tflite_runtime.interpreter import Interpreter

        model = load_model("pose")
        self._models = [Interpreter(model_content=model.weights[name], num_threads=1) for name in (DETECTOR, LANDMARKS)]
        for interpreter in self._models:
            interpreter.allocate_tensors()
        self.least_score, self.least_presence = float(model.card["least_score"]), float(model.card["least_presence"])
        self._lock = Lock()

    def find(self, picture: NDArray[np.uint8], quarters: tuple[int, ...] = (0, 1, 2, 3)) -> tuple[Body, int] | None:
        """Return the likeliest body of a gray picture and the turn in which it was found; None where there is none.

        Parameters
        ----------
        picture : ndarray, shape (height, width), uint8
        quarters : tuple of int
            Turns to try, in quarters counterclockwise.
        """
        square = squared(picture)
        small = cut_out(square, center=(0.5, 0.5), side=1.0, turn=0.0, px=DETECTOR_PX)
        found: tuple[Body, int] | None = None
        with self._lock:
            for turn in quarters:
                place = self._place(np.rot90(small, turn))
                if place.score < self.least_score:
                    continue
                body = self._body(np.rot90(square, turn), place)
                if body.presence >= self.least_presence and (found is None or _worth(body) > _worth(found[0])):
                    found = turned_back(body, -turn), turn
        return found

    def _place(self, small: NDArray[np.float32]) -> Place:
        boxes, logits = _run(self._models[0], 2.0 * small - 1.0)[:2]
        return place_of(boxes[0], logits[0, :, 0])

    def _body(self, square: NDArray[np.float32], place: Place) -> Body:
        side, turn = window_of(place)
        raw, presence, *_, solid = _run(self._models[1], cut_out(square, center=place.hips, side=side, turn=turn, px=LANDMARK_PX))
        marks, meters = landmarks(raw[0], solid[0], place=place)
        return Body(place.score, float(presence[0, 0]), marks, meters)


def _worth(body: Body) -> float:
    return body.score * body.presence


def _run(interpreter: Any, gray: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    (entry,) = interpreter.get_input_details()
    interpreter.set_tensor(entry["index"], np.repeat(gray[None, :, :, None], 3, axis=3).astype(np.float32))
    interpreter.invoke()
    return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]
