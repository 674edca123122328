"""The embedded networks as ONNX Runtime sessions on the processor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.error_codes import ErrorCode, StageError
from contracts.execution import threads_to_use
from contracts.exit_codes import ExitCode

if TYPE_CHECKING:
    import onnxruntime
    from numpy.typing import NDArray

MODELS = Path(__file__).resolve().parent.parent / "models"
DETECTOR = "face_detection_full_range.onnx"
MESH = "face_landmark_with_attention.onnx"

MOST_THREADS = 4
"""Both networks take a few milliseconds; more threads cost more in waking up than they save."""


class Network:
    """A network with one input, the look, and named outputs."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self._outputs = [output.name for output in session.get_outputs()]

    def run(self, look: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """look: (size, size, 3) float32. Answers output name -> array."""
        return dict(zip(self._outputs, self._session.run(None, {self._input: look[None]})))


def open_network(name: str) -> Network:
    """Load an embedded network.

    Raises:
        StageError: WEIGHTS_MISSING where the file is not in the checkout, or is no network.
    """
    import onnxruntime

    path = MODELS / name
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(MOST_THREADS, threads_to_use())
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # waiting threads that spin take the cores from the other stages: three times slower when they work too
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own classes have no common base but Exception
        raise StageError(
            ErrorCode.WEIGHTS_MISSING,
            f"cannot load the network {path}: {str(error).splitlines()[0]}",
            "the file belongs to the repository: fetch it again",
            ExitCode.ENVIRONMENT,
        ) from error
    return Network(session)
