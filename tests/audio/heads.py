"""Tiny wake-word heads written for the occasion: they say what they are told to."""

from pathlib import Path

import numpy as np


def write_head(path: Path, score: float, shape: tuple[int, ...] = (1, 16, 96)) -> Path:
    """A head that always says `score`."""
    import onnx  # here, so that only the few tests that need it fail without it

    helper = onnx.helper
    zeros = onnx.numpy_helper.from_array(np.zeros(1, np.float32), "zeros")
    answer = onnx.numpy_helper.from_array(np.array([score], np.float32), "answer")
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["heard"], ["mean"], keepdims=0),
            helper.make_node("Mul", ["mean", "zeros"], ["nothing"]),
            helper.make_node("Add", ["nothing", "answer"], ["score"]),
        ],
        "head",
        [helper.make_tensor_value_info("heard", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("score", onnx.TensorProto.FLOAT, [1])],
        [zeros, answer],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return path
