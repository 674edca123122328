"""The face stage. ONNX Runtime runs its networks, and must be told before it is imported to send nothing."""

import os

from environments import NO_TELEMETRY

os.environ.update(NO_TELEMETRY)
