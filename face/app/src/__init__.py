"""The face stage. ONNX Runtime, which runs its networks, must be told to send nothing before it is imported."""

import os

from environments import NO_TELEMETRY

os.environ.update(NO_TELEMETRY)
