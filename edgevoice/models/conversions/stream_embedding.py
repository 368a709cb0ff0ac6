#!/usr/bin/env python3
"""Turn openWakeWord's embedding model into one that remembers: emb_stream.onnx.

    stream_embedding.py embedding_model.onnx emb_stream.onnx

The network looks at 76 spectrogram frames every 80 ms, of which 68 are the ones
it has seen before. It pads nothing along time and its pools halve time three
times, so eight new frames make exactly one new embedding: it is enough to keep,
before each convolution that is three frames tall, the two frames it saw last.
Those become inputs and outputs of the graph; the numbers stay the same to the bit
when the graph is fed the last eight of the frames the original would be given.

Needs `onnx`, when models are installed and never after.
"""

import sys

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper, shape_inference

FRAMES_KEPT = 2


def tensor_shapes(model: onnx.ModelProto) -> dict[str, list[int]]:
    """Shapes of all intermediate tensors for a batch of one window."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    inferred = shape_inference.infer_shapes(model).graph.value_info
    return {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in inferred}


def free_the_time_axis(graph: onnx.GraphProto) -> None:
    """Accept any number of frames instead of 76: the two Reshapes are all that pins it."""
    first, last = [node for node in graph.node if node.op_type == "Reshape"]
    shape = next(i for i in graph.initializer if i.name == first.input[1])
    shape.CopyFrom(numpy_helper.from_array(np.array([1, 1, -1, 32], np.int64), shape.name))
    graph.node.remove(last)
    del graph.output[:], graph.value_info[:]
    output = helper.make_tensor_value_info(last.input[0], TensorProto.FLOAT, [1, 96, "N", 1])
    graph.output.append(output)
    dims = graph.input[0].type.tensor_type.shape.dim
    dims[0].dim_value, dims[1].dim_param = 1, "T"


def kernel_height(node: NodeProto) -> int:
    if node.op_type != "Conv":
        return 0
    return next(int(a.ints[0]) for a in node.attribute if a.name == "kernel_shape")


def remember(graph: onnx.GraphProto, shapes: dict[str, list[int]]) -> int:
    """Give every three-frame convolution its last two frames; say how many there are."""
    nodes: list[NodeProto] = []
    states = 0
    for node in graph.node:
        if kernel_height(node) == FRAMES_KEPT + 1:
            _, channels, _, width = shapes[node.input[0]]
            shape = [1, channels, FRAMES_KEPT, width]
            kept, joined, keep = (f"{part}{states}" for part in ("kept", "joined", "keep"))
            graph.input.append(helper.make_tensor_value_info(kept, TensorProto.FLOAT, shape))
            graph.output.append(helper.make_tensor_value_info(keep, TensorProto.FLOAT, shape))
            nodes.append(helper.make_node("Concat", [kept, node.input[0]], [joined], axis=2))
            nodes.append(helper.make_node("Slice", [joined, "from", "to", "time"], [keep]))
            node.input[0] = joined
            states += 1
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    for name, value in (("from", -FRAMES_KEPT), ("to", 2**31), ("time", 2)):
        graph.initializer.append(numpy_helper.from_array(np.array([value], np.int64), name))
    return states


def convert(source: str, target: str) -> int:
    model = onnx.load(source)
    shapes = tensor_shapes(model)
    free_the_time_axis(model.graph)
    states = remember(model.graph, shapes)
    onnx.checker.check_model(model)
    onnx.save(model, target)
    return states


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: stream_embedding.py embedding_model.onnx emb_stream.onnx")
    convert(sys.argv[1], sys.argv[2])
