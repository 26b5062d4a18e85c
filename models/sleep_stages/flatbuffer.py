"""Packs trained networks into one TFLite graph of fused LSTM operators whose logits are averaged."""

from dataclasses import dataclass, field

import flatbuffers
import numpy as np
from mediapipe.tasks.metadata import schema_py_generated as schema
from numpy.typing import NDArray

from models.sleep_stages.network import StageNetwork

Array = NDArray[np.float32]
Op = schema.BuiltinOperator
Options = schema.BuiltinOptions
ABSENT = -1
"""Index of an optional input that is not there."""


@dataclass(slots=True)
class Graph:
    """A TFLite graph under construction: tensors, buffers and operators by index."""

    tensors: list[schema.TensorT] = field(default_factory=list)
    buffers: list[schema.BufferT] = field(default_factory=lambda: [schema.BufferT()])
    operators: list[schema.OperatorT] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def tensor(self, name: str, shape: tuple[int, ...], *, variable: bool = False) -> int:
        """Add a tensor that is computed (or kept between calls) and return its index."""
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.isVariable = name, list(shape), schema.TensorType.FLOAT32, variable
        self.buffers.append(schema.BufferT())
        tensor.buffer = len(self.buffers) - 1
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def constant(self, name: str, value: NDArray[np.generic]) -> int:
        """Add a constant tensor and return its index."""
        index = self.tensor(name, value.shape)
        self.buffers[-1].data = np.frombuffer(np.ascontiguousarray(value).tobytes(), dtype=np.uint8)
        if value.dtype == np.int32:
            self.tensors[index].type = schema.TensorType.INT32
        return index

    def add(self, code: int, inputs: list[int], output: int, *, options: tuple[int, object] | None = None) -> int:
        """Add an operator and return the index of its output."""
        if code not in self.codes:
            self.codes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = self.codes.index(code), inputs, [output]
        if options is not None:
            operator.builtinOptionsType, operator.builtinOptions = options
        self.operators.append(operator)
        return output

    def packed(self, source: int, result: int) -> bytes:
        """Return the flatbuffer with one input and one output."""
        graph = schema.SubGraphT()
        graph.name, graph.tensors, graph.operators = "stages", self.tensors, self.operators
        graph.inputs, graph.outputs = [source], [result]
        model = schema.ModelT()
        model.version, model.description, model.subgraphs, model.buffers = 3, "SOMNIA sleep stages", [graph], self.buffers
        model.operatorCodes = [_code(code) for code in self.codes]
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def _code(builtin: int) -> schema.OperatorCodeT:
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode = builtin, min(builtin, 127)
    code.version = 1
    return code


def pack_networks(networks: list[StageNetwork], epochs: int = 960) -> bytes:
    """Return a TFLite file: inputs (1, 1, epochs, channels) to mean logits (1, epochs, classes); `epochs` can be resized."""
    graph = Graph()
    classes = networks[0].head.out_features
    source = graph.tensor("inputs", (1, 1, epochs, networks[0].conv.in_channels))
    logits = [_member(graph, network, source, name=f"member_{i}", share=1.0 / len(networks)) for i, network in enumerate(networks)]
    total = logits[0]
    for i, other in enumerate(logits[1:]):
        result = graph.tensor(f"sum_{i}", (1, epochs, classes))
        total = graph.add(Op.ADD, [total, other], result, options=(Options.AddOptions, schema.AddOptionsT()))
    return graph.packed(source, total)


def _member(graph: Graph, network: StageNetwork, source: int, *, name: str, share: float) -> int:
    hidden = _convolution(graph, network, source, name=name)
    state = {key: value.detach().numpy() for key, value in network.lstm.state_dict().items()}
    forward = _lstm(graph, hidden, state, name=f"{name}/forward", suffix="_l0")
    turned = _reverse(graph, hidden, name=f"{name}/turned")
    backward = _reverse(graph, _lstm(graph, turned, state, name=f"{name}/backward", suffix="_l0_reverse"), name=f"{name}/returned")
    options = schema.ConcatenationOptionsT()
    options.axis = 2
    joined = graph.tensor(f"{name}/joined", (1, _epochs(graph, forward), network.head.in_features))
    graph.add(Op.CONCATENATION, [forward, backward, hidden], joined, options=(Options.ConcatenationOptions, options))
    return _dense(graph, network, joined, name=name, share=share)


