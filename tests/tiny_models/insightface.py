"""InsightFace packs with models that always answer the same: the real interfaces at a few kilobytes.

Needs onnx, so it runs in the environment of the face stage's backend insightface.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

STRIDES, ANCHORS = (8, 16, 32), 2
SIDE = 640
Floats = NDArray[np.float32]


def write_pack(folder: Path, landmarks: Floats, *, leave_out: tuple[str, ...] = ()) -> None:
    """A pack whose detector always sees one face in the middle of its look, half as wide as that.

    Args:
        landmarks: (106, 2), as 2d106det answers: -1..1 over its look.
        leave_out: models that the pack does not have: "detection", "landmarks", "genderage", "recognition".
    """
    folder.mkdir(parents=True, exist_ok=True)
    makers = {
        "detection": lambda: _model(_detections(), (1, 3, SIDE, SIDE)),
        "landmarks": lambda: _model({"fc1": landmarks.reshape(1, 212)}, (1, 3, 192, 192)),
        "genderage": lambda: _model({"fc1": np.array([[0.1, 0.9, 0.37]], np.float32)}, (1, 3, 96, 96)),
        "recognition": lambda: _model({"683": np.ones((1, 512), np.float32)}, (1, 3, 112, 112)),
    }
    for name, make in makers.items():
        if name not in leave_out:
            onnx.save(make(), str(folder / f"{name}.onnx"))


def _detections() -> dict[str, Floats]:
    """SCRFD's nine outputs: scores, boxes and points of three strides."""
    outputs: dict[str, Floats] = {}
    kinds = (("score", 1), ("box", 4), ("points", 10))
    for kind, width in kinds:
        for stride in STRIDES:
            outputs[f"{kind}{stride}"] = np.zeros(((SIDE // stride) ** 2 * ANCHORS, width), np.float32)
    cells, stride = SIDE // 32, 32
    middle = (cells // 2 * cells + cells // 2) * ANCHORS  # its centre is (320, 320)
    outputs["score32"][middle] = 0.9
    outputs["box32"][middle] = SIDE / 4 / stride  # distances to the four sides
    points = np.array([[-60, -50], [60, -50], [0, 10], [-45, 70], [45, 70]], np.float32)
    outputs["points32"][middle] = points.ravel() / stride
    return outputs


def _model(outputs: Mapping[str, Floats], shape: tuple[int, ...]) -> onnx.ModelProto:
    """A network that answers constants, whatever it is shown."""
    nodes = [
        helper.make_node("ReduceSum", ["data"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "nothing"], ["zero"]),
    ]
    constants = [numpy_helper.from_array(np.zeros((), np.float32), "nothing")]
    for name, value in outputs.items():
        constants.append(numpy_helper.from_array(value, f"{name}_value"))
        nodes.append(helper.make_node("Add", [f"{name}_value", "zero"], [name]))
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, v.shape) for name, v in outputs.items()],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=9)
