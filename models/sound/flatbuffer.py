"""Packs the trained network into a TFLite graph: mel bands of several seconds in, logits out."""

import numpy as np
from mediapipe.tasks.metadata import schema_py_generated as schema

from models.sleep_stages.flatbuffer import Graph, Op, Options
from models.sound.network import SoundNetwork, folded
from somnia_engine.dsp.spectra import N_MELS, PATCH_FRAMES


def pack_network(network: SoundNetwork, seconds: int = 64) -> bytes:
    """Return a TFLite file: (seconds, 96, 64, 1) to (seconds, classes + 1); `seconds` can be resized."""
    graph = Graph()
    source = graph.tensor("bands", (seconds, PATCH_FRAMES, N_MELS, 1))
    hidden = _convolution(graph, source, *folded(network.first), stride=2, name="first")
    for number, block in enumerate(network.blocks):
        stride = block[0][1].stride[0]
        hidden = _depthwise(graph, hidden, *folded(block[0]), stride=stride, name=f"depth_{number}")
        hidden = _convolution(graph, hidden, *folded(block[1]), stride=1, name=f"point_{number}")
    return graph.packed(source, _head(graph, hidden, network))


def _shape(graph: Graph, source: int, channels: int, stride: int) -> tuple[int, ...]:
    batch, height, width, _ = graph.tensors[source].shape
    return batch, height // stride, width // stride, channels


def _convolution(graph: Graph, source: int, weight: np.ndarray, bias: np.ndarray, *, stride: int, name: str) -> int:
    options = schema.Conv2DOptionsT()
    options.padding, options.strideW, options.strideH = schema.Padding.SAME, stride, stride
    options.fusedActivationFunction = schema.ActivationFunctionType.RELU
    inputs = [source, graph.constant(f"{name}/kernel", weight.transpose(0, 2, 3, 1)), graph.constant(f"{name}/offset", bias)]
    result = graph.tensor(name, _shape(graph, source, len(bias), stride))
    return graph.add(Op.CONV_2D, inputs, result, options=(Options.Conv2DOptions, options))


def _depthwise(graph: Graph, source: int, weight: np.ndarray, bias: np.ndarray, *, stride: int, name: str) -> int:
    options = schema.DepthwiseConv2DOptionsT()
    options.padding, options.strideW, options.strideH, options.depthMultiplier = schema.Padding.SAME, stride, stride, 1
    options.fusedActivationFunction = schema.ActivationFunctionType.RELU
    inputs = [source, graph.constant(f"{name}/kernel", weight.transpose(1, 2, 3, 0)), graph.constant(f"{name}/offset", bias)]
    result = graph.tensor(name, _shape(graph, source, len(bias), stride))
    return graph.add(Op.DEPTHWISE_CONV_2D, inputs, result, options=(Options.DepthwiseConv2DOptions, options))


def _head(graph: Graph, source: int, network: SoundNetwork) -> int:
    batch, *_, channels = graph.tensors[source].shape
    axes = graph.constant("axes", np.array([1, 2], dtype=np.int32))
    reducer = schema.ReducerOptionsT()
    reducer.keepDims = False
    pooled = graph.add(Op.MEAN, [source, axes], graph.tensor("pooled", (batch, channels)), options=(Options.ReducerOptions, reducer))
    weight, bias = network.head.weight.detach().numpy(), network.head.bias.detach().numpy()
    inputs = [pooled, graph.constant("head", weight), graph.constant("head_offset", bias)]
    result = graph.tensor("logits", (batch, len(bias)))
    return graph.add(Op.FULLY_CONNECTED, inputs, result, options=(Options.FullyConnectedOptions, schema.FullyConnectedOptionsT()))