def _epochs(graph: Graph, tensor: int) -> int:
    return graph.tensors[tensor].shape[1]


def _convolution(graph: Graph, network: StageNetwork, source: int, *, name: str) -> int:
    epochs, filters = graph.tensors[source].shape[2], network.conv.out_channels
    kernel = network.conv.weight.detach().numpy().transpose(0, 2, 1)[:, None]
    inputs = [source, graph.constant(f"{name}/kernel", kernel), graph.constant(f"{name}/offset", network.conv.bias.detach().numpy())]
    options = schema.Conv2DOptionsT()
    options.padding, options.strideW, options.strideH = schema.Padding.SAME, 1, 1
    options.fusedActivationFunction = schema.ActivationFunctionType.RELU
    flat = graph.add(
        Op.CONV_2D, inputs, graph.tensor(f"{name}/filtered", (1, 1, epochs, filters)), options=(Options.Conv2DOptions, options)
    )
    squeeze = schema.SqueezeOptionsT()
    squeeze.squeezeDims = [1]
    return graph.add(Op.SQUEEZE, [flat], graph.tensor(f"{name}/hidden", (1, epochs, filters)), options=(Options.SqueezeOptions, squeeze))


def _lstm(graph: Graph, source: int, state: dict[str, Array], *, name: str, suffix: str) -> int:
    """Add one direction; torch orders its gates input, forget, cell, output, as the operator does, and its two biases are one here."""
    units = state[f"weight_hh{suffix}"].shape[1]
    bias = state[f"bias_ih{suffix}"] + state[f"bias_hh{suffix}"]
    weights = [state[f"weight_ih{suffix}"], state[f"weight_hh{suffix}"]]
    gates = [
        graph.constant(f"{name}/{kind}_{i}", part) for kind, w in zip("xh", weights, strict=True) for i, part in enumerate(np.split(w, 4))
    ]
    biases = [graph.constant(f"{name}/b_{i}", part) for i, part in enumerate(np.split(bias, 4))]
    kept = [graph.tensor(f"{name}/{kind}_state", (1, units), variable=True) for kind in ("output", "cell")]
    options = schema.UnidirectionalSequenceLSTMOptionsT()
    options.fusedActivationFunction = schema.ActivationFunctionType.TANH
    inputs = [source, *gates, ABSENT, ABSENT, ABSENT, *biases, ABSENT, ABSENT, *kept]
    result = graph.tensor(name, (1, _epochs(graph, source), units))
    return graph.add(Op.UNIDIRECTIONAL_SEQUENCE_LSTM, inputs, result, options=(Options.UnidirectionalSequenceLSTMOptions, options))


def _reverse(graph: Graph, source: int, *, name: str) -> int:
    axis = graph.constant(f"{name}/axis", np.array([1], dtype=np.int32))
    result = graph.tensor(name, tuple(graph.tensors[source].shape))
    return graph.add(Op.REVERSE_V2, [source, axis], result, options=(Options.ReverseV2Options, schema.ReverseV2OptionsT()))


def _dense(graph: Graph, network: StageNetwork, source: int, *, name: str, share: float) -> int:
    weight, bias = network.head.weight.detach().numpy(), network.head.bias.detach().numpy()
    inputs = [
        source,
        graph.constant(f"{name}/head", weight * np.float32(share)),
        graph.constant(f"{name}/head_bias", bias * np.float32(share)),
    ]
    options = schema.FullyConnectedOptionsT()
    options.keepNumDims = True
    result = graph.tensor(f"{name}/logits", (1, _epochs(graph, source), len(bias)))
    return graph.add(Op.FULLY_CONNECTED, inputs, result, options=(Options.FullyConnectedOptions, options))
