"""The teacher: YAMNet (Apache-2.0, arXiv:1704.04861 over AudioSet) as a torch network, its weights read out of the TFLite file."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.reference import reference_folder

WEIGHTS = Path("teachers") / "yamnet" / "yamnet_spectra_in_coral.tflite"
FLOOR = 1e-3
RMS = 0.1
"""The teacher hears windows at this root mean square: quieter ones it does not know."""
HIGHEST = 6.0
N_CLASSES = 521
DEPTHWISE_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)


class Layer(nn.Module):
    """A convolution without padding of its own, TensorFlow's "same" padding before it and ReLU6 behind it."""

    def __init__(self, weight: NDArray[np.float32], bias: NDArray[np.float32], *, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.from_numpy(weight)), nn.Parameter(torch.from_numpy(bias))
        before = 0 if weight.shape[-1] == 1 or stride == 2 else 1
        behind = 0 if weight.shape[-1] == 1 else 1
        self.pad, self.stride, self.groups = (before, behind, before, behind), stride, groups

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the activations."""
        x = nn.functional.pad(x, self.pad)
        return nn.functional.conv2d(x, self.weight, self.bias, stride=self.stride, groups=self.groups).clamp(0.0, HIGHEST)


class Teacher(nn.Module):
    """Log of mel bands (batch, 96, 64) to logits of 521 AudioSet classes; `layers` are its 27 convolutions in order."""

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        tensors = _Tensors((folder or reference_folder()) / WEIGHTS)
        self.layers = nn.ModuleList(_layers(tensors))
        weight, bias = tensors.pair("layer29/fc")
        self.head = nn.Linear(weight.shape[1], N_CLASSES)
        self.head.weight, self.head.bias = nn.Parameter(torch.from_numpy(weight)), nn.Parameter(torch.from_numpy(bias))
        self.requires_grad_(False)

    def forward(self, log_bands: torch.Tensor) -> torch.Tensor:
        """Return the logits, shape (batch, 521)."""
        hidden = log_bands[:, None]
        for layer in self.layers:
            hidden = layer(hidden)
        return self.head(hidden.mean(dim=(2, 3)))


def _layers(tensors: "_Tensors") -> list[Layer]:
    weight, bias = tensors.pair("layer1/conv")
    layers = [Layer(np.ascontiguousarray(weight.transpose(0, 3, 1, 2)), bias, stride=2)]
    for number, stride in enumerate(DEPTHWISE_STRIDES):
        weight, bias = tensors.pair(f"layer{2 * number + 2}/sepconv")
        layers.append(Layer(np.ascontiguousarray(weight.transpose(3, 0, 1, 2)), bias, stride=stride, groups=weight.shape[3]))
        weight, bias = tensors.pair(f"layer{2 * number + 3}/conv")
        layers.append(Layer(np.ascontiguousarray(weight.transpose(0, 3, 1, 2)), bias))
    return layers


class _Tensors:
    """The quantized constants of the TFLite file, made real numbers."""

    def __init__(self, path: Path) -> None:
        from tflite_runtime.interpreter import Interpreter

        self._interpreter = Interpreter(model_path=str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._details = [d for d in self._interpreter.get_tensor_details() if d["shape"].size and d["index"] < 60]

    def pair(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the weights and the biases of a layer."""
        mine = [d for d in self._details if f"/{name}/" in d["name"].split(";")[0] and "Relu" not in d["name"]]
        if name.endswith("fc"):
            mine = [d for d in self._details if "layer29/fc" in d["name"]]
        weight = next(d for d in mine if len(d["shape"]) > 1)
        bias = next(d for d in mine if len(d["shape"]) == 1)
        return self._real(weight), self._real(bias)

    def _real(self, detail: dict) -> NDArray[np.float32]:
        steps = detail["quantization_parameters"]
        raw = self._interpreter.get_tensor(detail["index"]).astype(np.float64)
        shape = np.ones(raw.ndim, dtype=int)
        shape[steps["quantized_dimension"]] = len(steps["scales"])
        return np.asarray(raw * steps["scales"].reshape(shape), dtype=np.float32)
