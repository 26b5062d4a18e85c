"""Packs the trained network into a TFLite graph: log mel bands of several seconds in, logits out."""

import numpy as np
from mediapipe.tasks.metadata import schema_py_generated as schema

from models.sleep_stages.flatbuffer import Graph, Op, Options
from models.sound.network import SoundNetwork
from models.sound.teacher import Layer
from somnia_engine.dsp.spectra import N_MELS, PATCH_FRAMES
from somnia_engine.hearing.classifier import SECONDS_AT_ONCE


def pack_network(network: SoundNetwork) -> bytes:
    """Return a TFLite file: (SECONDS_AT_ONCE, 96, 64, 1) to (SECONDS_AT_ONCE, classes + 1)."""
    graph = Graph()
    source = hidden = graph.tensor("bands", (SECONDS_AT_ONCE, PATCH_FRAMES, N_MELS, 1))
    for number, layer in enumerate(network.layers):
        assert isinstance(layer, Layer)
        hidden = _convolution(graph, hidden, layer, name=f"layer_{number}")
    return graph.packed(source, _head(graph, hidden, network))


def _convolution(graph: Graph, source: int, layer: Layer, *, name: str) -> int:
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    batch, height, width, _ = graph.tensors[source].shape
    if layer.groups > 1:
        code, kind, options, kernel = Op.DEPTHWISE_CONV_2D, Options.DepthwiseConv2DOptions, schema.DepthwiseConv2DOptionsT(), (1, 2, 3, 0)
        options.depthMultiplier = 1
    else:
        code, kind, options, kernel = Op.CONV_2D, Options.Conv2DOptions, schema.Conv2DOptionsT(), (0, 2, 3, 1)
    options.padding, options.strideW, options.strideH = schema.Padding.SAME, layer.stride, layer.stride
    options.fusedActivationFunction = schema.ActivationFunctionType.RELU6
    inputs = [source, graph.constant(f"{name}/kernel", weight.transpose(kernel)), graph.constant(f"{name}/offset", bias)]
    result = graph.tensor(name, (batch, height // layer.stride, width // layer.stride, len(bias)))
    return graph.add(code, inputs, result, options=(kind, options))


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
